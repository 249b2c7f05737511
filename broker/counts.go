package broker

import (
	"sync/atomic"

	"github.com/twinbed/twinbed/broker/contained"
)

// Count is how often something happened, in the words of reports.
type Count = contained.Count

// tally is what the gate and the sessions count.
type tally int

const (
	heardReadings tally = iota
	heardAcks
	heardOrders
	unreadMessages
	untoldLosses
	malformedPayloads
	unknownFields
	unknownTopics
	unknownThings
	spoofedMessages
	strayAcks
	sentCommands
	unheardCommands
	fullPostbox
	droppedCommands
	droppedOthers
	droppedAtPlatform
	lostOffline
	lostInOutbox
	refusedSessions
	brokenSessions
	resentMessages
	refusedMessages
	obeyedCommands
	acknowledgedMessages
	tallies
)

var tallyWords = [tallies]string{
	heardReadings:     "readings heard",
	heardAcks:         "acks heard",
	heardOrders:       "orders of the platform heard",
	unreadMessages:    "messages refused by a full inbox",
	untoldLosses:      "losses beyond what is told one by one",
	malformedPayloads: "malformed payloads",
	unknownFields:     "unknown fields",
	unknownTopics:     "publishes to topics that take none",
	unknownThings:     "messages of things and workers that do not exist",
	spoofedMessages:   "messages in the name of others",
	strayAcks:         "acks of what was never asked",
	sentCommands:      "commands and tasks published",
	unheardCommands:   "commands and tasks without a subscriber",
	fullPostbox:       "messages refused by a full postbox",
	droppedCommands:   "commands and tasks dropped on a full client queue",
	droppedOthers:     "copies for observers dropped on a full client queue",
	droppedAtPlatform: "messages to the platform dropped on its full client queue",
	lostOffline:       "messages lost while offline",
	lostInOutbox:      "messages refused by a full outbox",
	refusedSessions:   "sessions refused by the broker",
	brokenSessions:    "sessions that broke",
	resentMessages:    "messages sent again",
	refusedMessages:   "messages refused by the broker",
	obeyedCommands:    "commands received",

	acknowledgedMessages: "messages acknowledged",
}

// counters may be raised from any goroutine.
type counters [tallies]atomic.Uint64

func (c *counters) add(t tally) { c[t].Add(1) }

// list shows some of the counters in their order.
func (c *counters) list(from, to tally) (all []Count) {
	for t := from; t < to; t++ {
		all = append(all, Count{Words: tallyWords[t], N: c[t].Load()})
	}
	return all
}
