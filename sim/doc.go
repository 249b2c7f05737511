// Package sim is the stage: the one clock, chance, the roster of things,
// messages and links, and the parts that the other rooms play.
//
// Everything that happens inside a run is a callback of one [Clock], one at a
// time, ties in the order they were scheduled. So nothing in here needs a
// lock, and a virtual run with the same seed is the same run.
//
//	thing ─ Sense ─ Link ─ Carrier ─ Bus ─ Platform ┬ Command ─ Link ─ Device ┬ Ack
//	                                                └ Task ──── Workforce ────┘
package sim
