// Package hardware holds the wires to real devices. An [Adapter] speaks to one
// device, plainly and blocking; [Bind] makes it a sim.Device and a source of
// readings that nothing else can tell from a simulated one:
//
//	        clock's thread          │              edge
//	                                │  keep: open, close, open again
//	tick ── due ──────────────────► │  sense: Sense ───────┐
//	Carrier ◄─ Link ◄─ sensed ◄──── Clock.Post ◄───────────┤
//	Obey ─ Link ─► take ── orders ► │  act: interlock, Act ┘
//	Carrier ◄─ Link ◄─ closed ◄──── Clock.Post
//
// The clock never waits for a device. A reading is due when it is due, however
// slow the device; a command passes the interlock or is refused, and reaches the
// device only in a run that is armed. ADAPTERS.md tells how to write an adapter.
package hardware
