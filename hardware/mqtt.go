package hardware

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/twinbed/twinbed/sim/units"
)

// mqttDevice is one connection to the device's broker. It does not reconnect:
// what a client sends again by itself after an outage is a command that nobody
// waits for any more. A new Open subscribes anew.
type mqttDevice struct {
	config *MQTT
	site   Site
	client mqtt.Client
	conn   net.Conn
	topics map[string][]source // what a topic carries
	silent time.Duration

	mu       sync.Mutex
	values   []float64   // last value per signal
	came     []time.Time // when; zero: never
	heard    time.Time   // last good message, or when the device was opened
	waiting  []message   // not yet taken by Next
	skipped  int         // messages that gave way since Next took one
	mistaken uint64      // messages that could not be read
	mistake  error       // the last of them
	news     chan struct{}

	gone    chan struct{} // closed with the connection
	why     error
	goneNow sync.Once
}

type source struct {
	signal int
	path   string
}

// message is what one payload told: NaN where nothing, or why it told nothing.
type message struct {
	values  []float64
	came    time.Time
	mistake error
}

// waitingMessages is how many messages wait for Next; older ones give way.
const waitingMessages = 256

// Open connects to the broker and subscribes to the device's topics.
func (c *MQTT) Open(ctx context.Context, site Site) (Adapter, error) {
	address, err := c.address()
	if err != nil {
		return nil, err
	}
	d := &mqttDevice{
		config: c, site: site, silent: c.silentAfter(), topics: map[string][]source{},
		values: blank(len(site.Signals)), came: make([]time.Time, len(site.Signals)), heard: time.Now(),
		news: make(chan struct{}, 1), gone: make(chan struct{}),
	}
	filters := map[string]byte{}
	for i, s := range site.Signals {
		for _, m := range c.Signals {
			if m.Name == s.Name {
				topic := inTopic(m.Topic, site.Thing)
				d.topics[topic] = append(d.topics[topic], source{i, m.Path})
				filters[topic] = max(filters[topic], byte(m.QoS))
			}
		}
	}
	options, err := c.options(ctx, d, address)
	if err != nil {
		return nil, err
	}
	d.client = mqtt.NewClient(options)
	if err := d.settle(ctx, d.client.Connect()); err != nil {
		return nil, errors.Join(fmt.Errorf("broker %s: %w", address.Host, err), d.Close())
	}
	if err := d.subscribe(ctx, filters); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (c *MQTT) options(ctx context.Context, d *mqttDevice, address *url.URL) (*mqtt.ClientOptions, error) {
	secure, err := c.trust(d.site, address)
	if err != nil {
		return nil, err
	}
	name := c.Client
	if name == "" {
		name = "twinbed-" + rand.Text()[:12]
	}
	o := mqtt.NewClientOptions().AddBroker(address.String()).SetClientID(name).
		SetProtocolVersion(4).SetCleanSession(true).SetAutoReconnect(false).
		SetKeepAlive(c.keepAlive()).SetPingTimeout(max(c.keepAlive()/2, time.Second)).
		SetWriteTimeout(writeTimeout).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { d.take(m) }).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { d.leave(fmt.Errorf("connection lost: %w", err)) }).
		SetCustomOpenConnectionFn(func(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
			return d.dial(ctx, u.Host, secure)
		})
	if end, ok := ctx.Deadline(); ok {
		o.SetConnectTimeout(max(time.Until(end), time.Millisecond))
	}
	user, err := secret(d.site, c.UsernameEnv)
	if err != nil {
		return nil, err
	}
	password, err := secret(d.site, c.PasswordEnv)
	if err != nil {
		return nil, err
	}
	return o.SetUsername(user).SetPassword(password), nil
}

func (d *mqttDevice) subscribe(ctx context.Context, filters map[string]byte) error {
	if len(filters) == 0 {
		return nil
	}
	token := d.client.SubscribeMultiple(filters, nil)
	if err := d.settle(ctx, token); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	var refused []string
	for topic, code := range token.(*mqtt.SubscribeToken).Result() {
		if code == 0x80 { // the token has no error then
			refused = append(refused, topic)
		}
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		return fmt.Errorf("the broker refuses subscriptions to %s", strings.Join(refused, ", "))
	}
	return nil
}

