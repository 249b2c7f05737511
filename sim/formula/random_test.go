package formula

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/stretchr/testify/require"
)

// random writes formulas together with what they mean by the definition: a
// number is finite or NaN, true is 1, false 0, unknown NaN.
type random struct {
	*rand.Rand
	hash string // when not empty, written for temperature
}

type meaning func(*Env) float64

func orUnknown(v float64) float64 {
	if math.IsInf(v, 0) {
		return nan
	}
	return v
}

func (r random) number(depth int) (string, meaning) {
	if depth == 0 || r.IntN(6) == 0 {
		return r.leaf()
	}
	a, x := r.number(depth - 1)
	b, y := r.number(depth - 1)
	strict := func(f func(p, q float64) float64) meaning {
		return func(e *Env) float64 {
			p, q := x(e), y(e)
			if p != p || q != q {
				return nan
			}
			return orUnknown(f(p, q))
		}
	}
	switch r.IntN(9) {
	case 0:
		return "(" + a + " + " + b + ")", strict(func(p, q float64) float64 { return p + q })
	case 1:
		return "(" + a + " - " + b + ")", strict(func(p, q float64) float64 { return p - q })
	case 2:
		return "(" + a + " * " + b + ")", strict(func(p, q float64) float64 { return p * q })
	case 3:
		return "(" + a + " / " + b + ")", strict(func(p, q float64) float64 { return p / q })
	case 4:
		return "(" + a + " ** " + b + ")", strict(math.Pow)
	case 5:
		return "min(" + a + ", " + b + ")", strict(math.Min)
	case 6:
		return "max(" + a + ", " + b + ")", strict(math.Max)
	case 7:
		f := []struct {
			name string
			f    func(float64) float64
		}{{"abs", math.Abs}, {"floor", math.Floor}, {"ceil", math.Ceil}, {"round", math.Round}, {"sqrt", math.Sqrt}, {"-", func(v float64) float64 { return -v }}}[r.IntN(6)]
		return "(" + f.name + "(" + a + "))", func(e *Env) float64 { return orUnknown(f.f(x(e))) }
	}
	c, cond := r.truth(depth - 1)
	return "(" + c + " ? " + a + " : " + b + ")", pick(cond, x, y)
}

func pick(cond, x, y meaning) meaning {
	return func(e *Env) float64 {
		switch c := cond(e); {
		case c == 1 || c != c && x(e) == y(e):
			return x(e)
		case c == 0:
			return y(e)
		}
		return nan
	}
}

func (r random) leaf() (string, meaning) {
	slots := []string{"vibration", "temperature", "load"}
	if r.IntN(3) == 0 {
		v := []float64{0, 1, 2, 0.5, -3, 9, 1e200}[r.IntN(7)]
		text := fmt.Sprintf("(%.1f)", v) // the library keeps whole numbers apart
		return text, func(*Env) float64 { return v }
	}
	i := r.IntN(len(slots))
	if i == temperature && r.hash != "" {
		slots[i] = r.hash
	}
	return slots[i], func(e *Env) float64 { return orUnknown(e.Row[i]) }
}

func (r random) truth(depth int) (string, meaning) {
	if depth == 0 {
		return "running", func(e *Env) float64 { return e.Row[running] }
	}
	switch r.IntN(8) {
	case 0, 1:
		a, x := r.truth(depth - 1)
		b, y := r.truth(depth - 1)
		op := [2]string{"and", "or"}[r.IntN(2)]
		return "(" + a + " " + op + " " + b + ")", func(e *Env) float64 {
			p, q, decides := x(e), y(e), 0.0
			if op == "or" {
				decides = 1
			}
			if p == decides || q == decides {
				return decides
			}
			return p + q - p*q // NaN if one is
		}
	case 2:
		a, x := r.truth(depth - 1)
		return "not (" + a + ")", func(e *Env) float64 { return 1 - x(e) }
	case 3:
		a, x := r.number(depth - 1)
		b, y := r.number(depth - 1)
		return "(" + a + " in [" + b + ", 2.0])", func(e *Env) float64 {
			p, q := x(e), y(e)
			switch {
			case p == p && (p == q || p == 2):
				return 1
			case p != p || q != q:
				return nan
			}
			return 0
		}
	case 4:
		c, cond := r.truth(depth - 1)
		a, x := r.truth(depth - 1)
		b, y := r.truth(depth - 1)
		return "(" + c + " ? " + a + " : " + b + ")", pick(cond, x, y)
	}
	a, x := r.number(depth - 1)
	b, y := r.number(depth - 1)
	op := []string{"<", "<=", ">", ">=", "==", "!="}[r.IntN(6)]
	return "(" + a + " " + op + " " + b + ")", func(e *Env) float64 {
		p, q := x(e), y(e)
		if p != p || q != q {
			return nan
		}
		holds := map[string]bool{"<": p < q, "<=": p <= q, ">": p > q, ">=": p >= q, "==": p == q, "!=": p != q}[op]
		return truthOf(holds).number()
	}
}

