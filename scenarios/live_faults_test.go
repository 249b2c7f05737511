package scenarios_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// playHarm plays testdata/harm.yaml with a fault in its second second.
func playHarm(t *testing.T, fault string, sets ...string) *reports.Report {
	t.Helper()
	sets = append(sets, "faults=[{at: 1s, for: 1s, "+fault+"}]")
	s, err := scenarios.Load("testdata/harm.yaml", scenarios.Options{Sets: sets})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	r, err := run.Play(context.Background())
	require.NoError(t, err)
	require.True(t, r.Ledger.Balanced, "%v", r.Reasons)
	require.NotZero(t, r.Resilience.Faults[0].Hits, "it did harm to something")
	require.Len(t, r.Resilience.Blows, 1)
	require.True(t, r.Resilience.Blows[0].To.Known(), "it is over")
	require.True(t, r.Resilience.Blows[0].Recovered.Known() || len(r.Resilience.Blows[0].Lost) > 0, "and they came back")
	return r
}

func uplink(r *reports.Report) reports.Phases { return r.Resilience.Blows[0].Uplink }

// Faults of the network are done to the bytes of connections, in clear and over TLS alike.
func TestTheNetworksFaultsAreRealOnSockets(t *testing.T) {
	_, chain, key := certificate(t, t.TempDir())
	secure := fmt.Sprintf("broker.tls={cert: %q, key: %q}", chain, key)
	for fault, check := range map[string]func(t *testing.T, r *reports.Report){
		"fault: latency, where: pump, by: 200ms": func(t *testing.T, r *reports.Report) {
			require.Greater(t, float64(uplink(r).During.Middle), 0.19)
			require.Equal(t, r.Ledger.Readings[0].Sent, r.Ledger.Readings[0].Delivered, "nothing is lost")
		},
		"fault: jitter, where: pump, by: exponential mean 50ms": func(t *testing.T, r *reports.Report) {
			require.Greater(t, float64(uplink(r).During.Middle), 0.04)
			require.Zero(t, r.Ledger.Readings[0].Late, "order is kept")
		},
		"fault: bandwidth, where: pump, bits: 8000": func(t *testing.T, r *reports.Report) {
			require.Greater(t, float64(uplink(r).During.High), 0.5, "1,000 bytes a second are less than is sent")
		},
		"fault: message_loss, where: pump, rate: 30%": func(t *testing.T, r *reports.Report) {
			require.Greater(t, float64(uplink(r).During.High), 0.19, "what is lost is sent again")
		},
		"fault: partition, where: 'pump-0*'": func(t *testing.T, r *reports.Report) {
			require.Greater(t, float64(uplink(r).After.High), 0.5, "what was held up comes late")
		},
		"fault: partition, where: pump, way: down": func(t *testing.T, r *reports.Report) {
			require.Less(t, float64(uplink(r).During.High), 1.0, "readings go the other way")
		},
		"fault: flapping, where: pump, up: 100ms, down: 100ms": func(t *testing.T, r *reports.Report) {
			require.Greater(t, float64(uplink(r).During.High), 0.05)
		},
		"fault: half_open, where: 'pump-0[1-3]'": func(t *testing.T, r *reports.Report) {
			require.NotZero(t, counted(r, "clients: sessions that broke"), "the keep-alive finds out")
		},
		"fault: reset, where: pump, apart: 300ms": func(t *testing.T, r *reports.Report) {
			require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(20))
		},
		"fault: crash, where: 'pump-1*'": func(t *testing.T, r *reports.Report) {
			require.NotZero(t, counted(r, "clients: sessions that broke"))
		},
		"fault: firmware, where: pump": func(t *testing.T, r *reports.Report) {
			require.NotEmpty(t, r.Ledger.Readings[0].Lost)
		},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			check(t, playHarm(t, fault))
		})
		t.Run(fault+" TLS", func(t *testing.T) {
			t.Parallel()
			check(t, playHarm(t, fault, secure))
		})
		if strings.Contains(fault, "reset") || strings.Contains(fault, "half_open") || strings.Contains(fault, "firmware") {
			t.Run(fault+" QoS 1", func(t *testing.T) {
				t.Parallel()
				playHarm(t, fault, "things.pump.qos=1", "things.pump.mqtt={session: persistent, version: 5, keep_alive: 1s}")
			})
		}
	}
}

func TestTheNetworksFaultsAreRealAtABrokerThatIsNotOurs(t *testing.T) {
	m := newMosquitto(t)
	for _, fault := range []string{
		"fault: latency, where: pump, by: 100ms", "fault: partition, where: pump", "fault: reset, where: pump", "fault: half_open, where: pump-01",
		"fault: bandwidth, where: pump, bits: 8000", "fault: message_loss, where: pump, rate: 100%", "fault: flapping, where: pump, up: 100ms, down: 100ms",
		"fault: slow_subscriber", "fault: snooping, where: pump", "fault: spoofed_identity, where: pump", "fault: flood, where: pump", "fault: command_injection, where: pump",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			playHarm(t, fault, "broker.url=mqtt://"+newMosquitto(t).address, "things.pump.qos=1")
		})
	}
	s, err := scenarios.Load("testdata/harm.yaml", scenarios.Options{Sets: []string{"broker.url=mqtt://" + m.address, "faults=[{for: 1s, fault: broker_down}]"}})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Check()
	require.ErrorContains(t, err, "the broker is not ours to stop")
}

