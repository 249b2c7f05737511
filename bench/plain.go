//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// plain is mochi as it comes, counting what things publish.
type plain struct {
	server  *mqtt.Server
	address string
	heard   atomic.Int64
}

// hearing is how a plain broker's program hears what things publish.
type hearing string

const (
	byHook       hearing = "hook"       // as early as mochi lets one: nothing goes through its fan-out
	bySubscriber hearing = "subscriber" // as mochi means it: one inline subscriber to all
)

// openPlain begins to serve on a loopback address; port 0 takes a free one.
func openPlain(address string, by hearing) (*plain, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	p := &plain{address: l.Addr().String()}
	p.server = mqtt.New(&mqtt.Options{Logger: slog.New(slog.DiscardHandler), InlineClient: true})
	if err := p.server.AddHook(&counter{plain: p, by: by}, nil); err != nil {
		return nil, err
	}
	if by == bySubscriber {
		count := func(*mqtt.Client, packets.Subscription, packets.Packet) { p.heard.Add(1) }
		if err := p.server.Subscribe(things+"+/readings", 1, count); err != nil {
			return nil, err
		}
	}
	if err := p.server.AddListener(listeners.NewNet("tcp", l)); err != nil {
		return nil, err
	}
	return p, p.server.Serve()
}

func (p *plain) close() { _ = p.server.Close() }

// counter is the hook that lets everybody in, and that counts.
type counter struct {
	mqtt.HookBase
	plain *plain
	by    hearing
}

func (c *counter) ID() string { return "counter" }

func (c *counter) Provides(b byte) bool {
	return b == mqtt.OnConnectAuthenticate || b == mqtt.OnACLCheck || b == mqtt.OnPublish && c.by == byHook
}

func (c *counter) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }
func (c *counter) OnACLCheck(*mqtt.Client, string, bool) bool              { return true }

// OnPublish counts what things send and hands their readings to nobody.
func (c *counter) OnPublish(_ *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	if !strings.HasPrefix(pk.TopicName, things) {
		return pk, nil
	}
	c.plain.heard.Add(1)
	if strings.HasSuffix(pk.TopicName, "/readings") {
		return pk, packets.CodeSuccessIgnore
	}
	return pk, nil
}

// things is what topics begin with that are counted.
const things = "twinbed/things/"

func topicOf(i int) string { return fmt.Sprintf("%ssensor-%04d/readings", things, i) }

// brokerCommand serves until its standard input ends.
func brokerCommand(ctx context.Context, args []string, out io.Writer) error {
	f := flags("broker")
	listen := f.String("listen", "127.0.0.1:0", "a loopback address")
	by := f.String("by", string(byHook), "how publishes are heard: hook or subscriber")
	if err := f.Parse(args); err != nil {
		return err
	}
	if !loopback(*listen) {
		return errors.New("--listen is an address on this machine, such as 127.0.0.1:1883")
	}
	p, err := openPlain(*listen, hearing(*by))
	if err != nil {
		return err
	}
	defer p.close()
	fmt.Fprintln(out, p.address)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return nil
}
