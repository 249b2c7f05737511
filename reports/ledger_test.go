package reports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
)

func TestTheBooksBalanceThroughLossFaultsAndFlights(t *testing.T) {
	s := newStage(t, 20, sim.NewClock(), hotKPIs, nil)
	s.storm(time.Hour, 20*time.Minute, 0.4)
	s.storm(3*time.Hour, 10*time.Second, 1)
	x := s.play(t, 5*time.Hour+33*time.Millisecond, "lost readings < 10%", "unexplained = 0")
	require.Equal(t, reports.Pass, x.Verdict, x.Reasons)
	require.Zero(t, x.Exit)
	require.True(t, x.Ledger.Balanced)
	b := x.Ledger.Readings[0]
	require.InDelta(t, 20*5*360, b.Sent, 20)
	require.Len(t, b.Lost, 2)
	require.Greater(t, b.Lost[1].Count, uint64(500))
	require.Equal(t, []string{"message_loss of press"}, x.Windows[1].Faults)
	require.Len(t, x.Windows, 5)
	sum := uint64(0)
	for _, w := range x.Windows {
		require.Zero(t, w.Readings[0].Unexplained)
		sum += w.Readings[0].Sent
	}
	require.Equal(t, b.Sent, sum)
	require.Equal(t, reports.Number(0), x.Windows[0].From)
	require.Equal(t, x.Played, x.Windows[4].To)
}

// thief is an observer that keeps one event from the witness.
type thief struct {
	sim.Observer
	mirrored, closed, sent int // which one; 0: none
}

func (x *thief) Mirrored(r *sim.Reading, how sim.Arrival) {
	if x.mirrored--; x.mirrored != 0 {
		x.Observer.Mirrored(r, how)
	}
}

func (x *thief) Sent(r *sim.Reading) {
	if x.sent--; x.sent != 0 {
		x.Observer.Sent(r)
	}
}

func (x *thief) Closed(d *sim.Deed, o sim.Outcome, a *sim.Ack) {
	if x.closed--; x.closed != 0 {
		x.Observer.Closed(d, o, a)
	}
}

func TestOneStolenMessageIsFoundAndTheRunIsUntrusted(t *testing.T) {
	for _, x := range []struct {
		name  string
		thief thief
		why   string
	}{
		{"early", thief{mirrored: 100}, "the books do not balance: 1 reading of press unexplained: sent 5 400, delivered 5 334, lost 64, in flight 1; press-10's number 7"},
		{"in the storm", thief{mirrored: 3000}, "1 reading of press unexplained"},
		{"last", thief{mirrored: 5335}, "1 reading of press unexplained"},
		{"sent", thief{sent: 70}, "the books do not balance: 1 reading of press unexplained: sent 5 399, delivered 5 335, lost 64, in flight 1; press-"},
		{"closed", thief{closed: 3}, "the books do not balance: 1 command unexplained"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newStage(t, 15, sim.NewClock(), nil, func(o sim.Observer) sim.Observer { x.thief.Observer = o; return &x.thief })
			report := s.play(t, time.Hour, "lost readings < 50%")
			require.Equal(t, reports.Untrusted, report.Verdict)
			require.Equal(t, 3, report.Exit)
			require.False(t, report.Ledger.Balanced)
			require.Len(t, report.Reasons, 1)
			require.Contains(t, report.Reasons[0], x.why)
		})
	}
}

func TestAStolenMessageIsNamedAmongManyLosses(t *testing.T) {
	for n := 500; n < 3000; n += 311 {
		x := &catcher{n: n}
		s := newStage(t, 15, sim.NewClock(), nil, func(o sim.Observer) sim.Observer { x.Observer = o; return x })
		s.storm(10*time.Minute, 30*time.Minute, 0.3)
		report := s.play(t, time.Hour)
		require.Equal(t, reports.Untrusted, report.Verdict)
		require.Len(t, report.Ledger.Suspects, 1)
		require.Equal(t, s.Roster.Name(x.thing), report.Ledger.Suspects[0].Thing)
	}
}

// catcher is a thief that remembers what it stole.
type catcher struct {
	sim.Observer
	n     int
	thing sim.ThingID
}

