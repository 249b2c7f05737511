package broker

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

func testKind() *sim.Kind {
	return &sim.Kind{
		Name: "press", Count: 3,
		Signals:  []sim.SignalSpec{{Name: "temperature"}, {Name: "vibration"}, {Name: `dé"bit`}},
		States:   []sim.StateSpec{{Name: "load"}, {Name: "wear"}},
		Commands: []sim.CommandSpec{{Name: "stop"}, {Name: "set load"}},
	}
}

func testCodec(t testing.TB) *Codec {
	c, err := NewCodec(testKind())
	require.NoError(t, err)
	return c
}

var numbers = []float64{0, 1, -1, 81.25, 0.1, 1e-6, 9.99e-7, 1e-9, 1.5e-12, 1e20, 1e21, 1.25e22, -3e99, 5e-324, 123456789.123456789, math.Copysign(0, -1)}

func TestReadingsAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	c := testCodec(t)
	for _, v := range numbers {
		r := sim.Reading{Seq: 17, Sensed: sim.Stamp{At: 5e9}, Values: []float64{v, -v, v / 3}}
		want, err := json.Marshal(struct {
			Seq uint32  `json:"seq"`
			Due int64   `json:"due"`
			T   float64 `json:"temperature"`
			V   float64 `json:"vibration"`
		}{17, 5e9, v, -v})
		require.NoError(t, err)
		got := string(c.AppendReading(nil, &r))
		require.Equal(t, strings.TrimSuffix(string(want), "}"), got[:strings.Index(got, `,"dé`)])
		var all map[string]float64
		require.NoError(t, json.Unmarshal([]byte(got), &all))
		require.Equal(t, v/3, all[`dé"bit`])
	}
}

func TestReadingsComeBackAsTheyWere(t *testing.T) {
	c := testCodec(t)
	var h Heard
	for _, v := range numbers {
		r := sim.Reading{Seq: math.MaxUint32, Sensed: sim.Stamp{At: 0}, Values: []float64{v, math.NaN(), math.Inf(1)}}
		require.NoError(t, c.ReadReading(c.AppendReading(nil, &r), &h))
		require.Equal(t, uint32(math.MaxUint32), h.Seq)
		require.Equal(t, sim.Time(0), h.Due)
		require.Equal(t, v, h.Values[0])
		require.True(t, math.IsNaN(h.Values[1]) && math.IsNaN(h.Values[2]), "what is not finite is left out")
	}
}

func TestStrangersReadingsAreUnderstood(t *testing.T) {
	c := testCodec(t)
	for payload, want := range map[string]Heard{
		`{"temperature":81.2}`: {Due: -1, Values: []float64{81.2}},
		" {\t\"vibration\" : 2e0 ,\r\n \"seq\":3,\"temperature\":-0.5E+1} ":    {Seq: 3, Due: -1, Values: []float64{-5, 2}},
		`{"t":"2026-11-23T10:00:00.5+01:00","temperature":1}`:                  {Due: -1, Values: []float64{1}},
		`{"t":1763892000000,"temperature":1}`:                                  {Due: -1, Values: []float64{1}},
		`{"t":"2026-11-23T10:00:00Z","temperature":1}`:                         {Due: -1, Values: []float64{1}},
		`{"firmware":"1.2","ok":true,"nothing":null,"n":-0.1,"temperature":1}`: {Due: -1, Unknown: 4, Values: []float64{1}},
		`{"d\u00e9\"bit":4,"\u0074emperature":1}`:                              {Due: -1, Values: []float64{1, math.NaN(), 4}},
	} {
		var h Heard
		require.NoError(t, c.ReadReading([]byte(payload), &h), payload)
		for len(want.Values) < 3 {
			want.Values = append(want.Values, math.NaN())
		}
		require.Equal(t, want.Seq, h.Seq, payload)
		require.Equal(t, want.Due, h.Due, payload)
		require.Equal(t, want.Unknown, h.Unknown, payload)
		for i := range h.Values {
			require.True(t, want.Values[i] == h.Values[i] || math.IsNaN(want.Values[i]) && math.IsNaN(h.Values[i]), "%s: %v", payload, h.Values)
		}
	}
}

