// Package twins is the platform under test: it mirrors every thing in a twin,
// joins what is known from elsewhere, decides, and follows the processes it has
// begun until every command and task is accounted for.
//
//	Reading ─ sequence ─ twin row ─ features ─ decisions ─ turn ┬ command ─ Bus ┐
//	Source ── join ──────┘ row and World slots                  └ task ──── Bus ┤
//	                       reported state, next step, turn closed ───── Ack ────┘
//
// A twin is a row of numbers. Formulas read it by slots: first the kind's
// signals, then, as far as formulas name them, reported and desired states,
// attributes, features and joined context. What several things share (the
// hour, a source without a key) stands in World slots.
//
// [New] compiles everything and tells all mistakes at once; [Platform.Start]
// lays out the memory and begins. The way of a reading allocates nothing.
package twins
