// Package formula compiles typed expressions over slots of numbers to
// closures: the conditions of decisions (over a twin), signal models (over a
// thing's ground truth), branches of processes and KPIs.
//
//	vibration > 8.5 and reaches(vibration, 9) < hours(12)
//
//	source ─ expr-lang's parser ─ resolve (names, lets, bound calls) ─┬ closures
//	                                                                  └ expr-lang's VM
//
// The grammar is that of expr-lang; names and functions are what a [Scope]
// says they are. There are four types. A number is a float64 (also where
// written as a whole number), a duration its seconds, a bool 0 or 1, a text
// the id that [Symbols] gave it. A duration never stands for a number: it is
// written hours(12), added to and divided by durations, multiplied with and
// divided by numbers.
//
// Arithmetic, comparisons, logic, ?:, in, let, startsWith, endsWith, contains
// and the functions abs, ceil, clamp, cos, exp, floor, int, log, max, min,
// pow, round, sin, sqrt, days, hours, minutes and seconds cost a few
// nanoseconds and allocate nothing. Other operations on texts (matches,
// upper, len, ...) and lists (any, all, count, filter, sum, ...) run on the
// library's VM for some hundred nanoseconds and a few allocations; a text
// that one gives becomes a symbol.
//
// # Unknown
//
// Within a formula a number is finite or unknown: NaN and the infinities,
// whether they stand in a slot or arise on the way (a division by zero, an
// overflow), are the one unknown. What is computed or compared with an
// unknown is unknown, also 0 * x, 1 ** x and x != x. Truth follows Kleene's
// strong three-valued logic: "not unknown" is unknown; and, or decide without
// the unknown side where the other side decides, and ?: where both branches
// agree. What runs on the VM is unknown as soon as one of its inputs is, or
// when it goes wrong (an index out of range). Unknown at the top is false for
// [Program.Bool] and NaN for [Program.Number], so that a value nobody knows
// never makes a decision fire. The library, left to itself, would fire on
// x != 3 when x is NaN.
package formula
