package hardware

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbersAreFoundInPayloads(t *testing.T) {
	for _, c := range []struct {
		text, path string
		want       float64
		wrong      string
	}{
		{"21.5", "", 21.5, ""},
		{" -3e2\n", "", -300, ""},
		{"ON", "", 1, ""},
		{"false", "", 0, ""},
		{`{"a":[{"b":4}]}`, "a.0.b", 4, ""},
		{`{"a":"7.5"}`, "a", 7.5, ""},
		{`{"a":true}`, "a", 1, ""},
		{`{"a":null}`, "a", math.NaN(), ""},
		{`[1,2]`, "1", 2, ""},
		{"", "", 0, "the payload is empty"},
		{"NaN", "", 0, "is no number"},
		{"inf", "", 0, "is no number"},
		{"1e999", "", 0, "is no number"},
		{"21 °C", "", 0, "is no number"},
		{"{", "a", 0, "not JSON"},
		{`{"a":1}`, "b", 0, `nothing at b: no "b"`},
		{`{"a":1}`, "a.b", 0, `no "b"`},
		{`[1]`, "1", 0, `no "1"`},
		{`[1]`, "-1", 0, `no "-1"`},
		{`{"a":{}}`, "a", 0, "is no number"},
		{`{"a":"NaN"}`, "a", 0, "is no number"},
		{strings.Repeat("1", largestPayload+1), "", 0, "too many"},
	} {
		x, err := (&payload{text: []byte(c.text)}).number(c.path)
		if c.wrong != "" {
			require.ErrorContains(t, err, c.wrong)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, math.IsNaN(c.want), math.IsNaN(x))
		if !math.IsNaN(c.want) {
			require.Equal(t, c.want, x)
		}
	}
}

func TestCommandsAreWrittenWithoutExponents(t *testing.T) {
	require.Equal(t, `{"v":100000000000000000000000}`, written(`{"v":{value}}`, 1e23))
	require.Equal(t, "0.5", written("", 0.5))
	require.Empty(t, written("", math.NaN()))
	require.Equal(t, "halt", written("halt", math.NaN()))
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":4}]}`), "a.0.b")
	f.Add([]byte("21.5"), "")
	f.Add([]byte(`[[[`), "0.0.0")
	f.Add([]byte(`{"":{"":1}}`), ".")
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		p := payload{text: text}
		x, err := p.number(path)
		if math.IsInf(x, 0) || err != nil && x != 0 {
			t.Fatalf("%v with %v", x, err)
		}
		again, _ := p.number(path)
		if x != again && !math.IsNaN(x) {
			t.Fatalf("%v, then %v", x, again)
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"0 to 100", "-5 to 5.5", "to", "1 to", " 1  to  2 ", "5 to 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r Range
		if r.FromWords(s) == nil && !(finite(r.Min) && finite(r.Max)) {
			t.Fatalf("%q gives %v", s, r)
		}
	})
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"stop", "set_speed 0", "", "a b c", "set NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s Safe
		if s.FromWords(text) == nil && (s.Command == "" || math.IsInf(s.Value, 0)) {
			t.Fatalf("%q gives %v", text, s)
		}
	})
}
