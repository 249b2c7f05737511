// Package broker is the wires to clients: the ordered [Router] that is the bus
// of every run, the [Gate] through which everything that has a socket comes in
// (an embedded MQTT server), and the [Sessions] by which simulated things are
// real MQTT clients of it.
//
//	            ┌──────────────────── clock's thread ────────────────────┐
//	Sessions ─ socket ─ Gate ─ inbox ─ Router ─ Platform ─ Router ┬ Device
//	strangers ────────────┘                                       └ Gate ─ postbox ─ socket
//
// Where the broker is not ours, a [Remote] is in the Gate's place: a client that
// has subscribed to what the Gate hears. Where the platform is not ours, Gate and
// Remote tell its orders to whoever keeps its books.
//
// TOPICS.md says what a stranger's client publishes and subscribes to.
package broker
