package sources_test

import (
	"fmt"
	"io"
	"math"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/sources"
	"github.com/twinbed/twinbed/sim/units"
)

const hour = time.Hour

// desk is where a source is opened and its rows are written down.
type desk struct {
	testing.TB
	sources.Site
	clock  *sim.Clock
	source sim.Source
	lines  []string // what was joined, and noted, since the last time
	env    map[string]string
}

// newDesk has files in memory.
func newDesk(t testing.TB, files map[string]string) *desk {
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return newDeskAt(t, func(name string) (io.ReadCloser, error) {
		f, err := folder.Open(name)
		if err != nil {
			return nil, fmt.Errorf("there is no file %q", name)
		}
		return f, nil
	})
}

// newDeskIn has the files of a folder on disk.
func newDeskIn(t testing.TB, dir string) *desk {
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = root.Close() })
	return newDeskAt(t, func(name string) (io.ReadCloser, error) { return root.FS().Open(name) })
}

func newDeskAt(t testing.TB, open func(string) (io.ReadCloser, error)) *desk {
	d := &desk{TB: t, clock: sim.NewClock(), env: map[string]string{}}
	d.Site = sources.Site{
		Name: "orders", Open: open, Symbols: &formula.Symbols{}, Calendar: sim.Calendar{Start: 6 * hour}, Seed: 3,
		Getenv: func(name string) string { return d.env[name] },
		Noted:  func(what, detail string) { d.say("%s: %s", what, detail) },
	}
	return d
}

func (d *desk) say(format string, args ...any) {
	d.lines = append(d.lines, d.clock.Now().Duration().String()+" "+fmt.Sprintf(format, args...))
}

// opens opens and starts a source.
func (d *desk) opens(c sources.Config) *desk {
	d.Helper()
	source, err := c.Open(d.Site)
	require.NoError(d, err)
	d.source = source
	d.Cleanup(func() { require.NoError(d, source.Close()) })
	require.NoError(d, source.Start(d.clock, func(key string, values []float64, asOf sim.Time) {
		d.say("%s %s as of %v", key, d.read(values), asOf.Duration())
	}))
	return d
}

// read is a row as a reader would write it.
func (d *desk) read(values []float64) string {
	if values == nil {
		return "gone"
	}
	text := ""
	for i, c := range d.source.Columns() {
		switch v := values[i]; {
		case c.Text:
			text += fmt.Sprintf(" %s=%q", c.Name, d.Symbols.Text(v))
		case math.IsNaN(v):
			text += fmt.Sprintf(" %s unknown", c.Name)
		default:
			text += fmt.Sprintf(" %s=%v", c.Name, v)
		}
	}
	return text[1:]
}

func (d *desk) until(t time.Duration) { require.NoError(d, d.clock.Run(sim.Time(t))) }

// told is what has been joined and noted until a time.
func (d *desk) told(t time.Duration) []string {
	d.Helper()
	d.until(t)
	lines := d.lines
	d.lines = nil
	return lines
}

func (d *desk) refuses(c sources.Config, want string) {
	d.Helper()
	_, err := c.Open(d.Site)
	require.Error(d, err)
	wrongs := sim.Wrongs(err)
	require.Len(d, wrongs, 1)
	require.Equal(d, want, wrongs[0].Error())
}

func monday(t testing.TB, text string) sim.Calendar {
	m, err := units.ParseMoment(text)
	require.NoError(t, err)
	return sim.Calendar{Start: m.WeekTime()}
}
