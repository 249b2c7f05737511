package broker

import (
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
	pause   time.Duration                         // between two tries
	login   func(o *paho.ClientOptions, n string) // nil: a stranger without a name
	prepare func(a *intruder, name string)        // once it is in
	strike  func(a *intruder, name string)        // each time; nil: being let in was all
}

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
		strike: func(a *intruder, name string) { a.publish(Topic(Readings, name), []byte(`{"seq":4000000000}`)) },
	},
	"replay": {
		pause: 5 * time.Millisecond,
		prepare: func(a *intruder, name string) {
			a.client.Subscribe(Topic(Readings, name), 0, func(_ paho.Client, m paho.Message) { a.keep(m.Topic(), m.Payload()) })
		},
		strike: func(a *intruder, name string) {
			if payload := a.kept(Topic(Readings, name)); payload != nil {
				a.publish(Topic(Readings, name), payload)
			}
		},
	},
	"command_injection": {
		pause:  5 * time.Millisecond,
		strike: func(a *intruder, name string) { a.publish(Topic(Commands, name), []byte(`{"id":1,"command":"stop"}`)) },
	},
	"flood": {
		pause: time.Millisecond,
		strike: func(a *intruder, name string) {
			for range 20 {
				a.publish(Topic(Readings, name), make([]byte, 200))
			}
		},
	},
	"slow_subscriber": {
		pause: 100 * time.Millisecond,
		prepare: func(a *intruder, _ string) {
			a.client.Subscribe(Root+"/#", 0, func(paho.Client, paho.Message) {
				a.hits.Add()
				time.Sleep(time.Second) // in paho's own goroutine: nothing more is read meanwhile
			})
		},
	},
	"snooping": {
		pause: 50 * time.Millisecond,
		strike: func(a *intruder, name string) {
			for _, filter := range []string{"$SYS/#", "#", "$share/all/#", Topic(Commands, name)} {
				a.hits.Add()
				a.client.Subscribe(filter, 0, nil).WaitTimeout(time.Second)
			}
		},
	},
}

// intruder is a stranger at the broker.
type intruder struct {
	client paho.Client
	hits   *sim.Hits
	let    int // times that it was let in
	mu     sync.Mutex
	seen   map[string][]byte // payloads by topic
}

func (a *intruder) publish(topic string, payload []byte) {
	a.hits.Add()
	a.client.Publish(topic, 0, false, payload).WaitTimeout(time.Second)
}

func (a *intruder) keep(topic string, payload []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[topic] = payload
}

func (a *intruder) kept(topic string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[topic]
}

// Assault sends a stranger with an attack against the broker to which dial
// connects, in the names of some things in turn, until stop is called, which says
// how often it was let in.
func Assault(how string, dial func(context.Context) (net.Conn, error), names []string, hits *sim.Hits) (stop func() (letIn int), err error) {
	kind, ok := attacks[how]
	if !ok {
		return nil, fmt.Errorf("there is no attack %q", how)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	a := &intruder{hits: hits, seen: map[string][]byte{}}
	done.Go(func() {
		for n := 0; pause(ctx, kind.pause); n++ {
			name := names[n%len(names)]
			if !a.enter(ctx, &kind, dial, name) {
				continue
			}
			if kind.strike != nil {
				kind.strike(a, name)
			}
		}
		if a.client != nil {
			a.client.Disconnect(0)
		}
	})
	return func() int { cancel(); done.Wait(); return a.let }, nil
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
		a.hits.Add()
	}
	a.client = paho.NewClient(o)
	token := a.client.Connect()
	if !token.WaitTimeout(3*time.Second) || token.Error() != nil {
		return false
	}
	if a.let++; kind.prepare != nil {
		kind.prepare(a, name)
	}
	return true
}
