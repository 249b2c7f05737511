// Package reports is the witness: it watches a run, proves that its books
// balance, and says how fast it was and what it is worth.
//
//	sim.Observer ─ Recorder ─┬ series, epochs ─ Ledger ──┐
//	                         ├ segments ─ Decisions ─────┤
//	                         └ ground truth ─ KPIs ──────┼─ Limits ─ Verdict ─ Report ─┬ Text
//	                                                     │                             └ JSON
//	                                       many Reports ─┴ Compare
//
// It reads no clock but the run's: whatever depends on the wall comes in with an
// [Environment] and leaves in the one object "wall" of a [Report]. SHAPE.md
// beside this file describes the shape of report.json.
package reports
