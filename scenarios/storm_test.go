package scenarios_test

import (
	"context"
	"testing"

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
	for _, x := range []struct{ qos, session, version, over string }{
		{"0", "clean", "3.1.1", "tcp"},
		{"0", "persistent", "5", "tcp"},
		{"0", "clean", "3.1.1", "pipe"},
		{"1", "clean", "5", "tcp"},
		{"1", "persistent", "3.1.1", "tcp"},
		{"2", "clean", "3.1.1", "tcp"},
		{"2", "persistent", "3.1.1", "tcp"},
		{"2", "persistent", "5", "pipe"},
	} {
		t.Run("QoS "+x.qos+" "+x.session+" "+x.version+" "+x.over, func(t *testing.T) {
			r := storm(t, nil, "things.pump.qos="+x.qos, "things.pump.mqtt.session="+x.session,
				"things.pump.mqtt.version="+x.version, "things.pump.over="+x.over)
			require.True(t, r.Ledger.Balanced, "%v\n%+v", r.Reasons, r.Ledger)
			require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(300), "all, at least once")
			book := r.Ledger.Readings[0]
			require.NotZero(t, book.Delivered)
			if x.qos != "0" && x.session == "persistent" {
				require.Empty(t, book.Lost, "nothing is lost that is acknowledged")
			}
			if x.qos == "2" {
				require.Zero(t, book.Duplicates, "exactly once")
			}
		})
	}
}

func TestABreakingConnectionHidesNoThief(t *testing.T) {
	r := storm(t, func(run *scenarios.Run) {
		run.World.Platform = &thief{Platform: run.World.Platform}
	})
	require.Equal(t, reports.Untrusted, r.Verdict)
	require.EqualValues(t, 1, r.Ledger.Readings[0].Unexplained)
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
		f.Carrier = &pickpocket{Sessions: f.Carrier.(*broker.Sessions), at: sim.Time(1_305_000_000)}
	})
	require.Equal(t, reports.Untrusted, r.Verdict)
	require.EqualValues(t, 1, r.Ledger.Readings[0].Unexplained)
}
