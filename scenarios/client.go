package scenarios

import (
	"time"

	"github.com/twinbed/twinbed/broker"
)

// Client is how each simulated thing of a kind is an MQTT client.
type Client struct {
	Version   string        `default:"3.1.1" oneof:"3.1.1|5" doc:"of MQTT"`
	Session   string        `default:"clean" oneof:"clean|persistent" doc:"whether the broker keeps a thing's session while its connection is away"`
	Expiry    time.Duration `default:"1h" min:"1s" doc:"how long it keeps a persistent session, with MQTT 5"`
	KeepAlive time.Duration `default:"1m" min:"1s" max:"43690s" doc:"a client that is silent for longer pings"`
	Will      bool          `doc:"the broker says on the thing's topic status when its client is cut off"`
	Outbox    int           `default:"262144" min:"1024" max:"1073741824" doc:"bytes that may wait to be sent or acknowledged; what is beyond is lost and counted"`
	Gateways  int           `default:"1" min:"1" max:"1000000" doc:"with over: gateway, how many there are: each speaks for as many things as the next, and has outbox and window for each of them"`
	Window    int           `default:"512" min:"1" max:"32768" doc:"messages of QoS 1 and 2 that may be unacknowledged at a time"`
}

// options are those of the sessions of a kind.
func (t *Thing) options(connectRate float64) broker.SessionOptions {
	c := t.MQTT
	o := broker.SessionOptions{
		QoS: byte(t.QoS), Version: broker.MQTT311, Persistent: c.Session == "persistent", Expiry: c.Expiry,
		KeepAlive: c.KeepAlive, Will: c.Will, Outbox: c.Outbox, Window: c.Window, ConnectRate: connectRate,
	}
	if t.Over == "gateway" {
		o.Gateways = c.Gateways
	}
	if c.Version == "5" {
		o.Version = broker.MQTT5
	}
	return o
}
