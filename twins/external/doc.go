// Package external keeps the books of a platform that is not ours: it hears what
// the bus brings, as the platform under test would, and is told what the real one
// orders. So the same report says how fast it is and whether anything got lost.
//
//	Reading ─ noted ┐
//	Order ── matched ┴ loop, deed ┬ command ─ Bus
//	                              └ task ──── Bus
//	Ack ──── deed and loop closed
//
// A loop here is one order: the reading it names, the command or task, its ack.
// Decided is when the order arrived at the broker, so that the segment "decision"
// is all that the platform took, with both of its ways.
package external