func (r random) fill(e *Env) {
	for i := range 3 {
		e.Row[i] = []float64{0, 1, 2, -3, 0.5, 9, 1e-300, 1e300, nan, inf, -inf, r.NormFloat64()}[r.IntN(12)]
	}
	e.Row[running] = []float64{0, 1, nan}[r.IntN(3)]
}

func same(a, b float64) bool { return a == b || a != a && b != b }

// Random formulas give what they mean by the definition, whether compiled or
// asked of a list on the VM; and the library's own evaluation, which knows no
// unknown, agrees wherever ours is known.
func TestRandomFormulasMeanWhatTheyShould(t *testing.T) {
	r := random{Rand: rand.New(rand.NewPCG(7, 7))}
	decided := 0
	for range 4000 {
		write := r.truth
		if r.IntN(2) == 0 {
			write = r.number
		}
		source, means := write(1 + r.IntN(4))
		table, env := press()
		p, err := Compile(source, table, Any)
		require.NoError(t, err, source)
		library, run := libraryProgram(t, source, env)
		for range 6 {
			r.fill(env)
			want, got := means(env), p.Number(env)
			require.True(t, same(want, got), "%s of %v: %v, not %v", source, env.Row[:4], got, want)
			if p.Type() == Bool {
				require.Equal(t, want == 1, p.Bool(env), source)
			}
			if got == got && !math.IsNaN(env.Row[running]) {
				decided++
				require.Equal(t, got, run(library), "%s of %v, by the library", source, env.Row[:4])
			}
		}
	}
	require.Greater(t, decided, 4000)
}

// Inside of a list a formula runs on the VM. It may be unknown there where
// logic could do without an unknown part, but what it says is right.
func TestRandomFormulasOfListsNeverClaimTooMuch(t *testing.T) {
	r := random{Rand: rand.New(rand.NewPCG(8, 8)), hash: "#"}
	decided := 0
	for range 2000 {
		inner, means := r.truth(1 + r.IntN(3))
		source := "any([temperature], " + inner + ")"
		table, env := press()
		p, err := Compile(source, table, Bool)
		require.NoError(t, err, source)
		for range 6 {
			r.fill(env)
			if got := p.Number(env); got == got {
				decided++
				require.Equal(t, means(env), got, "%s of %v", source, env.Row[:4])
			}
		}
	}
	require.Greater(t, decided, 2000)
}

// libraryProgram is a formula on the library's own VM, and how to run it over env.
func libraryProgram(t testing.TB, source string, env *Env) (*vm.Program, func(*vm.Program) float64) {
	variables := map[string]any{"vibration": 0.0, "temperature": 0.0, "load": 0.0, "running": false}
	program, err := expr.Compile(source, expr.Env(variables), expr.Function("sqrt",
		func(args ...any) (any, error) { return math.Sqrt(args[0].(float64)), nil }, new(func(float64) float64)))
	require.NoError(t, err, source)
	machine := new(vm.VM)
	return program, func(program *vm.Program) float64 {
		for i, name := range []string{"vibration", "temperature", "load"} {
			variables[name] = env.Row[i]
		}
		variables["running"] = env.Row[running] == 1
		result, err := machine.Run(program, variables)
		require.NoError(t, err, source)
		switch v := result.(type) {
		case bool:
			return truthOf(v).number()
		case float64:
			return v
		}
		return float64(result.(int))
	}
}
