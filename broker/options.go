package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/twinbed/twinbed/broker/contained"
)

// SessionOptions say how a fleet's things are MQTT clients. The zero value is
// MQTT 3.1.1, QoS 0 and clean sessions over whatever the entry's Dial yields.
type SessionOptions struct {
	Version      Version
	QoS          byte          // of readings and acks: 0, 1 or 2
	Persistent   bool          // the broker keeps the session while its client is away
	Expiry       time.Duration // for so long, MQTT 5 alone; default an hour
	KeepAlive    time.Duration // whole seconds; default 60 s
	AnswerWithin time.Duration // the broker has to greet and to read; default 10 s
	Outbox       int           // bytes that wait to be sent or acknowledged, for each thing of a session; default 262,144
	Window       int           // unacknowledged messages of QoS 1 and 2, likewise; default 512
	ConnectRate  float64       // connections a second; default 2,000
	Will         bool          // the broker tells on the thing's status topic when it is cut off; not of gateways
	Relays       bool          // connections lead through relays, so that faults can harm their bytes
	Gateways     int           // so many sessions for all things together; 0: a session a thing

	Dial               func(context.Context) (net.Conn, error) // default the entry's
	Username, Password string                                  // default the entry's own
}

// Version of MQTT.
type Version byte

// The versions that sessions speak.
const (
	MQTT311 Version = 4
	MQTT5   Version = 5
)

// largestOutbox is how many bytes wait for one session at most.
const largestOutbox = 1 << 30

// share makes a session's bounds those of one that speaks for so many things.
func (o *SessionOptions) share(things int) {
	o.Outbox = min(o.Outbox*things, max(largestOutbox, o.Outbox))
	o.Window = min(o.Window*things, mostFlights)
}

func (o *SessionOptions) fill(e Entry) error {
	switch {
	case o.QoS > 2:
		return fmt.Errorf("a fleet's QoS is 0, 1 or 2, not %d", o.QoS)
	case o.Gateways > 0 && o.Will:
		return errors.New("a gateway has no will: it would be of none of its things, or of all")
	case o.Version == 0:
		o.Version = MQTT311
	case o.Version != MQTT311 && o.Version != MQTT5:
		return fmt.Errorf("a fleet speaks MQTT 3.1.1 (4) or 5, not %d", o.Version)
	}
	if o.Expiry <= 0 {
		o.Expiry = time.Hour
	}
	if o.KeepAlive <= 0 {
		o.KeepAlive = time.Minute
	}
	o.KeepAlive = min(max(o.KeepAlive.Round(time.Second), time.Second), contained.MaxKeepAlive*time.Second)
	if o.AnswerWithin <= 0 {
		o.AnswerWithin = 10 * time.Second
	}
	if o.Outbox <= 0 {
		o.Outbox = 1 << 18
	}
	if o.Window <= 0 {
		o.Window = 1 << 9
	}
	o.Window = min(o.Window, mostFlights)
	if o.ConnectRate <= 0 {
		o.ConnectRate = 2000
	}
	if o.Dial == nil {
		o.Dial = e.Dial
	}
	if o.Username == "" {
		who := e.identity()
		o.Username, o.Password = who.user, who.password
	}
	return nil
}
