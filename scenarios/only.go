package scenarios

import (
	"fmt"
	"net/url"

	"github.com/twinbed/twinbed/sim"
)

// The parts of a live run that can be played in processes of their own.
const (
	OnlyFleet    = "fleet"    // the things, at the broker of another process
	OnlyPlatform = "platform" // broker, platform, data and people; the things connect from outside
)

// connect is how a kind's things connect in the part that is played here.
func (s *Script) connect(t *Thing) string {
	switch {
	case s.options.Only == OnlyPlatform:
		return "outside"
	case s.options.Only == OnlyFleet && t.Connect == "bus":
		return "mqtt"
	}
	return t.Connect
}

// bound are the real devices of a kind: they belong to its things.
func (s *Script) bound(t *Thing) []Real {
	if s.options.Only == OnlyPlatform {
		return nil
	}
	return t.Hardware
}

// mostUnacknowledged is how many readings of a thing may be unacknowledged when the
// platform is another process: what comes twice after its end is known by its number
// among the latest 32.
const mostUnacknowledged = 32

// part leaves out what another process plays. Both meet at the broker's address.
func (s *Script) part() error {
	if s.options.Only == "" {
		return nil
	}
	if !s.Clock.Live() {
		return fmt.Errorf("--only is for live runs, as in --clock realtime: in virtual time there is nothing between two processes")
	}
	u, err := url.Parse(s.options.Broker)
	if err != nil || u.Host == "" {
		return fmt.Errorf("--only needs the address at which both parts meet: --broker mqtt://127.0.0.1:1883")
	}
	if s.options.Only == OnlyPlatform {
		s.Broker.URL, s.Broker.TCP = "", u.Host
		return nil
	}
	s.Broker = Broker{URL: s.options.Broker, ConnectRate: s.Broker.ConnectRate, User: s.Broker.User, Password: s.Broker.Password, CA: s.Broker.CA}
	s.Platform.By = externalPlatform
	s.Pillars, s.Limits, s.Durable = []string{"things"}, nil, Durable{}
	for i := range s.Things {
		t := &s.Things[i]
		if t.QoS == 0 {
			return fmt.Errorf("--only fleet: things.%s has qos: 0, and nobody here would know what has arrived; use --set things.%s.qos=1", t.Name, t.Name)
		}
		t.MQTT.Window = min(t.MQTT.Window, mostUnacknowledged)
	}
	return nil
}

// plays says whether faults of an area are played here.
func (s *Script) plays(a sim.Area) bool {
	ofFleet := a == sim.Things || a == sim.NetworkOf || a == sim.HardwareOf
	return s.options.Only == "" || ofFleet == (s.options.Only == OnlyFleet)
}
