package scenarios_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// part is one of the two that play testdata/durable.yaml.
type part struct {
	run  *scenarios.Run
	end  context.CancelFunc
	done chan *reports.Report
	err  error
}

func playPart(t *testing.T, only, address string, staging scenarios.Staging, sets ...string) *part {
	s, err := scenarios.Load("testdata/durable.yaml", scenarios.Options{Only: only, Broker: "mqtt://" + address, Sets: sets})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	run, err := s.Stage(staging)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	p := &part{run: run, end: cancel, done: make(chan *reports.Report, 1)}
	go func() {
		var r *reports.Report
		r, p.err = run.Play(ctx)
		p.done <- r
	}()
	return p
}

func (p *part) report(t *testing.T) *reports.Report {
	r := <-p.done
	p.end()
	require.NoError(t, p.err)
	return r
}

// ends waits for a run that cannot be played.
func (p *part) ends(t *testing.T) {
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		t.Fatal("it is played")
	}
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func awaitBroker(t *testing.T, address string) {
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 20*time.Second, 5*time.Millisecond)
}

func TestARunThatGoesOnKnowsWhatItKnew(t *testing.T) {
	address, out := freeAddress(t), t.TempDir()
	first := playPart(t, scenarios.OnlyPlatform, address, scenarios.Staging{Out: out}, "duration=1h")
	awaitBroker(t, address)
	fleet := playPart(t, scenarios.OnlyFleet, address, scenarios.Staging{}, "duration=5s")
	time.Sleep(2 * time.Second)
	first.end() // its journal ends here, as at a kill
	before := first.report(t)

	second := playPart(t, scenarios.OnlyPlatform, address, scenarios.Staging{Out: out, Resume: true}, "duration=1h")
	f := fleet.report(t)
	second.end()
	after := second.report(t)

	require.Equal(t, f.Ledger.Readings[0].Sent, after.Durable.Numbered)
	require.Zero(t, after.Durable.Missing)
	require.True(t, after.Ledger.Balanced, after.Reasons)
	require.Len(t, after.Durable.Resumed, 1)
	life := after.Durable.Resumed[0]
	require.Equal(t, before.Ledger.Readings[0].Delivered, life.Readings, "what the first had in its twins the second has")
	require.GreaterOrEqual(t, after.Decisions[0].Fired, before.Decisions[0].Fired)
	require.NotZero(t, before.Decisions[0].Fired)
	require.Zero(t, after.Ledger.Turns.Unexplained)
	require.Zero(t, after.Ledger.Tasks.Unexplained)
	require.Equal(t, after.Ledger.Commands.Closed.Done, f.Ledger.Commands.Closed.Done, "no command was carried out twice")

	third := playPart(t, scenarios.OnlyPlatform, freeAddress(t), scenarios.Staging{Out: out, Resume: true}, "duration=2h")
	third.ends(t)
	require.ErrorContains(t, third.err, "another scenario")
}

func TestAFullDiskHoldsSendersUpAndLosesNothing(t *testing.T) {
	address, out := freeAddress(t), t.TempDir()
	platform := playPart(t, scenarios.OnlyPlatform, address, scenarios.Staging{Out: out}, "duration=1h",
		"faults=[{at: 1s, for: 1s, fault: disk_full}, {at: 3s, for: 1s, fault: slow_disk, by: 30ms}]")
	awaitBroker(t, address)
	f := playPart(t, scenarios.OnlyFleet, address, scenarios.Staging{}, "duration=5s").report(t)
	platform.end()
	r := platform.report(t)
	require.Equal(t, f.Ledger.Readings[0].Sent, f.Ledger.Readings[0].Delivered)
	require.Equal(t, f.Ledger.Readings[0].Delivered, r.Durable.Numbered)
	require.NotZero(t, r.Durable.Refusals)
	require.Greater(t, float64(f.Uplinks[0].Max), 0.5, "acknowledgements waited for the disk")
	require.True(t, r.Ledger.Balanced, r.Reasons)
}

func TestADamagedJournalIsNotPlayed(t *testing.T) {
	address, out := freeAddress(t), t.TempDir()
	p := playPart(t, scenarios.OnlyPlatform, address, scenarios.Staging{Out: out}, "duration=1h")
	awaitBroker(t, address)
	playPart(t, scenarios.OnlyFleet, address, scenarios.Staging{}, "duration=1s").report(t)
	p.end()
	p.report(t)
	names, err := filepath.Glob(filepath.Join(out, "journal", "*.log"))
	require.NoError(t, err)
	text, err := os.ReadFile(names[0])
	require.NoError(t, err)
	text[len(text)/2] ^= 1
	require.NoError(t, os.WriteFile(names[0], text, 0o600))
	p = playPart(t, scenarios.OnlyPlatform, address, scenarios.Staging{Out: out, Resume: true}, "duration=1h")
	p.ends(t)
	require.ErrorContains(t, p.err, "damaged at byte")
}

func TestWhatCannotBeKeptIsRefused(t *testing.T) {
	for set, words := range map[string]string{
		"clock=realtime":              "things would end with this process",
		"people.mechanic.phone=true":  "phone",
		"broker.url=mqtt://elsewhere": "another's",
	} {
		s, err := scenarios.Load("testdata/durable.yaml", scenarios.Options{Sets: []string{set}})
		require.NoError(t, err)
		_, err = s.Stage(scenarios.Staging{Out: t.TempDir()})
		require.ErrorContains(t, err, words)
		require.NoError(t, s.Close())
	}
	_, err := scenarios.Load("testdata/durable.yaml", scenarios.Options{Only: scenarios.OnlyFleet})
	require.ErrorContains(t, err, "--broker")
	_, err = scenarios.Load("testdata/durable.yaml", scenarios.Options{Only: scenarios.OnlyFleet, Broker: "mqtt://x:1", Sets: []string{"things.sensor.qos=0"}})
	require.ErrorContains(t, err, "qos: 0")
	_, err = scenarios.Load("testdata/durable.yaml", scenarios.Options{Only: scenarios.OnlyFleet, Broker: "mqtt://x:1", Sets: []string{"clock=virtual"}})
	require.ErrorContains(t, err, "live runs")
}

func TestAPlatformWithAJournalForgetsNothingWhenItCrashes(t *testing.T) {
	play := func(keep string) *reports.Report {
		s, err := scenarios.Load("testdata/faults.yaml", scenarios.Options{Sets: []string{
			"faults=[{at: 30m, for: 1h, fault: platform_crash}]", "durable=" + keep,
		}})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		run, err := s.Stage(scenarios.Staging{})
		require.NoError(t, err)
		r, err := run.Play(t.Context())
		require.NoError(t, err)
		require.True(t, r.Ledger.Balanced, r.Reasons)
		return r
	}
	require.NotEmpty(t, play("nothing").Ledger.Readings[0].Lost)
	require.Empty(t, play("journal").Ledger.Readings[0].Lost)
}
