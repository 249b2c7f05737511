package broker

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/twinbed/twinbed/sim"
)

// attack is one thing that a stranger tries, again and again.
type attack struct {
	pause  time.Duration                         // between two tries
	login  func(o *paho.ClientOptions, n string) // nil: a stranger without a name, for whom to be let in is nothing yet
	aims   func(name string) string              // the topic on which it speaks: it listens there whether that is passed on
	strike func(a *intruder, name string)        // each time; nil: being let in was all
}

func atReadings(name string) string { return Topic(Readings, name) }
func atCommands(name string) string { return Topic(Commands, name) }

// attacks are what there is, by name.
var attacks = map[string]attack{
	"rogue_client": {
		pause: 20 * time.Millisecond,
		login: func(o *paho.ClientOptions, name string) {
			o.SetClientID(clientID(name)).SetUsername(ownUser).SetPassword("a guess")
		},
	},
	"spoofed_identity": {
		pause:  5 * time.Millisecond,
		aims:   atReadings,
		strike: func(a *intruder, name string) { a.publish(Topic(Readings, name), []byte(`{"seq":4000000000}`)) },
	},
	"replay": {
		pause: 5 * time.Millisecond,
		aims:  atReadings,
		strike: func(a *intruder, name string) {
			if payload := a.heard(Topic(Readings, name)); payload != nil {
				a.publish(Topic(Readings, name), payload)
			}
		},
	},
	"command_injection": {
		pause:  5 * time.Millisecond,
		aims:   atCommands,
		strike: func(a *intruder, name string) { a.publish(Topic(Commands, name), []byte(`{"id":1,"command":"stop"}`)) },
	},
	"flood": {
		pause: time.Millisecond,
		aims:  atReadings,
		strike: func(a *intruder, name string) {
			for range 20 {
				a.publish(Topic(Readings, name), make([]byte, 200))
			}
		},
	},
	"slow_subscriber": {
		pause: 100 * time.Millisecond,
		strike: func(a *intruder, _ string) {
			a.ask(Root+"/#", func(paho.Client, paho.Message) {
				a.hits.Add()
				time.Sleep(time.Second) // in paho's own goroutine: nothing more is read meanwhile
			})
		},
	},
	"snooping": {
		pause: 50 * time.Millisecond,
		strike: func(a *intruder, name string) {
			for _, filter := range []string{"$SYS/#", "#", "$share/all/#", Topic(Commands, name)} {
				a.ask(filter, func(paho.Client, paho.Message) { a.hits.GotThrough() })
				a.hits.Add()
			}
		},
	},
}

// intruder is a stranger at the broker.
type intruder struct {
	client paho.Client
	hits   *sim.Hits
	asked  map[string]struct{} // filters, of this connection
	mu     sync.Mutex
	seen   map[string][]byte // payloads of others, by topic
	said   map[string][]byte // its own latest
}

func (a *intruder) publish(topic string, payload []byte) {
	a.hits.Add()
	a.mu.Lock()
	a.said[topic] = payload
	a.mu.Unlock()
	a.client.Publish(topic, 0, false, payload).WaitTimeout(time.Second)
}

// ask subscribes, once for each connection.
func (a *intruder) ask(filter string, hear paho.MessageHandler) {
	if _, again := a.asked[filter]; again {
		return
	}
	a.asked[filter] = struct{}{}
	a.client.Subscribe(filter, 0, hear).WaitTimeout(time.Second)
}

// listen hears what is said on a topic. What it has said itself has been passed on, as
// to anybody who listens there.
func (a *intruder) listen(_ paho.Client, m paho.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if own := a.said[m.Topic()]; own != nil && bytes.Equal(own, m.Payload()) {
		a.hits.GotThrough()
		return
	}
	a.seen[m.Topic()] = m.Payload()
}

// heard is the latest that others said on a topic.
func (a *intruder) heard(topic string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[topic]
}

// Assault sends a stranger with an attack against the broker to which dial
// connects, in the names of some things in turn, until stop is called. What comes of it
// is among the hits.
func Assault(how string, dial func(context.Context) (net.Conn, error), names []string, hits *sim.Hits) (stop func(), err error) {
	kind, ok := attacks[how]
	if !ok {
		return nil, fmt.Errorf("there is no attack %q", how)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	a := &intruder{hits: hits, seen: map[string][]byte{}, said: map[string][]byte{}}
	done.Go(func() {
		for n := 0; pause(ctx, kind.pause); n++ {
			name := names[n%len(names)]
			if !a.enter(ctx, &kind, dial, name) {
				continue
			}
			if kind.aims != nil {
				a.ask(kind.aims(name), a.listen)
			}
			if kind.strike != nil {
				kind.strike(a, name)
			}
		}
		if a.client != nil {
			a.client.Disconnect(0)
		}
	})
	return func() { cancel(); done.Wait() }, nil
}

// enter makes sure that the intruder is in, or has tried to be.
func (a *intruder) enter(ctx context.Context, kind *attack, dial func(context.Context) (net.Conn, error), name string) bool {
	if a.client != nil && a.client.IsConnectionOpen() {
		return true
	}
	o := paho.NewClientOptions().AddBroker("tcp://the.broker:1883").SetClientID("intruder").SetAutoReconnect(false).SetConnectRetry(false).
		SetConnectTimeout(2 * time.Second).SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return dial(ctx) })
	if kind.login != nil {
		kind.login(o, name)
	}
	a.hits.Add()
	a.client, a.asked = paho.NewClient(o), map[string]struct{}{}
	token := a.client.Connect()
	if !token.WaitTimeout(3*time.Second) || token.Error() != nil {
		return false
	}
	a.hits.LetIn()
	if kind.login != nil {
		a.hits.GotThrough()
	}
	return true
}