func (x *catcher) Mirrored(r *sim.Reading, how sim.Arrival) {
	if x.n--; x.n == 0 {
		x.thing = r.Thing
		return
	}
	x.Observer.Mirrored(r, how)
}

func TestAReadingThatIsBookedInTheWrongWindowIsFound(t *testing.T) {
	s := newStage(t, 1, sim.NewClock(), nil, nil)
	r := s.recorder
	r.Sent(&sim.Reading{Seq: 1, Sensed: at(0)})
	r.Noted(sim.Event{At: 5e9, What: sim.FaultBegins, Subject: "storm"})
	r.Sent(&sim.Reading{Seq: 2, Sensed: at(9)})
	r.Lost(sim.ReadingMessage, 0, 9e9, sim.LostOnLink)
	r.Lost(sim.ReadingMessage, 0, 9e9, sim.LostOnLink) // for the one that was due at 0
	r.Close(10e9, reports.Flights{})
	x := r.Report(environment(t, 10*time.Second))
	require.Equal(t, []string{
		"the books do not balance: 1 reading of press unexplained between 0s and 5s",
		"the books do not balance: 1 reading of press unexplained between 5s and 10s",
	}, x.Reasons)
}

func TestWhatWasDueAtTheVeryTimeOfACutBelongsToTheWindowBefore(t *testing.T) {
	s := newStage(t, 2, sim.NewClock(), nil, nil)
	r := s.recorder
	r.Sent(&sim.Reading{Thing: 0, Seq: 1, Sensed: at(5)})
	r.Noted(sim.Event{At: 5e9, What: sim.FaultBegins, Subject: "storm"})
	r.Noted(sim.Event{At: 5e9, What: sim.FaultBegins, Subject: "flood"})
	r.Sent(&sim.Reading{Thing: 1, Seq: 1, Sensed: at(5)})
	r.Lost(sim.ReadingMessage, 1, 5e9, sim.LostOnLink)
	r.Mirrored(&sim.Reading{Thing: 0, Seq: 1, Sensed: at(5)}, sim.Fresh)
	r.Close(10e9, reports.Flights{})
	x := r.Report(environment(t, 10*time.Second))
	require.Equal(t, reports.Pass, x.Verdict, x.Reasons)
	require.Len(t, x.Windows, 2)
	require.EqualValues(t, 2, x.Windows[0].Readings[0].Sent)
	require.Equal(t, []string{"storm", "flood"}, x.Windows[1].Faults)
}

func took(r *reports.Recorder, n int) {
	for range n {
		r.Took(sim.CommandMessage, 0, 5000)
	}
}

