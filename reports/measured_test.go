package reports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
)

// send is a reading of thing 0 that is due now and mirrored so much later.
func send(s *stage, seq uint32, takes time.Duration) {
	m := &sim.Reading{Thing: 0, Seq: seq, Sensed: s.Clock.StampOf(s.Clock.Now())}
	s.recorder.Sent(m)
	s.Clock.After(takes, func() { s.recorder.Mirrored(m, sim.Fresh) })
}

func TestFiguresLeaveTheWarmUpOutAndTheBooksDoNot(t *testing.T) {
	s := newStage(t, 1, sim.NewClock(), nil, nil)
	s.Clock.At(sim.Time(4*time.Second), s.recorder.Begin)
	for n := range uint32(10) { // slow at first, one that spans the end of the warm-up, then quick
		s.Clock.At(sim.Time(n)*sim.Time(time.Second), func() {
			send(s, n+1, map[bool]time.Duration{true: 1500 * time.Millisecond, false: 10 * time.Millisecond}[n < 4])
		})
	}
	require.NoError(t, s.Clock.Run(sim.Time(10*time.Second)))
	s.recorder.Close(s.Clock.Now(), reports.Flights{})
	x := s.recorder.Report(environment(t, 10*time.Second, "max of press.uplink < 1s", "count of press.uplink = 6"))
	require.Equal(t, reports.Pass, x.Verdict, x.Reasons)
	require.EqualValues(t, 10, x.Ledger.Readings[0].Delivered)
	require.EqualValues(t, 1, x.Throughput.Offered, "six in six seconds")
	require.InDelta(t, 7/6.0, float64(x.Throughput.Readings), 1e-9, "what was left over from the warm-up came as well")
}

func TestRatesAreOfWhatCameWhilePlayLasted(t *testing.T) {
	s := newStage(t, 1, sim.NewClock(), nil, nil)
	for n := range uint32(10) {
		s.Clock.At(sim.Time(n)*sim.Time(time.Second), func() { send(s, n+1, 4500*time.Millisecond) })
	}
	require.NoError(t, s.Clock.Run(sim.Time(10*time.Second)))
	s.recorder.End()
	require.NoError(t, s.Clock.Run(sim.Time(20*time.Second)))
	s.recorder.Close(sim.Time(10*time.Second), reports.Flights{})
	x := s.recorder.Report(environment(t, 10*time.Second, "unexplained = 0"))
	require.Equal(t, reports.Pass, x.Verdict, x.Reasons)
	require.EqualValues(t, 1, x.Throughput.Offered)
	require.InDelta(t, 0.6, float64(x.Throughput.Readings), 1e-9, "the last four came after the end")
	require.EqualValues(t, 10, x.Uplinks[0].Count, "and are figures like all others")
}

func TestTheClocksLatenessIsThatOfTheMeasuredPart(t *testing.T) {
	wall := &still{}
	clock := sim.NewLiveClock(1, wall)
	s := newStage(t, 1, clock, nil, nil)
	for n := range 20 {
		late := 3 * time.Second * time.Duration(max(0, 5-n)) / 5
		clock.At(sim.Time(n)*sim.Time(10*time.Second), func() { wall.elapsed = 10*time.Second*time.Duration(n) + late })
	}
	clock.At(sim.Time(100*time.Second), s.recorder.Begin)
	require.NoError(t, clock.Run(sim.Time(200*time.Second)))
	s.recorder.Close(clock.Now(), reports.Flights{})
	x := s.recorder.Report(environment(t, 200*time.Second, "lateness max < 1s"))
	require.Equal(t, reports.Pass, x.Verdict, x.Reasons)
}

func TestReadingsThatFullOutboxesRefusedWereNotOffered(t *testing.T) {
	s := newStage(t, 1, sim.NewClock(), nil, nil)
	for n := range uint32(100) {
		m := &sim.Reading{Thing: 0, Seq: n + 1}
		s.recorder.Sent(m)
		if n < 5 {
			s.recorder.Lost(sim.ReadingMessage, 0, 0, sim.LostInOutbox)
		} else {
			s.recorder.Mirrored(m, sim.Fresh)
		}
	}
	s.recorder.Close(sim.Time(time.Second), reports.Flights{})
	x := s.recorder.Report(environment(t, time.Second))
	require.Equal(t, reports.Untrusted, x.Verdict)
	require.Equal(t, []string{"the load was not offered in full: 5 of 100 readings of press did not fit into the clients' outboxes"}, x.Reasons)
	require.True(t, x.Ledger.Balanced)
}
