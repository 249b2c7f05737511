package twins_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/twins"
)

func TestARowIsJoinedByAttribute(t *testing.T) {
	orders := &table{columns: columns("quantity", "margin"), keyed: true}
	s := newStage(t).watch(twins.Decision{When: "vibration > 8 and orders.quantity < 40"},
		twins.NamedSource{Name: "orders", Source: orders, Key: "site"})
	s.obeys()
	s.reads(second, 0, 9, 0)
	s.reads(second, 1, 9, 0)
	require.Empty(t, s.commands, "unknown never fires")
	require.EqualValues(t, 2, s.alarm().Blind)
	require.Equal(t, 40, s.Sources()[0].Missing)

	orders.join("south", []float64{30, 1}, 0)
	require.Len(t, s.commands, 1, "looked at when the context comes")
	require.EqualValues(t, 1, s.commands[0].Thing)
	orders.join("east", []float64{30, 1}, 0)
	require.Equal(t, twins.SourceInfo{Name: "orders", Joined: 1, Unmatched: 1, Missing: 20}, s.Sources()[0])
	s.reads(2*second, 2, 1, 0)
	s.reads(2*second, 3, 9, 0)
	require.Len(t, s.commands, 2)
	require.EqualValues(t, 2, s.alarm().Blind, "what does not depend on the unknown is known")
}

func TestOneRowForAllIsKnownToAll(t *testing.T) {
	price := &table{columns: columns("euro")}
	s := newStage(t).watch(twins.Decision{When: "price > 100 and vibration > 2"}, twins.NamedSource{Name: "price", Source: price})
	s.obeys()
	s.reads(second, 0, 3, 0)
	s.reads(second, 5, 3, 0)
	s.reads(second, 6, 1, 0)
	price.join("", []float64{90}, sim.Time(second))
	require.Empty(t, s.commands)
	price.join("", []float64{110}, sim.Time(second))
	require.Len(t, s.commands, 2)
}

func TestContextThatIsTooOldIsUnknown(t *testing.T) {
	orders := &table{columns: columns("n"), keyed: true}
	s := newStage(t).watch(twins.Decision{When: "vibration > 8 and orders < 40"},
		twins.NamedSource{Name: "orders", Source: orders, Key: "name", Fresh: 10 * time.Minute})
	s.obeys()
	orders.join("press-03", []float64{1}, 0)
	s.reads(second, 2, 9, 0)
	require.Len(t, s.commands, 1)
	s.until(10*time.Minute - 1)
	require.EqualValues(t, 0, s.alarm().Blind)
	s.until(10 * time.Minute)
	require.EqualValues(t, 1, s.alarm().Blind)
	require.EqualValues(t, 1, s.Sources()[0].Stale)
	orders.join("press-03", []float64{2}, s.World.Clock.Now())
	require.Len(t, s.commands, 1, "while it was unknown the condition had not ceased: no second firing")
	orders.join("press-03", []float64{50}, s.World.Clock.Now())
	orders.join("press-03", []float64{2}, s.World.Clock.Now())
	require.Len(t, s.commands, 2)
	s.until(15 * time.Minute)
	orders.join("press-03", []float64{3}, s.World.Clock.Now())
	s.until(20*time.Minute + 1)
	require.EqualValues(t, 1, s.alarm().Blind, "refreshed in time")
	s.until(25 * time.Minute)
	require.EqualValues(t, 2, s.alarm().Blind)
	orders.join("press-03", []float64{3}, 0)
	require.EqualValues(t, 3, s.Sources()[0].Stale, "old when it came")
}

func TestAgeGrowsBetweenRows(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		orders := &table{columns: columns("a", "b"), keyed: keyed}
		n := twins.NamedSource{Name: "orders", Source: orders}
		row := ""
		if keyed {
			n.Key, row = "site", "north"
		}
		s := newStage(t).watch(twins.Decision{When: "orders and age(orders) > minutes(1)", Of: "press", Check: second}, n)
		s.obeys()
		s.reads(0, 0, 1, 1)
		s.until(90 * second)
		require.Empty(t, s.commands)
		orders.join(row, []float64{1, 2}, sim.Time(80*second))
		s.until(140 * second)
		require.Empty(t, s.commands)
		s.until(141 * second)
		require.Len(t, s.commands, 1)
	}
}

func TestAnotherTwinIsContext(t *testing.T) {
	one, all := &twins.OtherTwin{Twin: "tank-02", Signal: "level"}, &twins.OtherTwin{Twin: "tank", Signal: "level"}
	s := newStage(t).play(twins.Config{Decisions: []twins.Decision{
		{Name: "one", When: "vibration > 1 and second < 10", Do: list(word("stop"))},
		{Name: "own", When: "vibration > 1 and tanks < 10", Do: list(word("renew"))},
	}}, twins.NamedSource{Name: "second", Source: one}, twins.NamedSource{Name: "tanks", Source: all, Key: "site"})
	s.obeys()
	north, south := sim.ThingID(0), sim.ThingID(1)
	s.reads(0, north, 2, 0)
	s.reads(0, south, 2, 0)
	s.reads(second, 40, 5) // tank-1, north
	require.Len(t, s.commands, 1)
	require.Equal(t, []any{north, s.press.Command("renew")}, []any{s.commands[0].Thing, s.commands[0].Name})
	s.reads(second, 41, 5) // tank-2, south
	require.Len(t, s.commands, 4, "known to all, and to its own site")
}

func TestTextsAreComparedByWhatTheySay(t *testing.T) {
	shift := &table{columns: []sim.Column{{Name: "crew", Text: true}}}
	s := newStage(t).watch(twins.Decision{When: `site == "south" and crew == "night" and vibration > 0`}, twins.NamedSource{Name: "crew", Source: shift})
	s.obeys()
	shift.join("", []float64{s.Symbols.ID("night")}, 0)
	for i := range 4 {
		s.reads(second, sim.ThingID(i), 1, 1)
	}
	require.Len(t, s.commands, 2)
	require.EqualValues(t, 1, s.commands[0].Thing)
}
