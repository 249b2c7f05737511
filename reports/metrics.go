package reports

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/twinbed/twinbed/sim"
)

// Moment is a run as it is at one time, for those who watch it: counts as they
// stand, nothing judged.
type Moment struct {
	Scenario  string
	Played    time.Duration // scenario time
	Kinds     []KindMoment
	Decisions []DecisionMoment
	Lost      []Loss           // all but readings
	Lateness  [2]time.Duration // of the clock, wall time: p99 and maximum
	Sessions  []SessionsMoment // the caller's to fill in
	Counts    []Count          // of wires and platform; the caller's to fill in
}

// KindMoment is the readings of a kind.
type KindMoment struct {
	Kind            string
	Sent, Delivered uint64
	Lost            []Loss
}

// DecisionMoment is the loops of a decision.
type DecisionMoment struct {
	Decision string
	Fired    uint64
	Closed   Outcomes
	Loop     Durations
	Sum      time.Duration // of all loops
}

// SessionsMoment is how many of a kind's MQTT sessions are up.
type SessionsMoment struct {
	Kind   string
	Up, Of int
}

// Moment looks at the run. Like all of a Recorder it is for the clock's thread.
func (r *Recorder) Moment() Moment {
	m := Moment{Played: r.clock.Now().Duration(), Lateness: [2]time.Duration{r.clock.Lag().Quantile(0.99), r.clock.Lag().Max()}}
	for k, kind := range r.setup.Roster.Kinds {
		b := r.total(k)
		m.Kinds = append(m.Kinds, KindMoment{kind.Name, b.sent, b.delivered, losses(sim.ReadingMessage, b.causes)})
	}
	for d, name := range r.setup.Decisions {
		t := &r.decisions[d]
		loop := &t.segments[loopSegment]
		m.Decisions = append(m.Decisions, DecisionMoment{name, t.fired, t.outcomes, loop.figures(), time.Duration(loop.sum.float())})
	}
	for _, medium := range [...]sim.Medium{sim.CommandMessage, sim.TaskMessage, sim.AckMessage} {
		m.Lost = append(m.Lost, losses(medium, r.lost[medium])...)
	}
	return m
}

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("twinbed_"+name, help, labels, nil)
}

var (
	scenarioSeconds   = described("scenario_seconds", "Scenario time played.", "scenario")
	readingsSent      = described("readings_sent_total", "Readings that things have sent.", "kind")
	readingsDelivered = described("readings_delivered_total", "Readings that have reached their twin.", "kind")
	readingsLost      = described("readings_lost_total", "Readings that are known to be lost.", "kind", "cause")
	messagesLost      = described("messages_lost_total", "Commands, tasks and acks that are known to be lost.", "medium", "cause")
	loopsFired        = described("loops_fired_total", "Turns of the decision loop that have begun.", "decision")
	loopsClosed       = described("loops_closed_total", "Turns of the decision loop that have ended.", "decision", "outcome")
	loopsOpen         = described("loops_open", "Turns of the decision loop under way.", "decision")
	loopSeconds       = described("loop_seconds", "How long closed turns took, from when the reading was due until the platform knew.", "decision")
	lateP99           = described("clock_lateness_p99_seconds", "How late due events happened: 99 of 100 were not later.")
	lateMax           = described("clock_lateness_max_seconds", "How late due events happened at worst.")
	sessionsUp        = described("sessions_up", "MQTT sessions of things that are connected.", "kind")
	sessionsAll       = described("sessions", "MQTT sessions of things.", "kind")
	wireEvents        = described("wire_events_total", "What wires and platform have counted besides.", "what")
)

// Describe names all metrics.
func (m *Moment) Describe(to chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{
		scenarioSeconds, readingsSent, readingsDelivered, readingsLost, messagesLost, loopsFired, loopsClosed, loopsOpen,
		loopSeconds, lateP99, lateMax, sessionsUp, sessionsAll, wireEvents,
	} {
		to <- d
	}
}

// Collect is the moment as metrics.
func (m *Moment) Collect(to chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	level := func(d *prometheus.Desc, x float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, x, labels...)
	}
	level(scenarioSeconds, m.Played.Seconds(), m.Scenario)
	for _, k := range m.Kinds {
		count(readingsSent, k.Sent, k.Kind)
		count(readingsDelivered, k.Delivered, k.Kind)
		for _, l := range k.Lost {
			count(readingsLost, l.Count, k.Kind, l.Cause)
		}
	}
	for _, l := range m.Lost {
		count(messagesLost, l.Count, l.Medium, l.Cause)
	}
	for _, d := range m.Decisions {
		count(loopsFired, d.Fired, d.Decision)
		for _, o := range [...]struct {
			outcome sim.Outcome
			n       uint64
		}{{sim.Done, d.Closed.Done}, {sim.Failed, d.Closed.Failed}, {sim.Refused, d.Closed.Refused}, {sim.TimedOut, d.Closed.TimedOut}, {sim.Withdrawn, d.Closed.Withdrawn}} {
			count(loopsClosed, o.n, d.Decision, o.outcome.String())
		}
		level(loopsOpen, float64(d.Fired-d.Closed.Total()), d.Decision)
		to <- prometheus.MustNewConstSummary(loopSeconds, d.Loop.Count, d.Sum.Seconds(), map[float64]float64{
			0.5: float64(d.Loop.P50), 0.9: float64(d.Loop.P90), 0.99: float64(d.Loop.P99), 0.999: float64(d.Loop.P999),
		}, d.Decision)
	}
	level(lateP99, m.Lateness[0].Seconds())
	level(lateMax, m.Lateness[1].Seconds())
	for _, s := range m.Sessions {
		level(sessionsUp, float64(s.Up), s.Kind)
		level(sessionsAll, float64(s.Of), s.Kind)
	}
	seen := map[string]uint64{}
	for _, c := range m.Counts {
		seen[c.Words] += c.Count // several fleets count in the same words
	}
	for words, n := range seen {
		count(wireEvents, n, words)
	}
}

// MetricsHandler serves moments in Prometheus' text format.
func MetricsHandler(look func(*http.Request) (Moment, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		m, err := look(q)
		if err != nil {
			http.Error(w, fmt.Sprintf("no metrics: %v", err), http.StatusServiceUnavailable)
			return
		}
		registry := prometheus.NewRegistry()
		registry.MustRegister(&m)
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, q)
	})
}
