package formula

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

var nan, inf = math.NaN(), math.Inf(1)

// press is a twin's names: a thing with numbers, a state, a site and an age,
// orders in the world, and features that have slots of their own.
func press(t testing.TB) (*Table, *Env) {
	env := &Env{Row: make([]float64, 16), World: make([]float64, 4)}
	s := new(Symbols)
	table := NewTable(s).
		Add("vibration", Ref{Number, Row, 0}).
		Add("temperature", Ref{Number, Row, 1}).
		Add("load", Ref{Number, Row, 2}).
		Add("running", Ref{Bool, Row, 3}).
		Add("site", Ref{Text, Row, 4}).
		Add("age", Ref{Duration, Row, 5}).
		Add("open_orders", Ref{Number, World, 0}).
		Add("orders.quantity", Ref{Number, World, 1}).
		Add("orders.customer", Ref{Text, World, 2})
	next := 8
	table.AddFunction("reaches", Function{
		Doc:    "time until a signal reaches a level",
		Params: []Param{{Name: "signal", Kind: NameOf}, {Name: "level", Kind: ConstantNumber}, {Name: "over", Kind: ConstantDuration, Optional: true}},
		Result: Duration,
		Bind: func(args []Arg) (Ref, error) {
			if args[0].Name == "site" {
				return Ref{}, errors.New("site is a text: it reaches no level")
			}
			next++
			return Ref{Slot: next - 1}, nil
		},
	})
	table.AddFunction("mean", Function{
		Params: []Param{{Name: "signal", Kind: NameOf}, {Name: "over", Kind: ConstantDuration}},
		Bind:   func(args []Arg) (Ref, error) { return Ref{Slot: 14}, nil },
	})
	table.AddFunction("count_of", Function{
		Params: []Param{{Name: "kind", Kind: ConstantText}},
		Bind:   func(args []Arg) (Ref, error) { return Ref{Slot: len(args[0].Text)}, nil },
	})
	env.Row[0], env.Row[1], env.Row[2], env.Row[3], env.Row[4], env.Row[5] = 9, 60, 0.5, 1, s.ID("north"), 7200
	env.Row[8], env.Row[9], env.Row[14] = 3600, nan, 2.5
	env.World[0], env.World[1], env.World[2] = 30, 12, s.ID("acme")
	return table, env
}

func TestScratch(t *testing.T) {
	for _, src := range []string{
		"vibration > 8.5", "reaches(vibration, 9) < 12", "reaches(vibration, 9) < hours(12) and open_orders < 40",
		"orders.quantity * 2", "vibraton > 3", "site == 'north'", "site startsWith 'no' and not (vibration < 3)",
		"len(site) + 2", "let x = vibration / load; x > 17 ? x : 0", "any([vibration, load], # > 8)", "[1,2,3][1+1]",
		"sum(map([vibration, load], # / 0.0)) > 1", "upper(site)", "site + 3", "vibration in [1, 9]", "vibration in 1..10", "vibration = 3",
		"12h > 3", "vibration >", "now()", "$env", "filter([vibration, load], # > 3)", "filter([vibration,load], # > 3)[0] > 2", "min([vibration, load]) + 1", "min(vibration, load, 3)",
		"mean(vibration, minutes(5)) > 2 and mean(vibration, minutes(5)) < 3", "::mean(vibration, load)", "orders?.quantity > 3", `orders["quantity"] > 3`,
		"1/0 > 2", "vibration | abs()", "not vibration > 3", "vibration > 'x'", "reaches(vibration)", "reaches(foo, 3)", "reaches(vibration, load)", "reaches(vibration, 1,2,3)", "orders.quantit > 3", "vibration(3)", "reaches > 3", "nil == vibration", "if running {1} else {2}", "site matches '^n'", "site contains vibration", "upper(vibration)", "all(vibration, # > 2)", "[1, 'a'] == 3", "site < 'o'", "site in ['north', upper('a')]", "hours(2) / 3 + minutes(1) > age", "any([age, hours(1)], # > hours(1))", "1 < vibration < 10", "true and 3", "'a' 'b'",
		"let f = 3; let f = 4; f", "let vibration = 3; 3", "find([vibration], # > 100) > 3", "find([vibration], # > 100) ?? 3.0 > 3", "any([1,2], {let x = #; any([vibration], # > x)})","{'a': 1}.a", "b'abc'", "duration('2h') > age", "int('3') + 1", "int(vibration / 2)", "take([1,2],1)[0]", "running == true", "running != running", "running > running","abs(running)", "clamp(vibration, 1, 2)", "clamp(1,2)", "hours(age)", "vibration;3", "let x = foo; x + x", "foo + bar",
	} {
		table, env := press(t)
		p, err := Compile(src, table, Any)
		if err != nil {
			e := err.(*Error)
			fmt.Printf("%-60s ERR %d+%d %q: %s\n", src, e.Offset, e.Length, src[e.Offset:e.Offset+e.Length], e)
			continue
		}
		fmt.Printf("%-60s %v %v %v vm=%v names %v calls %v slots %v\n", src, p.Type(), p.Number(env), p.Bool(env), p.result.vm, p.Names(), p.Calls(), p.Slots())
	}
	require.True(t, true)
}
