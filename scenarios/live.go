package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/people"
)

// live is what a run has beyond a virtual one: a wall to be paced by, a broker,
// clients and devices.
type live struct {
	wall     sim.Wall
	kept     *lifetime // the wall of a run with a journal, else nil
	hub      hub
	wires    *wires
	outages  *broker.Outages // of a broker that is not ours, else nil
	attended bool            // by an external platform, which is waited for
	sessions []*broker.Sessions
	devices  []*hardware.Device
	ears     *ears             // for real things
	crews    *people.Workforce // nil where there are no people

	patience   time.Duration // for things, and a platform, to connect
	connected  int           // sessions that were
	connecting time.Duration // how long that took
}

// wires checks the devices of a scenario and, in a live run, connects things and
// people to the broker.
func (b *builder) wires() {
	for i, k := range b.World.Roster.Kinds {
		for _, r := range b.scenario.Things[i].Hardware {
			if r.Adapter.Config == nil {
				continue // told already
			}
			path := "things." + k.Name + ".hardware." + r.Thing
			id, ok := b.World.Roster.Lookup(r.Thing)
			if !ok || !k.Holds(id) {
				b.wrong(sim.Wrongf(path, "%q is no %s; there are %s", r.Thing, k.Name, b.World.Roster.Names(k)))
			} else if err := hardware.Check(r.Adapter.Config, b.site(k, r.Thing)); err != nil {
				b.wrong(under(path, err)...)
			}
		}
	}
	for _, t := range b.scenario.Things {
		switch {
		case t.Over == "pipe" && b.scenario.Broker.URL != "":
			b.wrong(sim.Wrongf("things."+t.Name+".over", "pipes lead to the broker of this process and not to the one of broker.url: use tcp"))
		case t.Over == "gateway" && t.MQTT.Will:
			b.wrong(sim.Wrongf("things."+t.Name+".mqtt.will", "a gateway speaks for many things: its end would be no word of one of them. Use over: tcp, or leave the will out"))
		case t.Over == "gateway" && t.MQTT.Gateways > t.Count:
			b.wrong(sim.Wrongf("things."+t.Name+".mqtt.gateways", "%d gateways are more than the %d things that they speak for", t.MQTT.Gateways, t.Count))
		case t.Over != "gateway" && t.MQTT.Gateways > 1:
			b.wrong(sim.Wrongf("things."+t.Name+".mqtt.gateways", "without over: gateway each thing has a session of its own"))
		}
	}
	foreign := b.foreignBroker()
	if b.live == nil || len(b.wrongs) > 0 || b.failure != nil {
		return
	}
	if b.failure = b.connect(foreign); b.failure == nil {
		b.connectPhones()
		if !b.journaled() { // else when what it holds has been repeated
			b.failure = b.live.hub.Open()
		}
	}
}

// connect decides for each thing who plays it and how its messages travel.
func (b *builder) connect(foreign *broker.RemoteOptions) error {
	s, w := b.scenario, b.World
	if err := b.openHub(foreign); err != nil {
		return err
	}
	hub := b.live.hub
	b.live.wires = &wires{live: b.live, world: w}
	w.Wires = b.live.wires
	b.live.patience = time.Minute + 2*time.Duration(float64(w.Roster.Size())/s.Broker.ConnectRate*float64(time.Second))
	for i, k := range w.Roster.Kinds {
		t, fleet := &s.Things[i], w.Fleets[i]
		for _, r := range b.Script.bound(t) {
			id, _ := w.Roster.Lookup(r.Thing)
			d, err := hardware.Bind(w, hardware.Wire{
				Thing: id, Config: r.Adapter.Config, Carrier: w.Bus, Armed: b.staging.Armed,
				Open: b.open, LookupEnv: b.staging.LookupEnv,
			})
			if err != nil {
				return err
			}
			b.router.Route(id, d)
			b.live.ears.heard[id] = sim.Never
			b.live.devices = append(b.live.devices, d)
		}
		switch b.Script.connect(t) {
		case "outside":
			b.outside(k, fleet)
		case "mqtt":
			o := t.options(s.Broker.ConnectRate)
			o.Relays = w.Relays
			if gate, ok := hub.(*broker.Gate); ok && (b.staging.InMemory || t.Over == "pipe") {
				o.Dial = gate.DialMemory
			}
			sessions, err := broker.NewSessions(w, fleet, hub, o)
			if err != nil {
				return err
			}
			fleet.Carrier = sessions
			b.router.RouteKind(k, hub)
			passage := sessions.Passage()
			b.router.Tap(passage)
			w.Observers = append(w.Observers, passage)
			b.live.sessions = append(b.live.sessions, sessions)
		}
	}
	mirror := hub.Mirror()
	b.router.Tap(mirror)
	w.Observers = append(w.Observers, mirror, b.live.ears)
	return nil
}

