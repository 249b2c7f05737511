package formula

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each condition in which vibration takes part, and whether it is still
// decided, when vibration is unknown.
func TestUnknownNeverFires(t *testing.T) {
	const open, fires, fails = "unknown", "true", "false"
	for source, want := range map[string]string{
		"vibration > 8":                                open,
		"vibration < 8":                                open,
		"8 > vibration":                                open,
		"vibration >= vibration":                       open,
		"vibration == vibration":                       open,
		"vibration != vibration":                       open,
		"vibration != 8":                               open,
		"not (vibration > 8)":                          open,
		"not (vibration != 8)":                         open,
		"not not (vibration > 8)":                      open,
		"vibration > 8 or vibration <= 8":              open,
		"vibration > 8 or temperature > 59":            fires,
		"temperature > 59 or vibration > 8":            fires,
		"vibration > 8 and temperature > 61":           fails,
		"temperature > 61 and vibration > 8":           fails,
		"vibration > 8 and temperature > 59":           open,
		"not (vibration > 8 and temperature > 61)":     fires,
		"(vibration > 8) == (vibration > 8)":           open,
		"(vibration > 8) != running":                   open,
		"vibration + 1 > 0":                            open,
		"vibration * 0 == 0":                           open,
		"1 / vibration < 1":                            open,
		"vibration ** 0 == 1":                          open,
		"1 ** vibration == 1":                          open,
		"pow(1, vibration) == 1":                       open,
		"exp(-vibration) < 1":                          open,
		"min(vibration, 1) < 2":                        open,
		"max(1, vibration, 2) > 1":                     open,
		"clamp(vibration, 0, 1) < 2":                   open,
		"-vibration < 3":                               open,
		"vibration in [1, 2]":                          open,
		"vibration not in [1, 2]":                      open,
		"vibration in []":                              open,
		"temperature in [vibration, 60]":               fires,
		"temperature in [vibration, 61]":               open,
		"vibration in 1..3":                            open,
		"vibration not in 1..3":                        open,
		"(vibration > 8 ? 1 : 2) > 0":                  open,
		"(vibration > 8 ? 1 : 1) > 0":                  fires,
		"vibration > 8 ? temperature > 59 : load < 1":  fires,
		"vibration > 8 ? temperature > 59 : load > 1":  open,
		"running ? load < 1 : vibration > 8":           fires,
		"hours(vibration) > age":                       open,
		"any([vibration, temperature], # > 59)":        open,
		"none([vibration, temperature], # > 100)":      open,
		"not any([vibration], # > 3)":                  open,
		"len(string(vibration)) > 0":                   open,
		"[vibration] != [1]":                           open,
		"let x = vibration; not (x > 3)":               open,
		"string(vibration) == 'x' or temperature > 59": fires,
	} {
		t.Run(source, func(t *testing.T) {
			p, env := compiled(t, source, Bool)
			for _, v := range []float64{nan, inf, -inf} {
				env.Row[vibration] = v
				got := map[float64]string{1: fires, 0: fails}[p.Number(env)]
				if math.IsNaN(p.Number(env)) {
					got = open
				}
				require.Equal(t, want, got, "vibration is %v", v)
				require.Equal(t, want == fires, p.Bool(env), "vibration is %v", v)
			}
		})
	}
}

// An infinity may arise on the way: from a division by zero, from overflow.
func TestWhatIsNotFiniteOnTheWayIsUnknown(t *testing.T) {
	for _, source := range []string{
		"vibration / 0 > 1", "not (vibration / 0 > 1)", "vibration / (load - 0.5) != 3", "1 / (1 / (load - 0.5)) == 0",
		"vibration % 0 == vibration", "sqrt(-vibration) != 0", "log(load - 0.5) < 0", "exp(vibration * 1000) > 1",
		"1 / exp(vibration * 1000) < 1", "1e308 * vibration > 0", "clamp(vibration / 0, 0, 1) == 1", "vibration - 1e308 * 10 < 0",
		"any([vibration], # / 0.0 != 3)", "any([vibration], 1 / (# / 0.0) != 3)", "any([vibration], not (# ** 1000.0 > 3))",
		"any([vibration], log(# - 9.0) < 3)", "sum([1e308, 1e308, vibration]) != 1", "float('NaN') != vibration",
		"filter([vibration], # > 100)[0] != 3", "find([vibration], # > 100) != 3", "[vibration][7] != 3", "int(upper(site)) != 3",
		"any([age * 1e9], # > age)", "any([vibration], hours(# * 1e9) > age)",
		"1..100000 == [vibration]", "age * 1e300 * 1e300 != age",
	} {
		t.Run(source, func(t *testing.T) {
			p, env := compiled(t, source, Bool)
			require.True(t, math.IsNaN(p.Number(env)), "got %v", p.Number(env))
			require.False(t, p.Bool(env))
		})
	}
}

func TestUnknownTextsAndBoolsDoNotFire(t *testing.T) {
	for _, source := range []string{
		"site == 'north'", "site != 'north'", "site in ['north']", "site not in ['x']", "site startsWith 'n'", "not (site startsWith 'n')",
		"upper(site) != 'X'", "site matches 'x' == false", "running", "not running", "running == running", "running ? true : false",
	} {
		p, env := compiled(t, source, Bool)
		env.Row[site], env.Row[running] = nan, nan
		require.True(t, math.IsNaN(p.Number(env)), source)
		require.False(t, p.Bool(env), source)
	}
	p, env := compiled(t, "site", Text)
	env.Row[site] = nan
	require.True(t, math.IsNaN(p.Text(env)))
}

func TestComparisonsAreExactAtTheirEdges(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), 5e-324, -5e-324, 1, math.Nextafter(1, 2), math.Nextafter(1, 0), math.MaxFloat64, -math.MaxFloat64, nan, inf, -inf}
	ops := map[string]func(a, b float64) bool{
		"<": func(a, b float64) bool { return a < b }, "<=": func(a, b float64) bool { return a <= b },
		">": func(a, b float64) bool { return a > b }, ">=": func(a, b float64) bool { return a >= b },
		"==": func(a, b float64) bool { return a == b }, "!=": func(a, b float64) bool { return a != b },
	}
	x, y := slotOf(Ref{Number, Row, 0}), slotOf(Ref{Number, World, 0})
	for op, holds := range ops {
		for _, a := range values {
			for _, b := range values {
				env := &Env{Row: []float64{a}, World: []float64{b}}
				want := a-a == 0 && b-b == 0 && holds(a, b)
				for form, o := range map[string]operand{
					"slots": compare(op, x, y), "constant right": compare(op, x, constant(Number, b)),
					"constant left": compare(op, constant(Number, a), y), "computed": compare(op, arithmetic(Number, "+", x, constant(Number, 0)), constant(Number, b)),
				} {
					require.Equal(t, want, o.holds(env), "%v %s %v, %s", a, op, b, form)
					require.Equal(t, want, o.truth(env) == yes, "%v %s %v, %s", a, op, b, form)
				}
			}
		}
	}
}
