// Package formula compiles typed expressions over slots of numbers to
// closures: the conditions of decisions (over a twin), signal models (over a
// thing's ground truth), branches of processes and KPIs.
//
//	vibration > 8.5 and reaches(vibration, 9) < hours(12)
//
// The grammar is that of expr-lang; names and functions are what a [Scope]
// says they are. There are four types. A number is a float64, a duration its
// seconds, a bool 0 or 1, a text the id that [Symbols] gave it.
//
// A comparison with something unknown (NaN, or an infinity, as of a division
// by zero) is itself unknown, and "unknown" follows Kleene's three-valued
// logic: it passes through not, and the and, or and ?: around it decide
// without it where they can. Unknown at the top is false, so that a value
// nobody knows never makes a decision fire.
package formula
