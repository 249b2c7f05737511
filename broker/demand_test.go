package broker

import (
	"context"
	"errors"
	"net"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMoreSessionsThanTheMachineBearsAreRefusedBeforehand(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	s := newStage(t, 100, time.Hour, tcp())
	f := s.sessions(SessionOptions{})
	s.play()
	elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer elsewhere.Close()
	for _, x := range []struct {
		name   string
		has    machine
		dial   func(context.Context) (net.Conn, error)
		remote bool
		twice  bool // another fleet of the same size
		says   string
	}{
		{name: "nothing is known", has: machine{}},
		{name: "plenty", has: machine{descriptors: 1000, ports: 1000, memory: 1 << 30}},
		{name: "just enough", has: machine{descriptors: 200 + spareDescriptors, ports: 100, memory: 100 * 2 * (thingsEnd + gatesEnd)}},
		{name: "descriptors", has: machine{descriptors: 199 + spareDescriptors}, says: "100 sessions over sockets take 200 descriptors and this process may open 263 more"},
		{name: "of two fleets together", has: machine{descriptors: 300}, twice: true, says: "200 sessions over sockets take 400 descriptors"},
		{name: "a broker elsewhere takes none of ours", has: machine{descriptors: 164}, dial: dialTo(elsewhere.Addr().String()), remote: true},
		{name: "but the sessions do", has: machine{descriptors: 163}, dial: dialTo(elsewhere.Addr().String()), remote: true, says: "take 100 descriptors"},
		{name: "pipes take neither", has: machine{descriptors: 3, ports: 3}, dial: s.gate.DialMemory},
		{name: "ports", has: machine{ports: 99}, says: "100 sessions to 127.0.0.1:"},
		{name: "ports are for each destination", has: machine{ports: 100}, twice: true, dial: dialTo(elsewhere.Addr().String())},
		{name: "which fleets share", has: machine{ports: 199}, twice: true, says: "200 sessions to 127.0.0.1:"},
		{name: "memory", has: machine{memory: 100*2*(thingsEnd+gatesEnd) - 1}, says: "100 sessions take about 1 MiB, 3 with what the collector leaves lying about (GOGC is 100), and 3 MiB of memory are free"},
		{name: "memory over pipes", has: machine{memory: 1 << 20}, dial: s.gate.DialMemory, says: "1 MiB of memory are free"},
		{name: "a broker elsewhere has memory of its own", has: machine{memory: 100 * 2 * thingsEnd}, remote: true},
		{name: "a broker that cannot be reached says so itself", has: machine{descriptors: 3, ports: 3}, dial: (&cut{no: errors.New("no")}).dial},
	} {
		t.Run(x.name, func(t *testing.T) {
			fleets := []*Sessions{{clients: f.clients, options: f.options, within: !x.remote}}
			if x.dial != nil {
				fleets[0].options.Dial = x.dial
			}
			if x.twice {
				fleets = append(fleets, &Sessions{clients: f.clients, options: f.options, within: !x.remote})
			}
			err := x.has.enough(fleets)
			if x.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, x.says)
		})
	}
}

func TestThisMachineIsKnown(t *testing.T) {
	m := thisMachine()
	if m == (machine{}) {
		t.Skip("this system does not say")
	}
	require.NotZero(t, m.descriptors)
	require.Greater(t, m.ports, uint64(1000))
	require.Greater(t, m.memory, uint64(1<<20))
	before := m.descriptors
	c := newStage(t, 1, time.Hour, tcp())
	c.play()
	_ = c.raw()
	require.Less(t, thisMachine().descriptors, before, "what is open is taken off")
}

func TestAStartBeyondALimitOpensNothing(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	f := s.sessions(SessionOptions{})
	s.play()
	f.clients = make([]*fleetSession, 1<<27)
	require.ErrorContains(t, f.Connect(context.Background()), "134217728 sessions take about")
	require.Zero(t, s.gate.Connections())
	f.Close()
}
