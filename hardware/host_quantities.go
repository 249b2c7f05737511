package hardware

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// text is a small file below the root.
func (h *host) text(path ...string) (string, error) {
	b, err := os.ReadFile(filepath.Join(append([]string{h.root}, path...)...))
	return string(b), err
}

// field is the n-th number of a text.
func field(text string, n int) (float64, error) {
	fields := strings.Fields(text)
	if n >= len(fields) {
		return 0, fmt.Errorf("%.40q has no number %d", text, n+1)
	}
	x, err := strconv.ParseFloat(fields[n], 64)
	if err != nil || !finite(x) {
		return 0, fmt.Errorf("%.40q is no number", fields[n])
	}
	return x, nil
}

// load is a load average: 0 over 1 min, 1 over 5, 2 over 15.
func (h *host) load(n int) (float64, error) {
	text, err := h.text("proc", "loadavg")
	if err != nil {
		return 0, err
	}
	return field(text, n)
}

// uptime is seconds since the machine was started.
func (h *host) uptime() (float64, error) {
	text, err := h.text("proc", "uptime")
	if err != nil {
		return 0, err
	}
	return field(text, 0)
}

// cpu is the busy share of all processors since it was last asked for; NaN when
// no tick of the kernel's clock lies between.
func (h *host) cpu() (float64, error) {
	text, err := h.text("proc", "stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(text, "\n")
	total, idle := 0.0, 0.0
	// user nice system idle iowait irq softirq steal; guests are counted in user
	for n := 1; n <= 8; n++ {
		x, err := field(line, n)
		if err != nil && n > 4 {
			break
		}
		if err != nil {
			return 0, err
		}
		total += x
		if n == 4 || n == 5 {
			idle += x
		}
	}
	busy := total - idle
	share := (busy - h.busy) / (total - h.total)
	h.busy, h.total = busy, total
	if !(share >= 0 && share <= 1) { // iowait may run backwards
		return math.NaN(), nil
	}
	return share, nil
}

// memory is the share of memory that is not available to new programs.
func (h *host) memory() (float64, error) {
	text, err := h.text("proc", "meminfo")
	if err != nil {
		return 0, err
	}
	total, available := math.NaN(), math.NaN()
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(line, ":")
		switch name {
		case "MemTotal":
			total, err = field(rest, 0)
		case "MemAvailable":
			available, err = field(rest, 0)
		}
		if err != nil {
			return 0, err
		}
	}
	if used := 1 - available/total; finite(used) {
		return used, nil
	}
	return 0, errors.New("meminfo tells neither MemTotal nor MemAvailable")
}

// diskUsed is the used share of the disk, of what is not reserved.
func (h *host) diskUsed() (float64, error) {
	used, free, err := diskBytes(filepath.Join(h.root, h.disk))
	return used / (used + free), err
}

// diskFree is bytes that may still be written.
func (h *host) diskFree() (float64, error) {
	_, free, err := diskBytes(filepath.Join(h.root, h.disk))
	return free, err
}

// processes is how many there are.
func (h *host) processes() (float64, error) {
	entries, err := os.ReadDir(filepath.Join(h.root, "proc"))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err == nil {
			n++
		}
	}
	if n == 0 {
		return 0, errors.New("no process is shown")
	}
	return float64(n), nil
}

// temperature is that of the sensor that was named, in °C, or of the hottest.
func (h *host) temperature() (float64, error) {
	zones, _ := filepath.Glob(filepath.Join(h.root, "sys/class/thermal/thermal_zone*/temp"))
	chips, _ := filepath.Glob(filepath.Join(h.root, "sys/class/hwmon/hwmon*/temp*_input"))
	hottest, found := math.NaN(), []string{}
	for _, file := range append(zones, chips...) {
		name := sensorName(file)
		if h.sensor != "" && h.sensor != name {
			found = append(found, name)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a sensor that sleeps answers with an error
		}
		if milli, err := field(string(text), 0); err == nil && !(milli/1000 <= hottest) {
			hottest = milli / 1000
		}
	}
	switch {
	case !math.IsNaN(hottest):
		return hottest, nil
	case h.sensor != "" && len(found) > 0:
		return 0, fmt.Errorf("no sensor %q; there are %s", h.sensor, strings.Join(found, ", "))
	case h.sensor != "":
		return 0, fmt.Errorf("no sensor %q", h.sensor)
	}
	return 0, errors.New("no sensor")
}

// sensorName is a thermal zone's type, a chip's label, or the chip's name.
func sensorName(file string) string {
	folder := filepath.Dir(file)
	for _, f := range []string{filepath.Join(folder, "type"), strings.TrimSuffix(file, "_input") + "_label", filepath.Join(folder, "name")} {
		if b, err := os.ReadFile(f); err == nil {
			return strings.TrimSpace(string(b))
		}
	}
	return filepath.Base(folder)
}
