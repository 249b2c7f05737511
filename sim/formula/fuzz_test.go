package formula

import (
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var leak = regexp.MustCompile(`float64|interface|time\.|\bu?int(8|64)?\b|reflect|runtime|0x[0-9a-f]{6}|goroutine|\bnature\b|&?ast\.|%!`)

// ours is what a message may say: what it quotes, and functions by name (int is
// one of the language's own).
var ours = regexp.MustCompile(`"[^"]*"|(to call|for|builtin) \w+|\bint (takes|wants)|\bint\(\.\.\.\)`)

func FuzzCompile(f *testing.F) {
	for _, source := range []string{
		"vibration > 8.5", "reaches(vibration, 9) < hours(12) and open_orders < 40", "let x = load; x > 1 ? x : -x",
		"any([vibration, load], # > 8)", "any([1], {let x = #; x > load})", "site in ['a', upper(site)]", "orders?.quantity ** 2 % 3 == 1..2",
		"if running {1} else if load > 1 {2} else {3}", "not (site matches '^n') || len(site)[0:1] ?? 3", "{a: 1}['a'] | abs()", "12h >", "\"\\u{1F600}\" + 'b'",
		"sum(map(filter([vibration], # > 1), #index * 2))", "::mean(1, 2); 3", "running == true != false", "sort([3, load], 'desc')[0] > `x`",
		"flatten([[1], [[2]]])[0]", "replace(site, 'n', 'm') == join(split(site, 'o'), '')", "max([], 1, nil)", "/* c */ 1e309 // d",
		"age in [hours(1), duration('1h')]", "alarms('x' + 'y') > float('NaN')", "take([1, 2], int(load))", "any([load], # % 2 == 0)", "orders[\"quantity\"].x()", "5.days()",
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		for _, want := range []Type{Any, Bool} {
			table, env := press()
			p, err := Compile(source, table, want)
			if err != nil {
				wrong := err.(*Error)
				for _, e := range append([]*Error{wrong}, wrong.More...) {
					require.NotEmpty(t, e.Message)
					require.True(t, 0 <= e.Offset && 0 <= e.Length && e.Offset+e.Length <= len(source), "%d+%d of %d", e.Offset, e.Length, len(source))
					require.Equal(t, source, e.Source)
					if utf8.ValidString(source) && !leak.MatchString(source) {
						require.NotRegexp(t, leak, ours.ReplaceAllString(e.Message, ""))
					}
				}
				continue
			}
			for _, v := range []float64{3, 0, -1, nan, inf} {
				for i := range env.Row {
					env.Row[i] = v
				}
				first := p.Number(env)
				require.True(t, first-first == 0 || first != first, "a number is finite or unknown")
				require.True(t, same(first, p.Number(env)), "the same twice")
				require.Equal(t, p.Type() == Bool && first == 1, p.Bool(env))
				if constant, known := p.Constant(); known {
					require.True(t, same(constant, first))
				}
			}
		}
	})
}
