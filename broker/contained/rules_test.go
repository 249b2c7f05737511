package contained

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func rulesOf(t testing.TB, lines ...string) *Rules {
	r, err := ReadRules(strings.NewReader(strings.Join(lines, "\n")))
	require.NoError(t, err)
	return r
}

func TestRulesAllowWhatTheyCoverAndNothingElse(t *testing.T) {
	r := rulesOf(t, "# who may what", "", "mia read factory/#", "mia\twrite   office/the one/+", "* readwrite devices/%u/#", "* read say/%c", "boss read $SYS/#")
	for _, x := range []struct {
		user, id, filter string
		read, write      bool
	}{
		{"mia", "mia", "factory", true, false},
		{"mia", "mia", "factory/a/b", true, false},
		{"mia", "mia", "factory/+/#", true, false},
		{"mia", "mia", "#", false, false},
		{"mia", "mia", "+", false, false},
		{"mia", "mia", "+/a", false, false},
		{"mia", "mia", "factory2", false, false},
		{"mia", "mia", "$share/g/factory/#", false, false},
		{"mia", "mia", "$SYS/broker/version", false, false},
		{"mia", "mia", "office/the one/x", false, true},
		{"mia", "mia", "office/the one/x/y", false, false},
		{"mia", "mia", "devices/mia/on", true, true},
		{"mia", "mia", "devices/bo/on", false, false},
		{"mia", "mia", "devices/+/on", false, false},
		{"mia", "mia:phone", "say/mia:phone", true, false},
		{"mia", "mia", "say/mia:phone", false, false},
		{"bo", "bo", "factory/a", false, false},
		{"boss", "boss", "$SYS/broker/version", true, false},
		{"boss", "boss", "#", false, false},
		{"+", "x", "devices/bo/on", false, false},
		{"+", "x", "devices/+/on", false, false},
		{"#", "x", "devices/bo", false, false},
		{"a/b", "x", "devices/a/b/c", false, false},
		{"", "x", "devices//on", false, false},
		{"%c", "+", "devices/+/on", false, false},
		{"mia", "+", "say/x", false, false},
		{"mia", "#", "say/#", false, false},
	} {
		reads, writes := r.of(x.user, x.id)
		require.Equal(t, x.read, coveredBy(reads, x.filter), "%s as %s reads %s", x.user, x.id, x.filter)
		require.Equal(t, x.write, coveredBy(writes, x.filter), "%s as %s writes %s", x.user, x.id, x.filter)
	}
	require.True(t, r.Operators())
	require.False(t, rulesOf(t, "* readwrite #").Operators())
}

func TestARuleThatIsWrongIsToldByLine(t *testing.T) {
	for text, says := range map[string]string{
		"mia":                     `line 1: "" is not read`,
		"\nmia reads a":           `line 2: "reads" is not read, write or readwrite`,
		"mia read":                `line 1: "" is no topic filter`,
		"mia read a#":             `line 1: "a#" is no topic filter`,
		"mia read #/a":            "is no topic filter",
		"mia read $share/g/a":     "shared subscriptions are not to be had",
		"mia write $SYS/a":        "nobody may write topics that begin with $",
		"mia readwrite $other":    "nobody may write",
		"a/b read a":              `"a/b" is no user's name`,
		"mia read a\n*x read b\n": "line 2",
	} {
		_, err := ReadRules(strings.NewReader(text))
		require.ErrorContains(t, err, says, text)
	}
	_, err := OpenRules("nowhere")
	require.Error(t, err)
	file := filepath.Join(t.TempDir(), "acl")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	_, err = OpenRules(file)
	require.ErrorContains(t, err, file+": line 1")
}

// No rule allows more than its filter matches.
func FuzzRules(f *testing.F) {
	f.Add("* read devices/%u/#", "mia", "mia:1", "devices/mia/x")
	f.Add("mia readwrite %c", "mia", "+", "x")
	f.Fuzz(func(t *testing.T, line, user, id, topic string) {
		r, err := ReadRules(strings.NewReader(line))
		if err != nil || strings.ContainsAny(line, "\r\n") || strings.ContainsAny(topic, "+#") {
			return
		}
		_, rest := word(strings.TrimSpace(line))
		_, written := word(rest)
		reads, writes := r.of(user, id)
		for _, filter := range append(reads, writes...) {
			require.True(t, ValidFilter(filter), filter)
			for _, wild := range []string{"+", "#", "/"} {
				require.Equal(t, strings.Count(written, wild), strings.Count(filter, wild), "%q as %q and %q", line, user, id)
			}
		}
		if coveredBy(writes, topic) && topic != "" {
			require.NotEqual(t, byte('$'), topic[0])
		}
	})
}
