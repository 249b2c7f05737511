package formula

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const known = "(there is age, load, open_orders, orders.customer, orders.quantity, running, site, temperature, vibration)"
const durations = ": a duration is written hours(12), minutes(5), seconds(30)"

// Each wrong source wanted as a condition, with the place of its fault marked
// by » and « and all it is told.
func TestWrongFormulasAreTold(t *testing.T) {
	for _, row := range [][2]string{
		{`»«`, "the formula is empty"},
		{`»vibraton« > 3`, `unknown name "vibraton", did you mean "vibration"?`},
		{`»vib« > 3`, `unknown name "vib", did you mean "vibration"?`},
		{`»oders.quantity« > 3`, `unknown name "oders.quantity", did you mean "orders.quantity"?`},
		{`»orders.quantity.x« > 3`, `unknown name "orders.quantity.x", did you mean "orders.quantity"?`},
		{`»x« > 3`, `unknown name "x" ` + known},
		{`»$env« == 3`, `unknown name "$env" ` + known},
		{"vibration > 3 and\n  »lod« > 1", `unknown name "lod", did you mean "load"?`},
		{`site == "größe" and »lod« > 1`, `unknown name "lod", did you mean "load"?`},
		{`»reach«(vibration, 9) < hours(1)`, `unknown function "reach", did you mean "reaches"?`},
		{`»now«() == 3`, `unknown function "now", did you mean "pow"?`},
		{`»toJSON«(vibration) == "x"`, `unknown function "toJSON"`},
		{`»vibration«(3) > 1`, `"vibration" is a name, not a function`},
		{`»reaches« > 3`, `"reaches" is a function: write reaches(...)`},
		{`»sqrt« > 3`, `"sqrt" is a function: write sqrt(...)`},
		{`»vibration«`, "this gives a number where true or false is wanted"},
		{` »vibration + 1« `, "this gives a number where true or false is wanted"},
		{`»reaches(vibration, 9)«`, "this gives a duration where true or false is wanted"},
		{`»site«`, "this gives a text where true or false is wanted"},
		{`reaches(vibration, 9) »<« 12`, `"<" compares a duration with a number` + durations},
		{`12 »==« age`, `"==" compares a number with a duration` + durations},
		{`site »==« 3`, `"==" compares a text with a number`},
		{`running »==« 1`, `"==" compares true or false with a number`},
		{`running »<« true`, `"<" has no meaning for true and false`},
		{`running and »vibration«`, `"and" joins what is true or false, and this is a number`},
		{`»site« || running`, `"||" joins what is true or false, and this is a text`},
		{`»not« vibration > 3`, `"not" wants true or false after it, and this is a number: write not (...) around a comparison`},
		{`»-«site == 3`, `"-" wants a number after it, and this is a text`},
		{`site »+« 3 > 1`, `"+" does not go with a text and a number`},
		{`age »+« 3 > age`, `"+" does not go with a duration and a number` + durations},
		{`age »*« age > age`, `"*" does not go with a duration and a duration`},
		{`running »+« 1 > 2`, `"+" does not go with true or false and a number`},
		{`»vibration« ? running : running`, `the condition before "?" is to be true or false, and this is a number`},
		{`running ? running : »vibration«`, `both choices are to be of one kind: the first is true or false and this is a number`},
		{`vibration in [1, »"a"«]`, `"in" looks for a number, and this is a text`},
		{`age in [»12«]`, `"in" looks for a duration, and this is a number` + durations},
		{`site »contains« vibration`, `"contains" looks into a text for a text, and here are a text and a number`},
		{`»clamp«(1, 2) > 3`, `clamp takes (x, low, high), and here are 2`},
		{`»min«() > 3`, `min takes (x, y, ...), and here are 0`},
		{`abs(»running«) > 3`, `abs wants a number here, and this is true or false`},
		{`hours(»age«) > age`, `hours wants a number here, and this is a duration` + durations},
		{`max(vibration, »site«) > 3`, `max wants a number here, and this is a text`},
		{`»reaches«(vibration) < age`, `level is missing: it is reaches(signal, level, over?)`},
		{`reaches(vibration, 1, age, »2«) < age`, `too much: it is reaches(signal, level, over?)`},
		{`reaches(»9«, 9) < age`, `signal of reaches is a name, such as that of a signal`},
		{`reaches(»vibraton«, 9) < age`, `unknown name "vibraton", did you mean "vibration"?`},
		{`reaches(vibration, »load«) < age`, `level of reaches is a constant: it must be known before the run`},
		{`reaches(vibration, »1 / 0«) < age`, `level of reaches is a constant: it must be known before the run`},
		{`reaches(vibration, »"a"«) < age`, `level of reaches is a number, and this is a text`},
		{`reaches(vibration, 9, »12«) < age`, `over of reaches is a duration, and this is a number` + durations},
		{`»reaches«(site, 9) < age`, `site is a text: it reaches no level`},
		{`vibration »=« 3`, `unexpected "=": to compare, write "=="`},
		{`vibration > 3 »AND« running`, `unexpected "AND": write it small, "and"`},
		{`vibration > 3 »&« running`, `unexpected "&": write "&&"`},
		{`vibration > »12h«`, `"12h" is not a number (a duration is written hours(12), minutes(5), seconds(30))`},
		{`vibration >»«`, `the formula ends too early`},
		{`(vibration > 3»«`, `the formula ends too early`},
		{`vibration »3«`, `unexpected "3"`},
		{`site »"north"«`, `unexpected text "north"`},
		{`vibration »@« 3`, `unexpected character '@'`},
		{`vibration > 3»)«`, `unexpected ")"`},
		{`»nil« == vibration`, noNil},
		{`»b"a"« == site`, `bytes are not a value here`},
		{`»{"a": 3}«.a > 1`, `a map is not a value here`},
		{`»3; running«`, `only one thing can be asked: ";" stands after a let`},
		{`load ?? 3 »>« 1`, noNil},
		{`(»load ?? 3«) > 1`, noNil},
		{`any([1], »{let x = #; x > 1}«)`, `a let cannot stand inside of { }: put it before`},
		{`len([»[1]«, [2]]) > 1`, `a list cannot be an item of a list`},
		{`len(map([1], »uniq([#])«)) > 1`, `a list cannot be an item of a list`},
		{`site matches »orders.customer«`, `the pattern of "matches" is to be written as a text`},
		{`site »matches« "("`, "error parsing regexp: missing closing ): `(`"},
		{`let »vibration« = 3; vibration > 1`, `"vibration" has a meaning already: let takes a new name`},
		{`let »pi« = 3; pi > 1`, `"pi" has a meaning already: let takes a new name`},
		{`let x = »foo«; x > x`, `unknown name "foo" ` + known},
		{`»[1, 2]«`, `this gives neither a number, nor true or false, nor a duration, nor a text`},
		{`upper(»vibration«) == "A"`, `cannot use a number as argument (type a text) to call upper`},
		{`all(»vibration«, # > 2)`, `builtin all takes only array (got a number)`},
		{`any([1], # »==« "a")`, `invalid operation: == (mismatched types a number and a text)`},
		{`any([load], # »%« 2 == 0)`, `"%" of what is in a list wants whole numbers: write int(...) around them`},
		{`any([age], »# * 0.5« > age)`, `a duration of a list cannot be multiplied: multiply what it is compared with`},
		{`»[1].size«() > 1`, `only a function can be called`},
	} {
		t.Run(row[0], func(t *testing.T) {
			from := strings.Index(row[0], "»")
			to := strings.Index(row[0], "«") - len("»")
			source := strings.NewReplacer("»", "", "«", "").Replace(row[0])
			table, _ := press()
			p, err := Compile(source, table, Bool)
			require.Nil(t, p)
			var wrong *Error
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, row[1], wrong.Message)
			require.Equal(t, source, wrong.Source)
			require.Equal(t, source[from:to], source[wrong.Offset:wrong.Offset+wrong.Length])
			require.Equal(t, from, wrong.Offset)
			require.Empty(t, wrong.More)
		})
	}
}

