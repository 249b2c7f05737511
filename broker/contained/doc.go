// Package contained is an MQTT broker that no client can bring down: mochi, which
// stays as it is, behind doors of our own.
//
//	socket ─ door ─ Client ─ guard ┬ PUBLISH, QoS 0 and 1 ─ Policy ┬ taken, acknowledged here
//	                               │                               └ passed on ┐
//	                               └ all other packets that are well formed ───┴ mochi ─ hook ─ Policy
//
// The doors outlive errors of accepting and end who does not say who he is. The
// guard shows mochi's parser nothing but well-formed packets, one at a time, and
// the [Policy] hears a message before it is acknowledged. One client at a time
// owns a client id, and its user alone has the session. A client that does not
// take what it is sent is ended, one that sends too much is read more slowly.
//
// [Access] is a policy for any client, with users, certificates and rules.
package contained
