package formula

import (
	"testing"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/stretchr/testify/require"
)

var speeds = []struct{ name, source string }{
	{"alarm", "vibration > 8.5"},
	{"two", "vibration > 8.5 and load < 1"},
	{"compound", "vibration > 8.5 and reaches(vibration, 9) < hours(12) and open_orders < 40"},
	{"arithmetic", "temperature - 40 * load + 2 * vibration > 55"},
	{"logic", "not (vibration < 5 or load > 0.9) and (site == 'north' or site startsWith 's')"},
	{"pair", "vibration / load > temperature / 4"},
	{"forecast", "(24 / load - vibration) / temperature < (open_orders >= 13 and open_orders < 22 ? 20 : vibration < 5 ? 14 : 12) and vibration > 2 and load > 0"},
}

func TestEvaluationAllocatesNothing(t *testing.T) {
	for _, s := range speeds {
		p, env := compiled(t, s.source, Bool)
		fired := false
		require.Zero(t, testing.AllocsPerRun(100, func() { fired = p.Bool(env) }), s.source)
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = p.Number(env) }), s.source)
		require.True(t, fired || s.name == "arithmetic" || s.name == "pair", s.source)
	}
}

func BenchmarkBool(b *testing.B) {
	for _, s := range speeds {
		b.Run(s.name, func(b *testing.B) {
			p, env := compiled(b, s.source, Bool)
			b.ReportAllocs()
			for b.Loop() {
				p.Bool(env)
			}
		})
	}
	b.Run("list on the VM", func(b *testing.B) {
		p, env := compiled(b, "any([vibration, load], # > 8)", Bool)
		b.ReportAllocs()
		for b.Loop() {
			p.Bool(env)
		}
	})
}

// BenchmarkLibrary is the same on the library's VM, reused, over a struct:
// the fastest that it offers.
func BenchmarkLibrary(b *testing.B) {
	type row struct {
		Vibration float64 `expr:"vibration"`
		Remaining float64 `expr:"remaining"`
		Orders    float64 `expr:"open_orders"`
	}
	for _, s := range []struct{ name, source string }{
		{"alarm", "vibration > 8.5"}, {"compound", "vibration > 8.5 and remaining < 43200 and open_orders < 40"},
	} {
		b.Run(s.name, func(b *testing.B) {
			program, err := expr.Compile(s.source, expr.Env(row{}), expr.AsBool())
			require.NoError(b, err)
			env, machine := &row{9, 3600, 30}, new(vm.VM)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := machine.Run(program, env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
