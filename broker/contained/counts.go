package contained

import "sync/atomic"

// Count is how often something happened, in the words of reports.
type Count struct {
	Words string
	N     uint64
}

// tally is what the broker counts of its clients.
type tally int

const (
	clientsLetIn tally = iota
	refusedConnects
	silentConnects
	failedHandshakes
	delayedConnects
	slowedClients
	refusedFilters
	refusedMessages
	refusedRetained
	ignoredWills
	brokenPackets
	panics
	acceptErrors
	offenders
	droppedMessages
	droppedInFlight
	exhaustedIDs
	tallies
)

// The words of counts that others look for.
const (
	RefusedConnects = "connections refused"
	RefusedFilters  = "subscriptions refused"
	RefusedMessages = "messages refused"
	RefusedRetained = "messages not retained"
	IgnoredWills    = "wills ignored"
	BrokenPackets   = "connections ended by broken packets"
	Panics          = "connections ended by a packet that the guard should have caught"
	Offenders       = "connections ended after too many rejections"
	SilentConnects  = "connections ended before they said who they are"
	FailedTLS       = "TLS handshakes that failed"
	DelayedConnects = "connections that had to wait"
	SlowedClients   = "clients slowed down"
)

var tallyWords = [tallies]string{
	clientsLetIn:     "clients let in",
	refusedConnects:  RefusedConnects,
	silentConnects:   SilentConnects,
	failedHandshakes: FailedTLS,
	delayedConnects:  DelayedConnects,
	slowedClients:    SlowedClients,
	refusedFilters:   RefusedFilters,
	refusedMessages:  RefusedMessages,
	refusedRetained:  RefusedRetained,
	ignoredWills:     IgnoredWills,
	brokenPackets:    BrokenPackets,
	panics:           Panics,
	acceptErrors:     "connections that could not be accepted",
	offenders:        Offenders,
	droppedMessages:  "messages dropped on a full client queue",
	droppedInFlight:  "unacknowledged messages dropped by the broker",
	exhaustedIDs:     "messages without a free packet id",
}

// counters may be raised from any goroutine.
type counters [tallies]atomic.Uint64

func (c *counters) add(t tally) { c[t].Add(1) }

// Counts is what has happened at the broker so far, always the same lines.
func (b *Broker) Counts() (all []Count) {
	for t := range tallies {
		all = append(all, Count{tallyWords[t], b.counts[t].Load()})
	}
	return append(all, Count{"messages beyond a client's in-flight quota", uint64(atomic.LoadInt64(&b.server.Info.InflightDropped))})
}