func TestAllProblemsAreToldAtOnceInTheirOrder(t *testing.T) {
	table, _ := press()
	_, err := Compile(`vibraton > 3 and lod < 1 and reaches(vibration, 9) < 12 or running > 1 and foo(3)`, table, Bool)
	var wrong *Error
	require.ErrorAs(t, err, &wrong)
	told := []string{fmt.Sprintf("%d %s", wrong.Offset, wrong.Message)}
	for _, more := range wrong.More {
		told = append(told, fmt.Sprintf("%d %s", more.Offset, more.Message))
	}
	require.Equal(t, []string{
		`0 unknown name "vibraton", did you mean "vibration"?`,
		`17 unknown name "lod", did you mean "load"?`,
		`51 "<" compares a duration with a number` + durations,
		`67 ">" compares true or false with a number`,
		`75 unknown function "foo"`,
	}, told)
	require.Equal(t, 4, strings.Count(wrong.Error(), "; "))
}

func TestTooMuchIsRefused(t *testing.T) {
	table, _ := press()
	for name, source := range map[string]string{
		"bytes":         strings.Repeat(" ", maxSource) + "1",
		"nodes":         "1" + strings.Repeat("+1", 1000),
		"nodes in lets": "let a=load+load;let b=a+a;let c=b+b;let d=c+c;let e=d+d;let f=e+e;let g=f+f;let h=g+g;let i=h+h;let j=i+i;j",
		"nodes in chained comparisons": strings.Repeat("0<(", 20) + "load" +
			strings.Repeat("?1:0)<9", 20),
		"depth": strings.Repeat("-(", 600) + "1" + strings.Repeat(")", 600),
	} {
		_, err := Compile(source, table, Any)
		var wrong *Error
		require.ErrorAs(t, err, &wrong, name)
		require.Equal(t, tooLong, wrong.Error(), name)
	}
	_, err := Compile("1 +\xff 2", table, Any)
	var wrong *Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "this is not UTF-8", wrong.Message)
	require.Equal(t, [2]int{3, 1}, [2]int{wrong.Offset, wrong.Length})
}

func TestAPanicInAScopeIsAnError(t *testing.T) {
	table := NewTable(nil).AddFunction("f", Function{Bind: func([]Arg) (Ref, error) { panic("oh") }})
	_, err := Compile("f()", table, Any)
	require.EqualError(t, err, "this cannot be read as a formula")
	require.False(t, errors.Is(err, errUnknown))
}
