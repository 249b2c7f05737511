package hardware

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim/units"
)

// What a scenario leaves out and what a program leaves zero must be the same.
func TestDefaultsInTagsAreThoseOfTheCode(t *testing.T) {
	same := func(holder any, field string, got time.Duration) {
		f, ok := reflect.TypeOf(holder).FieldByName(field)
		require.True(t, ok)
		want, err := units.ParseDuration(f.Tag.Get("default"))
		require.NoError(t, err)
		require.Equal(t, want, got, field)
	}
	b := Binding{}.complete()
	same(b, "Timeout", b.Timeout)
	same(b, "Backoff", b.Backoff)
	same(b, "MaxBackoff", b.MaxBackoff)
	same(b, "Patience", b.Patience)
	m := MQTT{}
	same(m, "KeepAlive", m.keepAlive())
	same(m, "SilentAfter", m.silentAfter())
	require.Equal(t, 16, b.Queue)
}