// What a broker that is not ours lets through is a finding; what it keeps out is none.
func TestWhoGetsThroughAtABrokerThatIsNotOursIsAFinding(t *testing.T) {
	secrets := filepath.Join(t.TempDir(), "passwords")
	out, err := exec.Command(program(t, "mosquitto_passwd"), "-c", "-b", secrets, "lab", "right").CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Setenv("LAB_USER", "lab")
	t.Setenv("LAB_PASSWORD", "right")
	for attack, words := range map[string]string{
		"rogue_client": "in the name of a device", "spoofed_identity": "in the names of devices were passed on", "replay": "were passed on once more",
		"command_injection": "were passed on to devices", "flood": "of rubbish", "snooping": "came to it",
	} {
		t.Run(attack, func(t *testing.T) {
			t.Parallel()
			fault := "fault: " + attack + ", where: 'pump-0*'"
			finding := func(r *reports.Report) string {
				at := slices.IndexFunc(r.Remarks, func(line string) bool { return strings.Contains(line, "did not keep a stranger out") })
				if at < 0 {
					return ""
				}
				return r.Remarks[at]
			}
			r := playHarm(t, fault, "broker.url=mqtt://"+newMosquitto(t).address)
			account := r.Resilience.Faults[0]
			require.NotZero(t, account.LetIn)
			require.NotZero(t, account.Through)
			require.Contains(t, finding(r), attack+" of pump-0*: ")
			require.Contains(t, finding(r), words)

			closed := newMosquitto(t, "allow_anonymous false", "password_file "+secrets)
			r = playHarm(t, fault, "broker.url=mqtt://"+closed.address, "broker.user=env:LAB_USER", "broker.password=env:LAB_PASSWORD")
			require.Zero(t, r.Resilience.Faults[0].LetIn)
			require.Empty(t, finding(r))
		})
	}
}

func TestTheBrokersFaults(t *testing.T) {
	qualities := map[string]string{
		"broker_down": "0 1 2", "broker_down, sessions: kept": "1 2", "broker_kill": "0 1", "broker_kill, sessions: kept": "2",
		"queue_overflow": "0 1", "session_loss": "1", "slow_subscriber": "1",
	}
	for fault, check := range map[string]func(t *testing.T, r *reports.Report){
		"fault: broker_down": func(t *testing.T, r *reports.Report) {
			require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(20))
			require.Greater(t, float64(r.Resilience.Blows[0].Recovered), 0.0)
		},
		"fault: broker_down, sessions: kept": func(t *testing.T, r *reports.Report) {
			require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(20))
		},
		"fault: broker_kill": func(t *testing.T, r *reports.Report) {
			require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(20))
		},
		"fault: broker_kill, sessions: kept": func(t *testing.T, r *reports.Report) {
			require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(20))
		},
		"fault: queue_overflow": func(t *testing.T, r *reports.Report) {
			b := r.Ledger.Readings[0]
			if lost := b.Sent - b.Delivered - b.InFlight; lost > 0 {
				require.InDelta(t, 400, float64(lost), 60, "a second's readings of QoS 0 find no room")
				require.Equal(t, []reports.Loss{{Medium: "reading", Cause: "platform inbox full", Count: lost}}, b.Lost)
				return
			}
			require.Greater(t, float64(uplink(r).After.High), 0.5, "those that can wait do, and come late")
		},
		"fault: session_loss": func(t *testing.T, r *reports.Report) {
			require.GreaterOrEqual(t, counted(r, "clients: sessions that broke"), uint64(20))
		},
		"fault: slow_subscriber": func(t *testing.T, r *reports.Report) {
			require.Equal(t, r.Ledger.Readings[0].Sent, r.Ledger.Readings[0].Delivered, "nobody else is held up")
		},
	} {
		for _, qos := range strings.Split(qualities[strings.TrimPrefix(fault, "fault: ")], " ") {
			t.Run(fault+" qos "+qos, func(t *testing.T) {
				t.Parallel()
				// Who has tried in vain for a second waits for up to 2.4 s before the next time.
				r := playHarm(t, fault, "duration=5s", "things.pump.qos="+qos, "things.pump.mqtt={keep_alive: 1s, session: persistent, version: 5}")
				check(t, r)
				if qos == "1" || qos == "2" && strings.Contains(fault, "kept") {
					require.Equal(t, r.Ledger.Readings[0].Sent, r.Ledger.Readings[0].Delivered+r.Ledger.Readings[0].InFlight, "it is sent until it is acknowledged")
				}
				if qos == "2" {
					require.Zero(t, r.Ledger.Readings[0].Duplicates, "it comes once")
				}
			})
		}
	}
}

func TestStrangersWhoMeanHarmAreRefused(t *testing.T) {
	for fault, words := range map[string]string{
		"rogue_client": "broker: connections refused", "spoofed_identity": "broker: messages in the name of others",
		"replay": "broker: messages in the name of others", "command_injection": "broker: messages in the name of others",
		"flood": "broker: messages in the name of others", "snooping": "",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			r := playHarm(t, "fault: "+fault+", where: 'pump-0*'")
			require.Equal(t, r.Ledger.Readings[0].Sent, r.Ledger.Readings[0].Delivered, "others are not harmed")
			require.Zero(t, r.Trust.Foreign)
			if fault != "snooping" { // on this machine everybody may observe who is not asked who they are
				require.Zero(t, r.Resilience.Faults[0].Through)
			}
			if words != "" {
				require.NotZero(t, counted(r, words), "%v", r.Trust.Counts)
			}
		})
	}
}