var brokenReadings = map[string]string{
	``:                                                "not an object",
	`[]`:                                              "not an object",
	`7`:                                               "not an object",
	`{}`:                                              "no signal of press in it",
	`{"humidity":3}`:                                  "no signal of press in it",
	`{"temperature":null}`:                            "not a number",
	`{"temperature":"81"}`:                            "not a number",
	`{"temperature":true}`:                            "not a number",
	`{"temperature":NaN}`:                             "not a number",
	`{"temperature":-Infinity}`:                       "not a number",
	`{"temperature":1e999}`:                           "beyond",
	`{"temperature":1e308}`:                           "beyond",
	`{"temperature":01}`:                              "not a comma",
	`{"temperature":.5}`:                              "not a number",
	`{"temperature":5.}`:                              "after its point",
	`{"temperature":5e}`:                              "exponent",
	`{"temperature":+5}`:                              "not a number",
	`{"temperature":0x10}`:                            "not a comma",
	`{"temperature":{"value":1}}`:                     "not a number",
	`{"temperature":[1]}`:                             "not a number",
	`{"temperature":1,"temperature":2}`:               "temperature twice",
	`{"temperature":1,"meta":{"a":1}}`:                "nested",
	`{"temperature":1,"list":[1]}`:                    "nested",
	`{"temperature":1,}`:                              "not a text",
	`{"temperature":1`:                                "not a comma",
	`{"temperature":1}x`:                              "after the object",
	`{"temperature":1}{}`:                             "after the object",
	`{temperature:1}`:                                 "not a text",
	`{'temperature':1}`:                               "not a text",
	`{"temperature" 1}`:                               "no colon",
	`{"temperature`:                                   "without end",
	`{"tem\qperature":1}`:                             "escape",
	`{"\ud800":1,"temperature":1}`:                    "escape",
	`{"seq":0,"temperature":1}`:                       "whole number",
	`{"seq":-1,"temperature":1}`:                      "whole number",
	`{"seq":1.5,"temperature":1}`:                     "whole number",
	`{"seq":4294967296,"temperature":1}`:              "whole number",
	`{"seq":1,"seq":2,"temperature":1}`:               "seq twice",
	`{"t":"yesterday","temperature":1}`:               "RFC 3339",
	`{"t":"2026-11-23","temperature":1}`:              "RFC 3339",
	`{"t":1,"t":2,"temperature":1}`:                   "t twice",
	"{\"temperature\":1,\"a\":\"\n\"}":                "control character",
	"{\"temperature\":1,\"\xff\":2}":                  "not UTF-8",
	"{\"temperature\":1}\x00":                         "zero byte",
	`{"temperature":` + strings.Repeat("1", 65) + `}`: "65 characters",
	`{"temperature":1,"a":"` + strings.Repeat("x", maxPayload) + `"}`: "bytes are more than",
}

func TestBrokenReadingsAreRejectedWithAReason(t *testing.T) {
	c := testCodec(t)
	for payload, reason := range brokenReadings {
		var h Heard
		require.ErrorContains(t, c.ReadReading([]byte(payload), &h), reason, "%.60s", payload)
	}
}

func TestReadingsAllocateNothing(t *testing.T) {
	c, err := NewCodec(&sim.Kind{Name: "press", Signals: []sim.SignalSpec{{Name: "température"}, {Name: "vibration"}, {Name: "x"}}})
	require.NoError(t, err)
	r := sim.Reading{Seq: 17, Sensed: sim.Stamp{At: 5e9}, Values: []float64{81.25, 2.71828, 1e-7}}
	buf := make([]byte, 0, 256)
	var h Heard
	require.NoError(t, c.ReadReading(c.AppendReading(buf, &r), &h))
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = c.AppendReading(buf[:0], &r) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = c.ReadReading(buf, &h) }))
}

func TestASignalCannotHaveTheNameOfAnotherField(t *testing.T) {
	for _, name := range []string{"seq", "t", "due"} {
		_, err := NewCodec(&sim.Kind{Name: "press", Signals: []sim.SignalSpec{{Name: name}}})
		require.ErrorContains(t, err, "stands for something else")
	}
}

func TestCommandsComeBackAsTheyWere(t *testing.T) {
	c := testCodec(t)
	for _, want := range []sim.Command{
		{ID: 7, Name: 1, Value: 0.5, Seq: 17, Attempt: 2, Decided: sim.Stamp{At: 123}},
		{ID: math.MaxInt64, Name: 0, Value: math.NaN(), Attempt: 1},
	} {
		b := c.AppendCommand(nil, &want)
		require.True(t, json.Valid(b), "%s", b)
		var got sim.Command
		require.NoError(t, c.ReadCommand(b, &got))
		if math.IsNaN(want.Value) {
			require.True(t, math.IsNaN(got.Value))
			want.Value, got.Value = 0, 0
		}
		require.Equal(t, want, got)
	}
	var got sim.Command
	require.ErrorContains(t, c.ReadCommand([]byte(`{"id":1,"command":"explode"}`), &got), "no command of press")
	require.ErrorContains(t, c.ReadCommand([]byte(`{"command":"stop"}`), &got), "needs id")
}

func TestAcksComeBackAsTheyWere(t *testing.T) {
	c := testCodec(t)
	a := sim.Ack{
		ID: 9, Outcome: sim.Failed, Note: "it is \"stuck\"\n", State: []float64{0.5, math.NaN()},
		Delivered: sim.Stamp{At: 5, Wall: 6 * time.Second}, Done: sim.Stamp{At: 7, Wall: 8},
	}
	b := c.AppendAck(nil, &a)
	require.True(t, json.Valid(b), "%s", b)
	var got Answer
	require.NoError(t, ReadAck(b, c.kind, &got))
	require.True(t, math.IsNaN(got.State[1]))
	got.State[1] = 0
	require.Equal(t, Answer{
		ID: 9, Outcome: sim.Failed, Note: a.Note, Stamped: true, Delivered: a.Delivered, Done: a.Done, State: []float64{0.5, 0},
	}, got)
}

