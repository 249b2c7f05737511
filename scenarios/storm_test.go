package scenarios_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim"
)

// storm plays the storm with clients of a sort.
func storm(t *testing.T, harm func(*scenarios.Run), sets ...string) *reports.Report {
	s, err := scenarios.Load("testdata/storm.yaml", scenarios.Options{Sets: sets})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	if harm != nil {
		harm(run)
	}
	report, err := run.Play(context.Background())
	require.NoError(t, err)
	return report
}

func counted(r *reports.Report, words string) (n uint64) {
	for _, c := range r.Trust.Counts {
		if c.Words == words {
			n += c.Count
		}
	}
	return n
}

func TestTheBooksHoldWhenConnectionsBreak(t *testing.T) {
	r := storm(t, nil)
	require.True(t, r.Ledger.Balanced, "%v\n%+v", r.Reasons, r.Ledger)
	require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(2*320))
	require.Len(t, r.Ledger.Readings, 8)
	lost := uint64(0)
	for _, b := range r.Ledger.Readings {
		require.NotZero(t, b.Delivered, b.Kind)
		for _, l := range b.Lost {
			lost += l.Count
		}
		if strings.HasSuffix(b.Kind, "-kept") && !strings.HasPrefix(b.Kind, "q0") {
			require.Empty(t, b.Lost, "%s: nothing is lost that is acknowledged", b.Kind)
		}
		if strings.HasPrefix(b.Kind, "q2") {
			require.Zero(t, b.Duplicates, "%s: exactly once", b.Kind)
		}
	}
	require.NotZero(t, lost, "else nothing has broken")
}

func TestTheBooksHoldWhenTheBrokerStopsAndStarts(t *testing.T) {
	var gate *broker.Gate
	stop := func() { require.NoError(t, gate.Stop()) }
	start := func() { require.NoError(t, gate.Start()) }
	course, end := inCourse(map[int]func(){2000: stop, 4000: start, 10000: start}, 2000, 4000, 10000)
	r := storm(t, func(run *scenarios.Run) {
		gate = run.Gate()
		run.World.Observers = append(run.World.Observers, course)
	}, "load=[]")
	end()
	require.True(t, r.Ledger.Balanced, "%v\n%+v", r.Reasons, r.Ledger)
	require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(2*320))
	for _, b := range r.Ledger.Readings {
		require.Greater(t, b.Delivered, b.Sent/4, "%s goes on afterwards", b.Kind)
		switch {
		case strings.HasPrefix(b.Kind, "q0"):
			require.NotEmpty(t, b.Lost, "%s: nobody can send to a broker that is not there", b.Kind)
		case strings.HasPrefix(b.Kind, "q1"):
			require.Empty(t, b.Lost, "%s: it is kept until the broker is back", b.Kind)
		default:
			require.Zero(t, b.Duplicates, "%s: exactly once", b.Kind)
		}
	}
}

// What thieves are to be found in is short: a second with a storm in it.
var briefly = []string{"duration=1s", "load=[{hold: 400ms}, {reconnect: 100%}]"}

func TestABreakingConnectionHidesNoThief(t *testing.T) {
	r := storm(t, func(run *scenarios.Run) {
		run.World.Platform = &thief{Platform: run.World.Platform}
	}, briefly...)
	require.Equal(t, reports.Untrusted, r.Verdict)
	require.NotZero(t, counted(r, "clients: sessions that broke"))
	require.EqualValues(t, 1, unexplained(r))
}

func unexplained(r *reports.Report) (n int64) {
	for _, b := range r.Ledger.Readings {
		n += b.Unexplained
	}
	return n
}

// pickpocket takes one reading between a session and the bus, while connections
// break.
type pickpocket struct {
	*broker.Sessions
	at     sim.Time
	stolen bool
}

func (p *pickpocket) Reading(r *sim.Reading) {
	if !p.stolen && r.Sensed.At >= p.at {
		p.stolen = true
		return
	}
	p.Sessions.Reading(r)
}

func TestNorOneOnTheWires(t *testing.T) {
	r := storm(t, func(run *scenarios.Run) {
		f := run.World.Fleets[0]
		f.Carrier = &pickpocket{Sessions: f.Carrier.(*broker.Sessions), at: sim.Time(390 * time.Millisecond)}
	}, briefly...)
	require.Equal(t, reports.Untrusted, r.Verdict)
	require.NotZero(t, counted(r, "clients: sessions that broke"))
	require.EqualValues(t, 1, unexplained(r))
}
