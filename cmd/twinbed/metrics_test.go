package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// heard is what a command says, for several goroutines.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
	told chan struct{}
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(b)
	select {
	case h.told <- struct{}{}:
	default:
	}
	return len(b), nil
}

// find waits until something has been said.
func (h *heard) find(pattern string) []string {
	find := regexp.MustCompile(pattern)
	for range h.told {
		h.mu.Lock()
		found := find.FindStringSubmatch(h.text.String())
		h.mu.Unlock()
		if found != nil {
			return found
		}
	}
	return nil
}

// scrape asks for metrics as Prometheus does: samples by name and what their
// labels say.
func scrape(t *testing.T, url string) map[string]float64 {
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(text))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	require.NoError(t, err)
	found := map[string]float64{}
	for _, family := range families {
		samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, family)
		require.NoError(t, err)
		for _, s := range samples {
			name := string(s.Metric[model.MetricNameLabel])
			delete(s.Metric, model.MetricNameLabel)
			found[name+s.Metric.String()] = float64(s.Value)
		}
	}
	return found
}

func TestMetricsAreThoseOfTheRunWhileItLasts(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	said := &heard{told: make(chan struct{}, 1)}
	over := make(chan int, 1)
	go func() {
		over <- run([]string{"run", "hello", "--set", "things.sensor.count=20", "--duration", "1h", "--metrics", "127.0.0.1:0"},
			&console{Context: ctx, out: io.Discard, err: said, lookupEnv: os.LookupEnv})
	}()
	base := said.find(`metrics: (http://127\.0\.0\.1:\d+)/metrics`)[1]
	const delivered, sent, played = `twinbed_readings_delivered_total{kind="sensor"}`, `twinbed_readings_sent_total{kind="sensor"}`, `twinbed_scenario_seconds{scenario="hello"}`
	first := scrape(t, base+"/metrics")
	require.Contains(t, first, delivered)
	second := first
	for second[delivered] == first[delivered] {
		second = scrape(t, base+"/metrics")
	}
	require.Greater(t, second[played], first[played])
	require.GreaterOrEqual(t, second[sent], second[delivered])
	require.Equal(t, 20.0, second[`twinbed_sessions_up{kind="sensor"}`])
	require.Equal(t, 20.0, second[`twinbed_sessions{kind="sensor"}`])
	for _, name := range []string{
		"twinbed_clock_lateness_p99_seconds{}", `twinbed_loops_open{decision="too hot"}`, `twinbed_loops_closed_total{decision="too hot", outcome="done"}`,
		`twinbed_loop_seconds{decision="too hot", quantile="0.99"}`, `twinbed_loop_seconds_count{decision="too hot"}`,
	} {
		require.Contains(t, second, name)
	}
	for name := range second {
		require.True(t, strings.HasPrefix(name, "twinbed_"), "%s is not the run's", name)
	}
	for _, path := range []string{"/", "/debug/pprof/"} {
		answer, err := http.Get(base + path)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusNotFound, answer.StatusCode)
	}
	cancel()
	require.Equal(t, 3, <-over)
	_, err := http.Get(base + "/metrics")
	require.Error(t, err, "when the run is over nobody listens")
}
