//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// waits is how long publishing took, as a closed loop measures it: from when a
// message was handed to the client until its token came.
type waits []time.Duration

func (w waits) quantile(q float64) time.Duration {
	if len(w) == 0 {
		return 0
	}
	return w[min(int(q*float64(len(w))), len(w)-1)]
}

// publishPaho is a closed loop over paho: each client hands over a message, waits
// until it has gone out (QoS 0) or is acknowledged (QoS 1), and only then makes
// the next. With a rate it pauses for as long as there is time left until then.
func publishPaho(ctx context.Context, l load) (waits, error) {
	clients := make([]mqtt.Client, l.sessions)
	defer func() {
		for _, c := range clients {
			if c != nil {
				c.Disconnect(50)
			}
		}
	}()
	for i := range clients {
		o := mqtt.NewClientOptions().AddBroker("tcp://" + l.address).SetClientID(fmt.Sprintf("paho-%d", i)).
			SetAutoReconnect(false).SetConnectTimeout(10 * time.Second)
		c := mqtt.NewClient(o)
		if t := c.Connect(); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
			return nil, fmt.Errorf("client %d: %w", i, errors.Join(t.Error(), errors.New("does not connect")))
		}
		clients[i] = c
	}
	every := time.Duration(0)
	if l.rate > 0 {
		every = time.Duration(float64(l.sessions) / l.rate * float64(time.Second))
	}
	end := time.Now().Add(l.lasting)
	all := make([]waits, l.sessions)
	failures := make([]error, l.sessions)
	var running sync.WaitGroup
	for i, c := range clients {
		running.Go(func() {
			topic, body := topicOf(i), payload(i)
			for next := time.Now(); next.Before(end) && ctx.Err() == nil; next = time.Now() {
				t := c.Publish(topic, l.qos, false, body)
				if !t.WaitTimeout(10*time.Second) || t.Error() != nil {
					failures[i] = errors.Join(t.Error(), errors.New("a message was not taken"))
					return
				}
				took := time.Since(next)
				all[i] = append(all[i], took)
				if took < every {
					pause(ctx, every-took)
				}
			}
		})
	}
	running.Wait()
	sorted := slices.Concat(all...)
	slices.Sort(sorted)
	return sorted, errors.Join(failures...)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func pahoCommand(ctx context.Context, args []string, out io.Writer) error {
	l, err := loadFlags("paho", args, 100)
	if err != nil {
		return err
	}
	w, err := publishPaho(ctx, l)
	fmt.Fprintf(out, "%d messages, p50 %v, p95 %v, p99 %v, max %v\n",
		len(w), w.quantile(0.5), w.quantile(0.95), w.quantile(0.99), w.quantile(1))
	return err
}
