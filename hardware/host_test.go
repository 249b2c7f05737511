package hardware_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/hardware/hardwaretest"
	"github.com/twinbed/twinbed/sim"
)

// write puts a file of the fixture in place at once, as the kernel would.
func write(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file+".new", []byte(text), 0o644))
	require.NoError(t, os.Rename(file+".new", file))
}

func machine(t *testing.T) (root string) {
	root = t.TempDir()
	write(t, root, "proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 100 0 100 700 100 0 0 0 0 0\n")
	write(t, root, "proc/loadavg", "0.50 0.25 0.10 1/234 5678\n")
	write(t, root, "proc/meminfo", "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  250 kB\n")
	write(t, root, "proc/uptime", "3600.25 7000.00\n")
	for _, pid := range []string{"1", "22", "333"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, "proc", pid), 0o755))
	}
	return root
}

func at(signals ...string) hardware.Site {
	s := hardware.Site{Thing: "pc"}
	for _, name := range signals {
		s.Signals = append(s.Signals, sim.SignalSpec{Name: name})
	}
	return s
}

func sense(t *testing.T, a hardware.Adapter, n int) []float64 {
	t.Helper()
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	require.NoError(t, a.Sense(t.Context(), values))
	return values
}

func TestHostConforms(t *testing.T) {
	hardwaretest.Suite(t, func(t *testing.T) hardwaretest.Bench {
		root := machine(t)
		proc, away := filepath.Join(root, "proc"), filepath.Join(root, "away")
		return hardwaretest.Bench{
			Config:  &hardware.Host{Root: root, Disk: "/away", Signals: []hardware.HostReads{{Name: "busy", Reads: "cpu"}}},
			Signals: []string{"load1", "memory", "busy", "temperature"}, Missing: "temperature",
			Show:   func(x float64) { write(t, root, "proc/loadavg", fmt.Sprintf("%g 0 0 1/2 3\n", x)) },
			Shown:  func(v []float64) (float64, bool) { return v[0], true },
			Unplug: func() { require.NoError(t, os.Rename(proc, away)) },
			Plug:   func() { require.NoError(t, os.Rename(away, proc)) },
		}
	})
}

func TestHostReadsWhatLinuxShows(t *testing.T) {
	root := machine(t)
	write(t, root, "sys/class/thermal/thermal_zone0/type", "acpitz\n")
	write(t, root, "sys/class/thermal/thermal_zone0/temp", "41500\n")
	write(t, root, "sys/class/hwmon/hwmon0/name", "k10temp\n")
	write(t, root, "sys/class/hwmon/hwmon0/temp1_input", "63250\n")
	write(t, root, "sys/class/hwmon/hwmon0/temp1_label", "Tctl\n")
	names := []string{"load1", "load5", "load15", "memory", "uptime", "processes", "temperature", "cpu", "disk", "disk_free"}
	c := &hardware.Host{Root: root}
	a, err := c.Open(t.Context(), at(names...))
	require.NoError(t, err)
	write(t, root, "proc/stat", "cpu  150 0 130 790 110 10 10 0 0 0\n")
	v := sense(t, a, len(names))
	require.Equal(t, []float64{0.5, 0.25, 0.1, 0.75, 3600.25, 3, 63.25}, v[:7])
	require.InDelta(t, 0.5, v[7], 1e-9, "100 of 200 ticks were busy")
	require.True(t, v[8] > 0 && v[8] < 1)
	require.Positive(t, v[9])
	require.True(t, math.IsNaN(sense(t, a, len(names))[7]), "no tick has passed since")

	c.Sensor = "acpitz"
	a, err = c.Open(t.Context(), at("temperature"))
	require.NoError(t, err)
	require.Equal(t, []float64{41.5}, sense(t, a, 1))

	c.Sensor = "elsewhere"
	a, err = c.Open(t.Context(), at("temperature"))
	require.NoError(t, err)
	require.Contains(t, a.(hardware.Describes).Describe()[1], `temperature: no sensor "elsewhere"; there are acpitz, Tctl`)
	require.ErrorContains(t, a.Sense(t.Context(), make([]float64, 1)), "no sensor")
}

func TestHostWithoutASensorGivesNoTemperatureAndSaysSo(t *testing.T) {
	c := &hardware.Host{Root: machine(t)}
	a, err := c.Open(t.Context(), at("load1", "temperature"))
	require.NoError(t, err)
	v := sense(t, a, 2)
	require.Equal(t, 0.5, v[0])
	require.True(t, math.IsNaN(v[1]))
	require.Contains(t, a.(hardware.Describes).Describe(), "temperature: no sensor")
}

func TestHostIsThisMachine(t *testing.T) {
	if _, err := os.Stat("/proc/loadavg"); err != nil {
		t.Skip("this machine does not show its state as Linux does")
	}
	names := []string{"load1", "memory", "uptime", "processes", "disk", "disk_free"}
	a, err := (&hardware.Host{}).Open(t.Context(), at(names...))
	require.NoError(t, err)
	for i, x := range sense(t, a, len(names)) {
		require.GreaterOrEqual(t, x, 0.0, names[i])
	}
}

func TestHostTellsWhatItDoesNotHave(t *testing.T) {
	c := &hardware.Host{Signals: []hardware.HostReads{{Name: "heat", Reads: "temperature"}}}
	err := hardware.Check(c, at("fan", "load1"))
	wrongs := sim.Wrongs(err)
	require.Len(t, wrongs, 2)
	require.Equal(t, "signals.fan", wrongs[0].Path)
	require.Contains(t, wrongs[0].Message, `the host has no "fan"; possible are cpu, disk, disk_free, load1`)
	require.Equal(t, "signals.heat", wrongs[1].Path)

	_, err = (&hardware.Host{Root: t.TempDir()}).Open(context.Background(), at("load1"))
	require.ErrorContains(t, err, "does not show its state as Linux does")
	require.ErrorContains(t, new(hardware.HostReads).FromWords("fan"), "possible are cpu")
}

func TestHostSurvivesFilesItCannotRead(t *testing.T) {
	for name, text := range map[string]string{
		"proc/loadavg": "", "proc/meminfo": "MemTotal: x kB\n", "proc/uptime": "NaN\n", "proc/stat": "cpu 1 2\n",
	} {
		root := machine(t)
		write(t, root, name, text)
		a, err := (&hardware.Host{Root: root}).Open(t.Context(), at("load1", "memory", "uptime", "cpu"))
		require.NoError(t, err)
		bad := 0
		for _, x := range sense(t, a, 4) {
			if math.IsNaN(x) {
				bad++
			}
		}
		require.GreaterOrEqual(t, bad, 1, name)
	}
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
