package contained

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiltersCoverTopicsAndFiltersAsMQTTSays(t *testing.T) {
	for _, x := range []struct {
		wider, filter string
		want          bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"a/#", "a", true}, {"a/#", "a/b/c", true}, {"a/+", "a", false},
		{"a/+", "a/b", true}, {"a/+", "a/b/c", false}, {"+", "a", true}, {"#", "a/b", true}, {"a/+/c", "a/b/c", true},
		{"a/+/#", "a/b", true}, {"a/b", "a", false}, {"a", "a/b", false}, {"a/", "a/", true}, {"a/", "a", false},
		{"a/#", "a/#", true}, {"a/#", "a/+", true}, {"a/#", "a/+/c/#", true}, {"a/#", "#", false}, {"a/+", "a/#", false},
		{"+", "#", false}, {"+/+", "+", false}, {"+/#", "#", false}, {"#", "#", true}, {"a/b", "a/+", false}, {"a/+", "a/+", true},
		{"#", "$SYS/broker", false}, {"+/broker", "$SYS/broker", false}, {"$SYS/#", "$SYS/broker", true}, {"$SYS/#", "#", false},
		{"#", "$share/g/a", false}, {"a/#", "$share/g/a", false}, {"", "a", false}, {"/#", "/", true}, {"+/#", "/", true},
	} {
		require.Equal(t, x.want, Covers(x.wider, x.filter), "%s %s", x.wider, x.filter)
	}
}

func TestAFilterHasItsWildcardsAlone(t *testing.T) {
	for _, filter := range []string{"#", "+", "a/#", "+/+", "/", "a//b", "$SYS/#"} {
		require.True(t, ValidFilter(filter), filter)
	}
	for _, filter := range []string{"", "a#", "+a", "#/a", "a/#/b", "a/b+"} {
		require.False(t, ValidFilter(filter), filter)
	}
}

// A filter that covers another matches whatever the other matches.
func FuzzCovers(f *testing.F) {
	f.Add("a/+/#", "a/b/#", "a/b/c")
	f.Add("+/b", "a/+", "a/b")
	f.Add("#", "$SYS/+", "$SYS/x")
	f.Fuzz(func(t *testing.T, wider, filter, topic string) {
		if !ValidFilter(wider) || !ValidFilter(filter) || strings.ContainsAny(topic, "+#") {
			return
		}
		require.True(t, Covers(filter, filter), filter)
		if Covers(wider, filter) && Covers(filter, topic) {
			require.True(t, Covers(wider, topic), "%s %s %s", wider, filter, topic)
		}
	})
}