func TestDeedsAndTurnsThatCannotBeAreFound(t *testing.T) {
	play := func(tell func(r *reports.Recorder)) []string {
		s := newStage(t, 1, sim.NewClock(), nil, nil)
		tell(s.recorder)
		s.recorder.Close(1, reports.Flights{})
		return s.recorder.Report(environment(t, 1)).Reasons
	}
	deed, again := &sim.Deed{ID: 5000, Process: -1, Attempt: 1}, &sim.Deed{ID: 5000, Process: -1, Attempt: 2}
	fired := sim.Event{What: sim.Fired, Subject: "cool", ID: 3}
	for _, x := range []struct {
		name, why string
		tell      func(r *reports.Recorder)
	}{
		{"a deed sent again is one deed", "", func(r *reports.Recorder) {
			r.Issued(deed)
			r.Issued(again)
			took(r, 2)
			r.Closed(again, sim.Done, nil)
		}},
		{"closed twice", "1 deeds were closed twice", func(r *reports.Recorder) {
			r.Issued(deed)
			took(r, 1)
			r.Closed(deed, sim.Done, nil)
			r.Closed(deed, sim.Done, nil)
		}},
		{"issued twice", "1 deeds were issued twice", func(r *reports.Recorder) { r.Issued(deed); r.Issued(deed); took(r, 1) }},
		{"a stolen command", "1 command unexplained: sent 2, came 1", func(r *reports.Recorder) { r.Issued(deed); r.Issued(again); took(r, 1) }},
		{"a stolen ack", "1 ack unexplained: sent 1, came 0", func(r *reports.Recorder) { r.Answered(&sim.Ack{}) }},
		{"an ack that came twice", "1 ack unexplained: sent 1, came 2", func(r *reports.Recorder) { r.Answered(&sim.Ack{}); r.Heard(&sim.Ack{}); r.Heard(&sim.Ack{}) }},
		{"never issued", "1 deeds were closed that had never been issued", func(r *reports.Recorder) { r.Closed(deed, sim.Done, nil) }},
		{"turned twice", "1 turns were closed twice", func(r *reports.Recorder) {
			r.Noted(fired)
			r.Turned(&sim.Loop{ID: 3, Decision: 1})
			r.Turned(&sim.Loop{ID: 3, Decision: 1})
		}},
		{"never fired", "1 turns were closed that had never begun", func(r *reports.Recorder) { r.Turned(&sim.Loop{ID: 4}) }},
		{"fired twice", "1 turns began that had begun before", func(r *reports.Recorder) { r.Noted(fired); r.Noted(fired) }},
		{"a stranger", "1 messages were of things that the roster does not have", func(r *reports.Recorder) { r.Sent(&sim.Reading{Thing: 9, Seq: 1}) }},
		{"nobody's message is only counted", "", func(r *reports.Recorder) { r.Lost(sim.ReadingMessage, sim.NoThing, 0, sim.LostMalformed) }},
		{"backwards", "1 loops had stamps that run backwards", func(r *reports.Recorder) {
			r.Noted(fired)
			r.Turned(&sim.Loop{ID: 3, Decision: 1, Stamps: [sim.Stages]sim.Stamp{at(5), at(3)}})
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			reasons := play(x.tell)
			if x.why == "" {
				require.Empty(t, reasons)
				return
			}
			require.Len(t, reasons, 1)
			require.Contains(t, reasons[0], x.why)
		})
	}
}

func TestTheClaimsOfForeignClientsAreHeldAgainstWhatArrives(t *testing.T) {
	play := func(tell func(sent, mirrored func(seq uint32), lost func())) *reports.Report {
		s := newStage(t, 1, sim.NewClock(), nil, nil)
		r := s.recorder
		reading := func(seq uint32) *sim.Reading { return &sim.Reading{Seq: seq, Foreign: true} }
		tell(func(seq uint32) { r.Sent(reading(seq)) },
			func(seq uint32) { r.Sent(reading(seq)); r.Mirrored(reading(seq), sim.Fresh) },
			func() { r.Lost(sim.ReadingMessage, 0, 0, sim.LostMalformed) })
		r.Close(1, reports.Flights{})
		return r.Report(environment(t, 1))
	}
	for _, x := range []struct {
		name                  string
		tell                  func(sent, mirrored func(uint32), lost func())
		sent, delivered, dups int
		unexplained           int64
	}{
		{"in order from anywhere", func(_, m func(uint32), _ func()) { m(57); m(58); m(59) }, 3, 3, 0, 0},
		{"a gap is a claim", func(_, m func(uint32), _ func()) { m(57); m(60) }, 4, 2, 0, 2},
		{"a gap that closes late", func(_, m func(uint32), _ func()) { m(57); m(60); m(58); m(59) }, 4, 4, 0, 0},
		{"a duplicate claims nothing", func(_, m func(uint32), _ func()) { m(1); m(2); m(2) }, 2, 2, 1, 0},
		{"lost here", func(s, m func(uint32), l func()) { m(1); s(2); l(); m(3) }, 3, 2, 0, 0},
		{"begun anew", func(_, m func(uint32), _ func()) { m(99); m(100); m(1); m(2) }, 4, 4, 0, 0},
		{"absurd jumps begin anew", func(_, m func(uint32), _ func()) { m(1); m(4_000_000_000); m(4_000_000_001) }, 3, 3, 0, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := play(x.tell).Ledger.Readings[0]
			require.EqualValues(t, []int{x.sent, x.delivered, x.dups, int(x.unexplained)},
				[]int{int(b.Sent), int(b.Delivered), int(b.Duplicates), int(b.Unexplained)})
			require.EqualValues(t, x.delivered, b.Foreign)
		})
	}
}

func at(seconds float64) sim.Stamp { return sim.Stamp{At: sim.Time(seconds * 1e9)} }
