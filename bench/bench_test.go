//go:build unix

package main

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryMessageOfARawPublisherIsHeard(t *testing.T) {
	for _, by := range []hearing{byHook, bySubscriber} {
		for qos := range byte(2) {
			for _, burst := range []int{1, 5, ahead} {
				t.Run(fmt.Sprintf("%s QoS %d burst %d", by, qos, burst), func(t *testing.T) {
					p, err := openPlain("127.0.0.1:0", by)
					require.NoError(t, err)
					defer p.close()
					r := raw{load: load{address: p.address, sessions: 10, qos: qos, burst: burst, lasting: 20 * time.Millisecond}}
					require.NoError(t, r.publish(t.Context()))
					require.Positive(t, r.sent.Load())
					// At QoS 1 mochi acknowledges before it hands a message on.
					require.Eventually(t, func() bool { return p.heard.Load() == r.sent.Load() }, 10*time.Second, time.Millisecond)
				})
			}
		}
	}
}

func TestAClosedLoopTellsHowLongEachMessageTook(t *testing.T) {
	p, err := openPlain("127.0.0.1:0", bySubscriber)
	require.NoError(t, err)
	defer p.close()
	w, err := publishPaho(t.Context(), load{address: p.address, sessions: 3, qos: 1, lasting: 20 * time.Millisecond, rate: 1000})
	require.NoError(t, err)
	require.NotEmpty(t, w)
	require.Eventually(t, func() bool { return p.heard.Load() == int64(len(w)) }, 10*time.Second, time.Millisecond)
	require.LessOrEqual(t, w.quantile(0.5), w.quantile(1))
}

func TestTheSteadyRateLeavesBeginningAndEndOut(t *testing.T) {
	began := time.Unix(0, 0)
	var all []sample
	n := int64(0)
	for ms := range 2000 {
		switch {
		case ms < 500 || ms >= 1500: // nobody sends yet, or any more
		case ms < 600 || ms >= 1400:
			n++ // ramps
		default:
			n += 10
		}
		all = append(all, sample{began.Add(time.Duration(ms) * time.Millisecond), n})
	}
	rate, err := steady(all)
	require.NoError(t, err)
	require.Equal(t, 10_000.0, rate)

	_, err = steady(all[:100])
	require.EqualError(t, err, "too little was sent to tell a rate")
}

func TestTheTableComparesMedians(t *testing.T) {
	of := func(rate, share, perCore float64) figure {
		x := unknown()
		x.rate, x.share, x.perCore = rate, share, perCore
		return x
	}
	ceiling := &row{name: "ceiling", figures: []figure{of(90_000, 1, math.NaN()), of(200_000, 1, math.NaN()), of(100_000, 1, math.NaN())}}
	peer := &row{name: "peer", peer: true, figures: []figure{of(50_000, 0.5, 20_000)}}
	ours := of(80_000, 0.8, 50_000)
	ours.p99, ours.unexplained, ours.verdict = 0.0123, 0, "pass"
	fleet := &row{name: "fleet", figures: []figure{ours, ours}}
	missing := &row{name: "missing", peer: true, why: fmt.Errorf("not there")}
	require.Equal(t, `| what | messages/s (min–max) | of the ceiling | a core-second of the generator | to the best peer | p50 | p99 | unexplained | verdicts |
|---|---|---|---|---|---|---|---|---|
| ceiling | 100,000 (90,000–200,000) | 100 % |  |  |  |  |  |  |
| peer | 50,000 (50,000–50,000) | 50 % | 20,000 | 1.0× |  |  |  |  |
| fleet | 80,000 (80,000–80,000) | 80 % | 50,000 | 2.5× |  | 12.3ms | 0 | 2 pass |
| missing | none: not there ||||||||
`, table([]*row{ceiling, peer, fleet, missing}))
}

func TestOnlyBrokersOnThisMachineAreLoaded(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:1883": true, "[::1]:1883": true, "localhost:1883": true,
		"192.168.1.7:1883": false, "broker.example:1883": false, "127.0.0.1": false, "": false,
	} {
		_, err := loadFlags("raw", []string{"--broker", address}, 1)
		require.Equal(t, ok, err == nil, address)
	}
}
