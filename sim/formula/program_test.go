package formula

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormulasGiveTheirValue(t *testing.T) {
	for _, row := range []struct {
		source string
		typ    Type
		value  float64
	}{
		{"vibration", Number, 9},
		{"vibration > 8.5", Bool, 1},
		{"8.5 > vibration", Bool, 0},
		{"vibration >= 9 and vibration <= 9 and vibration == 9", Bool, 1},
		{"vibration != 9", Bool, 0},
		{"vibration < 9 || temperature > 59.5 && !(load > 1)", Bool, 1},
		{"1 < vibration < 10", Bool, 1},
		{"vibration > temperature", Bool, 0},
		{"reaches(vibration, 9) < hours(12) and open_orders < 40", Bool, 1},
		{"reaches(vibration, 9)", Duration, 3600},
		{"mean(vibration, minutes(5))", Number, 3600},
		{"alarms('ab')", Number, 0.5},
		{"orders.quantity * 2", Number, 24},
		{"orders?.quantity * 2", Number, 24},
		{`orders["quantity"] * 2`, Number, 24},
		{"2 + 3 * 4 - 6 / 4", Number, 12.5},
		{"-vibration ** 2 + +1", Number, -80},
		{"2 ^ 3 ^ 2", Number, 512},
		{"vibration % 4", Number, 1},
		{"-7 % 3", Number, -1},
		{"abs(-3) + floor(2.7) + ceil(2.1) + round(2.5) + int(-2.7)", Number, 3 + 2 + 3 + 3 - 2},
		{"min(vibration, 3, load) + max(vibration, 3, load)", Number, 9.5},
		{"clamp(vibration, 1, 5) + clamp(-1, 0, 2) + pow(2, 3)", Number, 13},
		{"sqrt(16) + exp(0) + log(1) + sin(0) + cos(0)", Number, 6},
		{"round(pi * 100)", Number, 314},
		{"0x1F + 1_000 + 1e3", Number, 2031},
		{"running ? vibration : load", Number, 9},
		{"if running and load > 1 {1} else {2}", Number, 2},
		{"running == (load < 1)", Bool, 1},
		{"running != true", Bool, 0},
		{"let x = vibration / load; let y = x + x; y > 35 ? y : 0", Number, 36},
		{"hours(2) / 3 + minutes(1) - seconds(1)", Duration, 2459},
		{"days(1) / hours(1)", Number, 24},
		{"0.5 * hours(1) + age * 2", Duration, 16200},
		{"-age % hours(1.5)", Duration, -1800},
		{"max(age, hours(3))", Duration, 10800},
		{"age in [hours(1), hours(2)]", Bool, 1},
		{"duration('2h') == age", Bool, 1},
		{"site == 'north'", Bool, 1},
		{"site != orders.customer", Bool, 1},
		{"site == 'a text of no meaning'", Bool, 0},
		{"site in ['south', 'north']", Bool, 1},
		{"site not in ['south', 'north']", Bool, 0},
		{"vibration in [1, 9, 12]", Bool, 1},
		{"vibration in [1, load * 18]", Bool, 1},
		{"vibration in [8, 10]", Bool, 0},
		{"vibration in []", Bool, 0},
		{"vibration in 1..9", Bool, 1},
		{"load in 0..9", Bool, 0},
		{"-3 in -4..-2", Bool, 1},
		{"running in [false, load < 1]", Bool, 1},
		{"vibration | abs()", Number, 9},
		// What follows runs on the library's VM, at least in part.
		{"site startsWith 'no' and site endsWith 'th' and site contains 'rt'", Bool, 1},
		{"upper(site) startsWith 'NO' and not (vibration < 3)", Bool, 1},
		{"site matches '^n.*h$'", Bool, 1},
		{"site not matches 'x'", Bool, 1},
		{"site < 'o'", Bool, 1},
		{"len(site) + vibration", Number, 14},
		{"indexOf(site, 'r') == 2", Bool, 1},
		{"int('3') + 1", Number, 4},
		{"(running ? upper(site) : 'x') == 'NORTH'", Bool, 1},
		{"site + '-1' == 'north-1'", Bool, 1},
		{"any([vibration, load], # > 8)", Bool, 1},
		{"all([age, hours(1)], # > minutes(30))", Bool, 1},
		{"sum([vibration, load, 1.5])", Number, 11},
		{"sum(map([vibration, load], # * 2))", Number, 19},
		{"count([vibration, load, temperature], sqrt(#) >= 3)", Number, 2},
		{"filter([vibration, load], # > 3)[0] > 2", Bool, 1},
		{"count([vibration, 4], int(#) % 2 == 0)", Number, 1},
		{"any([1.5, 3], hours(#) > age and clamp(#, 0.0, 2.0) == 2 and pow(#, 2) > 8)", Bool, 1},
		{"[1, 2, 3][1 + 1]", Number, 3},
		{"[vibration, load][int(load)]", Number, 9},
		{"min([vibration, load]) + 1", Number, 1.5},
		{"::mean(vibration, load)", Number, 4.75},
		{"vibration in (running ? [9] : [1, 2])", Bool, 1},
		{"let x = upper(site); any([1, 2], {# + len(x) > 6})", Bool, 1},
		{"sum(map([vibration, -1], # * 2))", Number, 16},
		{"len(uniq([vibration, load, 9])) + median([vibration, load, 3])", Number, 5},
		{"[vibration, 1] == [9, 1]", Bool, 1},
	} {
		t.Run(row.source, func(t *testing.T) {
			p, env := compiled(t, row.source, Any)
			require.Equal(t, row.typ, p.Type())
			require.InDelta(t, row.value, p.Number(env), 1e-9)
			require.Equal(t, row.typ == Bool && row.value == 1, p.Bool(env))
			require.Equal(t, row.source, p.Source())
		})
	}
}

