package reports_test

import (
	"math"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

var symbols = &formula.Symbols{}

func lathes() *sim.Roster {
	roster := &sim.Roster{}
	roster.Add(&sim.Kind{
		Name: "lathe", Count: 3, Declared: 3, Every: time.Minute,
		Signals:    []sim.SignalSpec{{Name: "power", Unit: "kW"}},
		States:     []sim.StateSpec{{Name: "load", Initial: 1}, {Name: "broken"}},
		Attributes: []sim.Attribute{{Name: "site", Type: formula.Text, Values: []float64{symbols.ID("a"), symbols.ID("b"), symbols.ID("b")}}, {Name: "rent", Values: []float64{5, 7, 9}}},
	})
	roster.Add(&sim.Kind{Name: "lamp", Count: 1, Declared: 1, Every: time.Minute, Signals: []sim.SignalSpec{{Name: "power", Unit: "kW"}}})
	return roster
}

type crew struct{ use []sim.CrewUse }

func (c crew) Take(*sim.Task)                                            {}
func (c crew) Withdraw(uint64)                                           {}
func (crew) Disturbed() int                                              { return 0 }
func (c crew) Disturb(string, *sim.Disturbance) (undo func(), err error) { return func() {}, nil }
func (c crew) Use(sim.Time) []sim.CrewUse                                { return c.use }

func recorder(t testing.TB, kpis ...reports.KPI) (*reports.Recorder, *sim.Roster) {
	roster := lathes()
	r, err := reports.NewRecorder(reports.Setup{
		Clock: sim.NewClock(), Roster: roster, Symbols: symbols, Calendar: sim.Calendar{Start: 6 * time.Hour}, KPIs: kpis,
		Workforce: crew{[]sim.CrewUse{{Crew: "fitter", Workers: 2, OnShift: 16 * time.Hour, Busy: 4 * time.Hour}}},
	})
	require.NoError(t, err)
	return r, roster
}

func results(t *testing.T, r *reports.Recorder, end time.Duration) map[string]float64 {
	r.Close(sim.Time(end), reports.Flights{})
	values := map[string]float64{}
	for _, k := range r.Report(environment(t, end)).KPIs {
		values[k.Name] = float64(k.Value)
	}
	return values
}

// One lathe, power in a triangle from 0 to 10 and back in two hours; down from
// 0:30 to 1:00 and, broken, from 1:30 on. Seen every minute and at the jumps.
func TestKPIsOverGroundTruthAreWhatTheyAreByHand(t *testing.T) {
	r, roster := recorder(t,
		reports.KPI{Name: "energy", Of: "lathe", Integral: "power", Unit: "kWh"},
		reports.KPI{Name: "high", Of: "lathe", Time: "power > 5", Unit: "min"},
		reports.KPI{Name: "highs", Of: "lathe", Count: "power > 5"},
		reports.KPI{Name: "rate", Of: "lathe", Rate: "load == 0"},
		reports.KPI{Name: "mean", Of: "lathe", Mean: "power"},
		reports.KPI{Name: "idle", Mean: "load == 0"},
		reports.KPI{Name: "most", Max: "power"}, reports.KPI{Name: "least", Of: "lathe", Min: "power"},
		reports.KPI{Name: "rent", Sum: "rent"},
		reports.KPI{Name: "at_b", Sum: `site == "b" ? 1 : 0`},
		reports.KPI{Name: "early", Of: "lathe", Time: "hour < 7 and weekday == 1"},
		reports.KPI{Name: "unknown", Of: "lathe", Time: "power / 0 > 1"},
		reports.KPI{Name: "cost", Formula: "100 * downtime + 40 * hours_worked + high + played"},
		reports.KPI{Name: "down", BuiltIn: "downtime", Of: "lathe"},
		reports.KPI{Name: "unplanned_downtime", BuiltIn: "unplanned_downtime"},
		reports.KPI{Name: "availability", BuiltIn: "availability"}, reports.KPI{Name: "repair_time", BuiltIn: "repair_time"},
		reports.KPI{Name: "breakdowns", BuiltIn: "breakdowns"}, reports.KPI{Name: "worker_utilisation", BuiltIn: "worker_utilisation"},
		reports.KPI{Name: "none", BuiltIn: "downtime", Of: "lamp"},
	)
	k := roster.Kinds[0]
	load, broken := 1.0, 0.0
	tell := func(minute float64) {
		power := 10 - math.Abs(minute-60)/6
		r.Truth(k, 1, sim.Time(minute*60e9), []float64{power, load, broken, symbols.ID("b"), 7})
	}
	for minute := 0.0; minute <= 100; minute++ {
		tell(minute)
		switch minute {
		case 30:
			load = 0
			tell(minute)
		case 60:
			load = 1
			tell(minute)
		case 90:
			load, broken = 0, 1
			tell(minute)
		}
	}
	r.Truth(roster.Kinds[1], 0, 0, []float64{12})
	got := results(t, r, 2*time.Hour)
	last := 10 - 40.0/6 // holds from 1:40 to the end
	for name, want := range map[string]float64{
		"high": 59 /* true from somewhere in minute 31 to somewhere in minute 90: half of each */, "highs": 1, "rate": 1, "most": 12, "least": 0, "rent": 7,
		"at_b": 1, "early": 59.5 / 60, "unknown": 0, "down": 1, "unplanned_downtime": 0.5, "availability": 0.5,
		"repair_time": 0.5, "breakdowns": 1, "worker_utilisation": 0.25, "cost": 100 + 160 + 59 + 2, "idle": 1.0 / 2,
	} {
		require.InDelta(t, want, got[name], 1e-9, name)
	}
	energy := 5 + (10+last)/2*40.0/60 + last*20/60 // kWh
	require.InDelta(t, energy, got["energy"], 1e-9)
	require.InDelta(t, energy/2, got["mean"], 1e-9)
	require.True(t, math.IsNaN(got["none"]))
}

func TestAThingThatIsNeverSeenIsNoPartOfAKPI(t *testing.T) {
	r, _ := recorder(t, reports.KPI{Name: "availability", BuiltIn: "availability"}, reports.KPI{Name: "most", Of: "lathe", Max: "power"},
		reports.KPI{Name: "downtime", BuiltIn: "downtime"}, reports.KPI{Name: "task_wait", BuiltIn: "task_wait"})
	got := results(t, r, time.Hour)
	require.True(t, math.IsNaN(got["availability"]))
	require.True(t, math.IsNaN(got["most"]))
	require.True(t, math.IsNaN(got["task_wait"]))
	require.Zero(t, got["downtime"])
}

func TestTaskTimesAreThoseOfTasksThatWereCarriedOut(t *testing.T) {
	r, _ := recorder(t, reports.KPI{Name: "task_wait", BuiltIn: "task_wait"}, reports.KPI{Name: "task_time", BuiltIn: "task_time"},
		reports.KPI{Name: "tasks_done", BuiltIn: "tasks_done"}, reports.KPI{Name: "alarms_per_worker_hour", BuiltIn: "alarms_per_worker_hour"})
	for id, o := range []sim.Outcome{sim.Done, sim.Failed, sim.Withdrawn} {
		d := &sim.Deed{ID: uint64(id + 1), Task: true, Process: 0, Issued: sim.Time(time.Hour)}
		r.Issued(d)
		r.Closed(d, o, &sim.Ack{Delivered: at(3600 + 600*float64(id+1)), Done: at(3600 + 900*float64(id+1))})
	}
	got := results(t, r, 8*time.Hour)
	require.InDelta(t, 0.25, got["task_wait"], 1e-9)
	require.InDelta(t, 0.125, got["task_time"], 1e-9)
	require.EqualValues(t, 1, got["tasks_done"])
	require.InDelta(t, 3./16, got["alarms_per_worker_hour"], 1e-9)
}

func TestAKPIOfPeopleCanBeThatOfOneCrew(t *testing.T) {
	use := crew{[]sim.CrewUse{
		{Crew: "fitter", Workers: 2, OnShift: 16 * time.Hour, Busy: 4 * time.Hour, Tasks: 5},
		{Crew: "driver", Workers: 1, OnShift: 8 * time.Hour, Busy: 6 * time.Hour, Tasks: 3},
	}}
	setup := reports.Setup{Clock: sim.NewClock(), Roster: lathes(), Workforce: use, KPIs: []reports.KPI{
		{Name: "worker_utilisation", BuiltIn: "worker_utilisation"}, {Name: "wages", Formula: "20 * fitters + 30 * drove"},
		{Name: "fitters", BuiltIn: "hours_on_shift", Of: "fitter"}, {Name: "drove", BuiltIn: "hours_worked", Of: "driver"},
		{Name: "busy", BuiltIn: "worker_utilisation", Of: "driver"}, {Name: "trips", BuiltIn: "tasks_done", Of: "driver"},
	}}
	r, err := reports.NewRecorder(setup)
	require.NoError(t, err)
	require.Equal(t, map[string]float64{"worker_utilisation": 10. / 24, "wages": 500, "fitters": 16, "drove": 6, "busy": 0.75, "trips": 3}, results(t, r, 8*time.Hour))
	setup.KPIs = []reports.KPI{{Name: "fitters", BuiltIn: "hours_on_shift", Of: "fiter"}}
	_, err = reports.NewRecorder(setup)
	require.EqualError(t, err, `kpis.0.of: there is no crew "fiter", did you mean fitter? There are fitter, driver`)
	setup.Workforce = nil
	r, err = reports.NewRecorder(setup)
	require.NoError(t, err, "a variant without people")
	require.True(t, math.IsNaN(results(t, r, 8*time.Hour)["fitters"]))
}

func TestAWrongKPIIsToldWithItsPlace(t *testing.T) {
	for _, x := range []struct {
		want string
		kpis []reports.KPI
	}{
		{"kpis.0: KPI x needs one of", []reports.KPI{{Name: "x"}}},
		{"kpis.0: KPI x has several of", []reports.KPI{{Name: "x", Time: "load == 0", Max: "power"}}},
		{"kpis.0: KPI x has several of", []reports.KPI{{Name: "x", BuiltIn: "downtime", Formula: "1"}}},
		{`kpis.0.name: "a b" cannot be the name of a KPI`, []reports.KPI{{Name: "a b", Max: "power"}}},
		{"kpis.1.name: KPI x is there twice", []reports.KPI{{Name: "x", Max: "power"}, {Name: "x", Min: "power"}}},
		{"kpis.0.name: downtime is the name of a built-in KPI", []reports.KPI{{Name: "downtime", Max: "power"}}},
		{`kpis.0.built_in: there is no KPI "downtme", did you mean downtime?`, []reports.KPI{{Name: "x", BuiltIn: "downtme"}}},
		{`kpis.0.of: there is no kind of things "lath", did you mean lathe?`, []reports.KPI{{Name: "x", Of: "lath", Max: "power"}}},
		{`kpis.0.time: unknown name "powr"`, []reports.KPI{{Name: "x", Of: "lathe", Time: "powr > 1"}}},
		{`kpis.0.time: this gives a number where true or false is wanted`, []reports.KPI{{Name: "x", Of: "lathe", Time: "power"}}},
		{`kpis.0.max: this gives a text where a number is wanted`, []reports.KPI{{Name: "x", Of: "lathe", Max: "site"}}},
		{`kpis.0.max: this fits none of the kinds; say with of which one is meant. For lathe:`, []reports.KPI{{Name: "x", Max: "heat"}}},
		{`kpis.0.unit: "kWh" is no unit of a time here`, []reports.KPI{{Name: "x", Time: "load == 0", Unit: "kWh"}}},
		{`kpis.0.better: "more": lower or higher is better`, []reports.KPI{{Name: "x", Max: "power", Better: "more"}}},
		{"kpis.1.formula: KPI", []reports.KPI{{Name: "x", Formula: "y"}, {Name: "y", Formula: "2 * x"}}},
		{"kpis.0.formula: KPI x reads itself", []reports.KPI{{Name: "x", Formula: "x + 1"}}},
		{"kpis.0.formula: ", []reports.KPI{{Name: "x", Formula: "downtme"}}},
	} {
		_, err := reports.NewRecorder(reports.Setup{Clock: sim.NewClock(), Roster: lathes(), KPIs: x.kpis})
		require.Error(t, err, x.want)
		wrongs := sim.Wrongs(err)
		if x.want == "kpis.1.formula: KPI" { // a ring may be told at either place
			require.Contains(t, err.Error(), "reads itself, through others or at once")
			continue
		}
		require.Contains(t, wrongs[0].Error(), x.want)
	}
}

func TestAKPICanBeWrittenAsTheNameOfABuiltInOne(t *testing.T) {
	var k reports.KPI
	require.NoError(t, k.FromWords(" repair_time "))
	require.Equal(t, reports.KPI{Name: "repair_time", BuiltIn: "repair_time"}, k)
	require.ErrorContains(t, k.FromWords("repairtime"), `there is no KPI "repairtime", did you mean repair_time? There are alarms_per_worker_hour, availability,`)
	pattern := regexp.MustCompile(k.WordsPattern())
	for _, e := range reports.KPIs.Entries() {
		require.Regexp(t, pattern, e.Name)
		require.NotEmpty(t, e.Doc)
	}
	require.NotRegexp(t, pattern, "repairtime")
}