// outside leaves a kind's things to clients that are not ours.
func (b *builder) outside(k *sim.Kind, fleet *sim.Fleet) {
	for i := range k.Count {
		id := k.First + sim.ThingID(i)
		if fleet.Played(id) {
			fleet.Release(id)
			b.live.hub.Outside(id)
			b.live.ears.heard[id] = sim.Never
			b.live.ears.outside = append(b.live.ears.outside, id)
			b.router.Route(id, b.live.hub)
		}
	}
}

// open connects our own clients and opens the devices; the run's time begins when
// all are there.
func (l *live) open(ctx context.Context) error {
	connecting, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	began := time.Now()
	for _, s := range l.sessions {
		if err := s.Connect(connecting); err != nil {
			return err
		}
		l.connected += s.Up()
	}
	l.connecting = time.Since(began)
	if gate, ok := l.hub.(*broker.Gate); ok && l.attended {
		if err := gate.Attended(connecting); err != nil {
			return err
		}
	}
	if w, ok := l.wall.(interface{ Start() }); ok {
		w.Start()
	}
	for _, d := range l.devices {
		d.Start()
	}
	return nil
}

// drainWithin is how long what is on its way at the end of a live run may take to
// arrive, in wall time.
const drainWithin = 2 * time.Second

// drain waits, once nothing is sent any more, until all that was sent has come in
// or is known to be lost.
func (l *live) drain() {
	for _, s := range l.sessions {
		_ = s.Drain(drainWithin) // what has not come in by then the ledger finds
	}
}

// doubts is how many messages were on connections that have ended.
func (l *live) doubts() (n int64) {
	for _, s := range l.sessions {
		n += int64(s.Doubts())
	}
	return n
}

// settle books what was lost with its connection, once nothing more can come in.
func (l *live) settle() {
	for _, s := range l.sessions {
		s.Settle()
	}
	if l.outages != nil {
		l.outages.Settle()
	}
}

// inFlight is how many messages the wires still hold.
func (l *live) inFlight(w *sim.World) (readings []uint64, commands, acks uint64) {
	readings = make([]uint64, len(w.Roster.Kinds))
	at := 0
	for k := range w.Fleets {
		if at < len(l.sessions) && w.Fleets[k].Carrier == sim.Carrier(l.sessions[at]) {
			r, c, a := l.sessions[at].InFlight()
			readings[k] += uint64(r)
			commands, acks = commands+uint64(c), acks+uint64(a)
			at++
		}
	}
	for _, d := range l.devices {
		r, c, a := d.OnLink()
		for k, kind := range w.Roster.Kinds {
			if kind.Holds(d.Thing()) {
				readings[k] += uint64(r)
			}
		}
		commands, acks = commands+uint64(c), acks+uint64(a)
	}
	_, c, a := l.hub.InFlight()
	return readings, commands + uint64(c), acks + uint64(a)
}

// closeWithin is how long a device may take to let go.
const closeWithin = 5 * time.Second

func (l *live) close() error {
	var all []error
	for _, d := range l.devices {
		if err := d.Close(closeWithin); err != nil {
			all = append(all, fmt.Errorf("device: %w", err))
		}
	}
	for _, s := range l.sessions {
		s.Close()
	}
	if l.wires != nil {
		l.wires.close()
	}
	if l.hub != nil {
		all = append(all, l.hub.Close())
	}
	if w, ok := l.wall.(interface{ Close() error }); ok {
		all = append(all, w.Close())
	}
	return errors.Join(all...)
}

// counts is what happened at the wires, the broker first.
func (l *live) counts() (list []reports.Count) {
	for _, c := range l.hub.Counts() {
		list = append(list, reports.Count{Words: "broker: " + c.Words, Count: c.N})
	}
	for _, s := range l.sessions {
		for _, c := range s.Counts() {
			list = append(list, reports.Count{Words: "clients: " + c.Words, Count: c.N})
		}
	}
	return list
}