// settle waits for what a token stands for, the connection's end, or ctx's.
func (d *mqttDevice) settle(ctx context.Context, token mqtt.Token) error {
	select {
	case <-token.Done():
		return token.Error()
	case <-d.gone:
		return d.why
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take hears a message; on paho's thread, so it never waits. One that the broker
// had kept is passed over: nobody knows how old it is.
func (d *mqttDevice) take(m mqtt.Message) {
	if m.Retained() {
		return
	}
	told := message{values: blank(len(d.values)), came: time.Now()}
	p := payload{text: m.Payload()}
	d.mu.Lock()
	defer d.mu.Unlock()
	good := false
	for _, s := range d.topics[m.Topic()] {
		x, err := p.number(s.path)
		if err != nil {
			told.mistake = fmt.Errorf("%w: %s from %s: %w", ErrMalformed, d.site.Signals[s.signal].Name, m.Topic(), err)
			continue
		}
		good = true
		told.values[s.signal], d.values[s.signal], d.came[s.signal] = x, x, told.came
	}
	if good {
		told.mistake, d.heard = nil, told.came // a message need not hold every signal of its topic
	} else {
		d.mistaken, d.mistake = d.mistaken+1, told.mistake
	}
	if len(d.waiting) == waitingMessages {
		d.waiting = d.waiting[1:]
		d.skipped++
	}
	d.waiting = append(d.waiting, told)
	select {
	case d.news <- struct{}{}:
	default:
	}
}

func (d *mqttDevice) leave(why error) {
	d.goneNow.Do(func() { d.why = why; close(d.gone) })
}

// Sense gives the last value of each signal that is not too old, waiting for the
// first.
func (d *mqttDevice) Sense(ctx context.Context, values []float64) error {
	for {
		if err := d.usable(ctx); err != nil {
			return err
		}
		d.mu.Lock()
		had := false
		for i, came := range d.came {
			if !came.IsZero() && time.Since(came) <= d.silent {
				values[i] = d.values[i]
				had = had || !math.IsNaN(values[i])
			}
		}
		d.mu.Unlock()
		if had || len(d.topics) == 0 {
			return nil
		}
		if err := d.await(ctx); err != nil {
			return err
		}
	}
}

// Next gives what the next message told.
func (d *mqttDevice) Next(ctx context.Context, values []float64) (Push, error) {
	for {
		if err := d.usable(ctx); err != nil {
			return Push{}, err
		}
		d.mu.Lock()
		if len(d.waiting) > 0 {
			m, skipped := d.waiting[0], d.skipped
			d.waiting, d.skipped = d.waiting[1:], 0
			d.mu.Unlock()
			copy(values, m.values)
			return Push{Came: m.came, Skipped: skipped}, m.mistake
		}
		d.mu.Unlock()
		if err := d.await(ctx); err != nil {
			return Push{}, err
		}
	}
}

// usable is nil while the connection stands and ctx has not ended.
func (d *mqttDevice) usable(ctx context.Context) error {
	select {
	case <-d.gone:
		return d.why
	default:
		return ctx.Err()
	}
}

// await lasts until a message comes, or tells why none does.
func (d *mqttDevice) await(ctx context.Context) error {
	var silence <-chan time.Time
	d.mu.Lock()
	left := d.silent - time.Since(d.heard)
	d.mu.Unlock()
	if len(d.topics) > 0 {
		t := time.NewTimer(max(left, 0))
		defer t.Stop()
		silence = t.C
	}
	select {
	case <-d.news:
		return nil
	case <-d.gone:
		return d.why
	case <-silence:
		return d.silence(nil)
	case <-ctx.Done():
		return d.silence(ctx.Err())
	}
}

// silence tells how long nothing has come, and what came that could not be read.
func (d *mqttDevice) silence(cause error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := fmt.Errorf("the device is silent: nothing to read for %s", units.FormatDuration(time.Since(d.heard)))
	if d.mistake != nil {
		err = fmt.Errorf("%w; %d payloads could not be read, the last as %w", err, d.mistaken, d.mistake)
	}
	if cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// Act publishes a command and waits until the broker has it.
func (d *mqttDevice) Act(ctx context.Context, name string, value float64) error {
	m := d.config.command(name)
	if m == nil {
		return fmt.Errorf("%w %q: it has no topic", ErrUnknownCommand, name)
	}
	if err := d.usable(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	sent := make(chan mqtt.Token, 1)
	go func() { // paho waits for the socket here, whatever ctx says
		sent <- d.client.Publish(inTopic(m.Topic, d.site.Thing), byte(m.QoS), m.Retain, written(m.Payload, value))
	}()
	select {
	case token := <-sent:
		return d.settle(ctx, token)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Describe names the topics that are listened to, and signals without one.
func (d *mqttDevice) Describe() []string {
	var lines []string
	for i, s := range d.site.Signals {
		line := s.Name + ": no topic"
		for topic, sources := range d.topics {
			if slices.ContainsFunc(sources, func(x source) bool { return x.signal == i }) {
				line = s.Name + ": " + topic
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// Close takes leave of the broker.
func (d *mqttDevice) Close() error {
	d.leave(net.ErrClosed)
	if d.client.IsConnectionOpen() {
		d.client.Disconnect(250)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		_ = d.conn.Close() // paho may have closed it before
	}
	return nil
}