func TestBrokenAcksAreRejectedWithAReason(t *testing.T) {
	k := testKind()
	for payload, reason := range map[string]string{
		`{}`:                                                    "needs id and outcome",
		`{"id":1}`:                                              "needs id and outcome",
		`{"outcome":"done"}`:                                    "needs id and outcome",
		`{"id":"1","outcome":"done"}`:                           "not a number",
		`{"id":1,"outcome":"taken"}`:                            "none of done, failed, refused",
		`{"id":1,"outcome":"great"}`:                            "none of done, failed, refused",
		`{"id":1,"id":2,"outcome":"done"}`:                      "id twice",
		`{"id":1,"outcome":"done","outcome":"done"}`:            "outcome twice",
		`{"id":1,"outcome":"done","state":{"load":{}}}`:         "not a number",
		`{"id":1,"outcome":"done","state":{"load":1,"load":1}}`: "load twice",
		`{"id":1,"outcome":"done","state":{},"state":{}}`:       "state does not belong",
		`{"id":1,"outcome":"done","done":[1]}`:                  "a stamp of",
		`{"id":1,"outcome":"done","done":[1,2,3]}`:              "a stamp of",
		`{"id":1,"outcome":"done","done":7}`:                    "not an array",
	} {
		var a Answer
		require.ErrorContains(t, ReadAck([]byte(payload), k, &a), reason, payload)
	}
	var a Answer
	require.NoError(t, ReadAck([]byte(`{"id":1,"outcome":"taken","mood":"fine"}`), nil, &a))
	require.True(t, a.Taken && a.Unknown == 1)
	require.Error(t, ReadAck([]byte(`{"id":1,"outcome":"done","state":{}}`), nil, &a), "a person has no states")
	require.NoError(t, ReadAck([]byte(`{"id":1,"outcome":"done","note":"`+strings.Repeat("ä", 500)+`"}`), k, &a))
	require.Len(t, []rune(a.Note), longestNote)
}

func TestTasksAndEventsAreJSON(t *testing.T) {
	odd := "a \"b\"\\\n\x01\t\u2028 ü 🔧 <&>"
	task := sim.Task{ID: 3, What: odd, Skill: "bearings", Priority: 2, Attempt: 1, Does: 1, Value: 0.25}
	var got map[string]any
	require.NoError(t, json.Unmarshal(AppendTask(nil, &task, "press-01", "set load"), &got))
	require.Equal(t, map[string]any{
		"id": 3.0, "task": odd, "skill": "bearings", "thing": "press-01", "does": "set load", "value": 0.25, "priority": 2.0, "attempt": 1.0,
	}, got)
	got = nil
	e := sim.Event{At: 1.5e9, What: "rejected", Subject: odd, Detail: "bad\xffbytes", ID: 4}
	require.NoError(t, json.Unmarshal(AppendEvent(nil, &e, "press-01"), &got))
	require.Equal(t, map[string]any{
		"at": 1.5, "what": "rejected", "thing": "press-01", "subject": odd, "detail": "bad\ufffdbytes", "id": 4.0,
	}, got)
	require.JSONEq(t, `{"id":3,"withdrawn":true}`, string(AppendWithdrawal(nil, 3)))
}

func FuzzReadingsMeanWhatEncodingJSONReads(f *testing.F) {
	for payload := range brokenReadings {
		if len(payload) < 1000 {
			f.Add([]byte(payload))
		}
	}
	f.Add([]byte(`{"seq":1,"due":5,"t":"2026-11-23T10:00:00Z","temperature":-1.5e3,"x":"\ud83d\ude00"}`))
	c := testCodec(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		var h Heard
		if c.ReadReading(payload, &h) != nil {
			return
		}
		var all map[string]any
		require.NoError(t, json.Unmarshal(payload, &all), "accepted: %q", payload)
		for i, name := range c.signals {
			v, given := all[name]
			require.Equal(t, given, !math.IsNaN(h.Values[i]), "%q", payload)
			if given {
				require.Equal(t, v, h.Values[i], "%q", payload)
			}
		}
	})
}

func FuzzAcks(f *testing.F) {
	f.Add([]byte(`{"id":9,"outcome":"failed","note":"x","state":{"load":0.5},"delivered":[5,6],"done":[7,8]}`))
	f.Add([]byte(`{"id":1,"outcome":"taken"}`))
	k := testKind()
	f.Fuzz(func(t *testing.T, payload []byte) {
		var a Answer
		for _, k := range []*sim.Kind{k, nil} {
			if ReadAck(payload, k, &a) == nil {
				require.True(t, json.Valid(payload), "accepted: %q", payload)
				require.NotZero(t, a.ID)
			}
		}
		var c sim.Command
		if testCodec(t).ReadCommand(payload, &c) == nil {
			require.True(t, json.Valid(payload), "accepted: %q", payload)
		}
	})
}
