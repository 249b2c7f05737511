package reports_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
)

func TestMetricsSayWhatTheBooksSay(t *testing.T) {
	s := newStage(t, 40, sim.NewClock(), nil, nil)
	s.storm(20*time.Minute, 10*time.Minute, 0.3)
	s.fleet.Switch(40)
	require.NoError(t, s.Clock.Run(sim.Time(time.Hour)))
	m := s.recorder.Moment()
	m.Scenario, m.Sessions = "hot presses", []reports.SessionsMoment{{Kind: "press", Up: 39, Of: 40}}
	m.Counts = []reports.Count{{Words: "clients: sessions that broke", Count: 2}, {Words: "clients: sessions that broke", Count: 3}}
	x := httptest.NewRecorder()
	reports.MetricsHandler(func(*http.Request) (reports.Moment, error) { return m, nil }).ServeHTTP(x, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, http.StatusOK, x.Code)
	golden(t, "metrics.txt", x.Body.Bytes())

	x = httptest.NewRecorder()
	reports.MetricsHandler(func(*http.Request) (reports.Moment, error) { return m, errors.New("over") }).ServeHTTP(x, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, http.StatusServiceUnavailable, x.Code)
	require.Equal(t, "no metrics: over", strings.TrimSpace(x.Body.String()))
}