func TestTextsAreSymbols(t *testing.T) {
	for source, want := range map[string]string{
		"site": "north", "running ? 'a' : site": "a", "upper(site)": "NORTH", "'x' + site": "xnorth", "''": "",
	} {
		table, env := press()
		p, err := Compile(source, table, Text)
		require.NoError(t, err)
		require.Equal(t, want, table.Symbols().Text(p.Text(env)), source)
	}
	s := new(Symbols)
	require.Equal(t, []float64{0, 1, 2, 1}, []float64{s.ID(""), s.ID("a"), s.ID("b"), s.ID("a")})
	for id, text := range map[float64]string{0: "", 1: "a", 2: "b", 3: "", -1: "", nan: "", inf: "", 1.5: "a"} {
		require.Equal(t, text, s.Text(id))
	}
}

func TestProgramsSayWhatTheyRead(t *testing.T) {
	p, _ := compiled(t, "load > 1 and reaches(vibration, 9) < hours(1) and reaches( vibration,9.0 ) > age and open_orders > load", Bool)
	require.Equal(t, []string{"age", "load", "open_orders", "vibration"}, p.Names(), "also names that only functions look at")
	require.Equal(t, []string{"reaches"}, p.Calls())
	require.Equal(t, []Ref{{Number, Row, load}, {Duration, Row, features}, {Duration, Row, age}, {Number, World, 0}}, p.Slots(),
		"the same call is bound once")
	p, _ = compiled(t, "reaches(vibration, 9) < reaches(vibration, 9, hours(1)) or reaches(load, 9) < age", Bool)
	require.Len(t, p.Slots(), 4, "different calls are bound each")
}

func TestADivisionByAConstantZeroIsFound(t *testing.T) {
	for source, offset := range map[string]int{
		"vibration / 0 > 5": 12, "running or 3 > vibration / (2 - 2)": 28, "vibration % 0 == 1": 12, "age / 0 > age": 6,
		"vibration / 2 > 5": -1, "vibration / load > 5": -1, "0 / vibration > 5": -1, "vibration * 0 > 5": -1,
	} {
		p, _ := compiled(t, source, Bool)
		if offset < 0 {
			require.NoError(t, p.ByZero(), source)
			continue
		}
		var e *Error
		require.ErrorAs(t, p.ByZero(), &e, source)
		require.Equal(t, offset, e.Offset, source)
	}
}

func TestConstantsAreKnownWithoutLooking(t *testing.T) {
	for source, want := range map[string]float64{
		"1 + 2 * 3": 7, "vibration > 3 and false": 0, "true or vibration > 3": 1, "2 > 1 ? 5 : vibration": 5,
		"hours(1)": 3600, "1 / 0": nan, "1 / 0 > 3": nan, "upper('a') == 'A'": 1, "len('abc')": 3, "let x = 2; x * x": 4,
	} {
		p, _ := compiled(t, source, Any)
		value, known := p.Constant()
		require.True(t, known, source)
		require.True(t, want == value || math.IsNaN(want) && math.IsNaN(value), "%s: %v", source, value)
	}
	for _, source := range []string{"vibration", "vibration * 0", "vibration > 1 and true", "len(site)"} {
		p, _ := compiled(t, source, Any)
		_, known := p.Constant()
		require.False(t, known, source)
	}
}

func TestLaterEntriesOfATableHideEarlierOnes(t *testing.T) {
	table := NewTable(nil).Add("x", Ref{Slot: 0}).Add("x", Ref{Slot: 1})
	table.AddFunction("f", Function{Bind: func([]Arg) (Ref, error) { return Ref{}, errors.New("hidden") }})
	table.AddFunction("f", Function{Bind: func([]Arg) (Ref, error) { return Ref{Slot: 2}, nil }})
	p, err := Compile("x + f()", table, Number)
	require.NoError(t, err)
	require.Equal(t, 5.0, p.Number(&Env{Row: []float64{1, 2, 3}}))
	require.Equal(t, []string{"x", "x"}, table.Names())
	require.Equal(t, []string{"f", "f"}, table.Functions())
}
