// Plays the same two models on the clock and on simgo, in turn and in one process, and prints
// a table of medians: simgo.sh builds it, because simgo is no dependency of the house.
package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/fschuetz04/simgo"

	"github.com/twinbed/twinbed/sim"
)

const (
	rounds   = 5
	arrivals = 0.8 // a second; a service takes a second in the mean
	pending  = 100_000
	period   = 10.0 // seconds in the mean
)

// way plays a model until so many seconds of the model have passed, and says how many of the
// model's events there were: arrivals and departures, or the events that are held.
type way struct {
	name string
	play func(luck *rand.Rand, seconds float64) (events int, took time.Duration)
}

var models = []struct {
	name    string
	seconds []float64 // by way
	ways    []way
}{
	{"M/M/1, ρ = 0.8", []float64{2e6, 2e5, 5e4}, []way{
		{"clock", clockMM1}, {"simgo, handlers", simgoMM1}, {"simgo, processes", simgoProcessesMM1},
	}},
	{"hold, 100,000 pending", []float64{200, 20, 10}, []way{
		{"clock", clockHold}, {"simgo, handlers", simgoHold}, {"simgo, processes", simgoProcessesHold},
	}},
}

func main() {
	runtime.GOMAXPROCS(1)
	fmt.Println("| model | way | million events/s, median (min–max) | the clock is faster by |\n|---|---|---|---|")
	for _, m := range models {
		rates := make([][]float64, len(m.ways))
		for range rounds {
			for n, w := range m.ways {
				debug.FreeOSMemory() // what another way has left is not to be cleared away in this one's time
				events, took := w.play(rand.New(rand.NewPCG(1, 2)), m.seconds[n])
				rates[n] = append(rates[n], float64(events)/took.Seconds()/1e6)
			}
		}
		for n, w := range m.ways {
			slices.Sort(rates[n])
			fmt.Printf("| %s | %s | %.3g (%.3g–%.3g) | %.3g× |\n", m.name, w.name, rates[n][rounds/2], rates[n][0], rates[n][rounds-1],
				rates[0][rounds/2]/rates[n][rounds/2])
		}
	}
}

type handler func(who uint32)

func (h handler) Happen(who, _ uint32) { h(who) }

func seconds(s float64) sim.Time { return sim.Time(s * 1e9) }

// timed lets a loop run after what comes before it has run for a tenth, so that its arrays have grown.
func timed(run func(until float64), until float64, events *int) (int, time.Duration) {
	run(until / 10)
	before, started := *events, time.Now()
	run(until / 10 * 11)
	return *events - before, time.Since(started)
}

func clockRun(c *sim.Clock) func(float64) {
	return func(until float64) {
		if err := c.Run(seconds(until)); err != nil {
			panic(err)
		}
	}
}

func clockMM1(luck *rand.Rand, until float64) (int, time.Duration) {
	c, events, present := sim.NewClock(), 0, 0
	var arrive, leave sim.EventKind
	after := func(mean float64, k sim.EventKind) { c.Schedule(c.Now()+seconds(luck.ExpFloat64()*mean), k, 0, 0) }
	arrive = c.Handle(handler(func(uint32) {
		events++
		after(1/arrivals, arrive)
		if present++; present == 1 {
			after(1, leave)
		}
	}))
	leave = c.Handle(handler(func(uint32) {
		events++
		if present--; present > 0 {
			after(1, leave)
		}
	}))
	after(1/arrivals, arrive)
	return timed(clockRun(c), until, &events)
}

func simgoMM1(luck *rand.Rand, until float64) (int, time.Duration) {
	s, events, present := &simgo.Simulation{}, 0, 0
	var arrive, leave simgo.Handler
	after := func(mean float64, h simgo.Handler) { s.Timeout(luck.ExpFloat64() * mean).AddHandler(h) }
	arrive = func(*simgo.Event) {
		events++
		after(1/arrivals, arrive)
		if present++; present == 1 {
			after(1, leave)
		}
	}
	leave = func(*simgo.Event) {
		events++
		if present--; present > 0 {
			after(1, leave)
		}
	}
	after(1/arrivals, arrive)
	return timed(s.RunUntil, until, &events)
}

// simgoProcessesMM1 is how simgo's examples write it: a customer is a process that
// requests a resource.
func simgoProcessesMM1(luck *rand.Rand, until float64) (int, time.Duration) {
	s, events := &simgo.Simulation{}, 0
	server := simgo.NewResource(s, 1)
	s.Process(func(p simgo.Process) {
		for {
			p.Wait(p.Timeout(luck.ExpFloat64() / arrivals))
			events++
			p.Process(func(p simgo.Process) {
				p.Wait(server.Request())
				p.Wait(p.Timeout(luck.ExpFloat64()))
				server.Release()
				events++
			})
		}
	})
	return timed(s.RunUntil, until, &events)
}

func clockHold(luck *rand.Rand, until float64) (int, time.Duration) {
	c, events := sim.NewClock(), 0
	var again sim.EventKind
	again = c.Handle(handler(func(who uint32) {
		events++
		c.Schedule(c.Now()+seconds(luck.ExpFloat64()*period), again, who, 0)
	}))
	for who := range uint32(pending) {
		c.Schedule(seconds(luck.Float64()*period), again, who, 0)
	}
	return timed(clockRun(c), until, &events)
}

func simgoHold(luck *rand.Rand, until float64) (int, time.Duration) {
	s, events := &simgo.Simulation{}, 0
	var again simgo.Handler
	again = func(*simgo.Event) {
		events++
		s.Timeout(luck.ExpFloat64() * period).AddHandler(again)
	}
	for range pending {
		s.Timeout(luck.Float64() * period).AddHandler(again)
	}
	return timed(s.RunUntil, until, &events)
}

func simgoProcessesHold(luck *rand.Rand, until float64) (int, time.Duration) {
	s, events := &simgo.Simulation{}, 0
	for range pending {
		s.Process(func(p simgo.Process) {
			p.Wait(p.Timeout(luck.Float64() * period))
			for {
				events++
				p.Wait(p.Timeout(luck.ExpFloat64() * period))
			}
		})
	}
	return timed(s.RunUntil, until, &events)
}
