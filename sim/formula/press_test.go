package formula

import (
	"errors"
	"math"
	"testing"
)

var nan, inf = math.NaN(), math.Inf(1)

// The slots of a press's row, from the fixed ones on those of its features.
const (
	vibration = iota
	temperature
	load
	running
	site
	age
	features
)

// press is a scope with a thing's signals, state, attributes and features,
// and with orders in the world; and an Env that holds one of each.
func press() (*Table, *Env) {
	s := new(Symbols)
	env := &Env{
		Row:   []float64{9, 60, 0.5, 1, s.ID("north"), 7200, 3600, nan, 2.5, 4, 5, 6, 7, 8, 9, 10},
		World: []float64{30, 12, s.ID("acme")},
	}
	table := NewTable(s).
		Add("vibration", Ref{Number, Row, vibration}).
		Add("temperature", Ref{Number, Row, temperature}).
		Add("load", Ref{Number, Row, load}).
		Add("running", Ref{Bool, Row, running}).
		Add("site", Ref{Text, Row, site}).
		Add("age", Ref{Duration, Row, age}).
		Add("open_orders", Ref{Number, World, 0}).
		Add("orders.quantity", Ref{Number, World, 1}).
		Add("orders.customer", Ref{Text, World, 2})
	next := features - 1
	bind := func(args []Arg) (Ref, error) {
		if args[0].Name == "site" {
			return Ref{}, errors.New("site is a text: it reaches no level")
		}
		next++
		return Ref{Slot: next}, nil
	}
	table.AddFunction("reaches", Function{
		Doc: "time until a signal reaches a level",
		Params: []Param{
			{Name: "signal", Kind: NameOf}, {Name: "level", Kind: ConstantNumber},
			{Name: "over", Kind: ConstantDuration, Optional: true},
		},
		Result: Duration, Bind: bind,
	})
	table.AddFunction("mean", Function{
		Params: []Param{{Name: "signal", Kind: NameOf}, {Name: "over", Kind: ConstantDuration}},
		Bind:   bind,
	})
	table.AddFunction("alarms", Function{
		Params: []Param{{Name: "kind", Kind: ConstantText}},
		Bind:   func(args []Arg) (Ref, error) { return Ref{Slot: len(args[0].Text)}, nil },
	})
	return table, env
}

func compiled(t testing.TB, source string, want Type) (*Program, *Env) {
	t.Helper()
	table, env := press()
	p, err := Compile(source, table, want)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return p, env
}
