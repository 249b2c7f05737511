package scenarios

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strconv"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// hub is the broker at which a run's clients meet: our own, or somebody else's.
type hub interface {
	broker.Entry
	sim.Device
	Outside(sim.ThingID)
	External(secret string, take func(*sim.Order))
	Phone(worker string, f broker.Foreman) *broker.Phone
	Mirror() *broker.Mirror
	Open() error
	InFlight() (readings, commands, acks int)
	Counts() []broker.Count
	Close() error
}

// Secret is an environment variable that holds what does not belong in a file.
type Secret struct {
	Env string `key:"-"`
}

var secretWords = regexp.MustCompile(`^env:([A-Za-z_][A-Za-z0-9_]*)$`)

// FromWords reads env:NAME.
func (s *Secret) FromWords(text string) error {
	m := secretWords.FindStringSubmatch(text)
	if m == nil {
		return errors.New("secrets do not stand in a scenario: write env:NAME, and have the environment variable NAME hold it")
	}
	s.Env = m[1]
	return nil
}

// WordsPattern accepts env:NAME.
func (Secret) WordsPattern() string { return secretWords.String() }

// value looks the secret up; "" where none is wanted.
func (b *builder) value(s Secret) (string, error) {
	if s.Env == "" {
		return "", nil
	}
	if v, ok := b.staging.LookupEnv(s.Env); ok {
		return v, nil
	}
	return "", fmt.Errorf("the environment variable %s is not set", s.Env)
}

// foreignBroker is where the scenario's own broker is and how to be let in; nil
// where it is ours.
func (b *builder) foreignBroker() *broker.RemoteOptions {
	x := &b.scenario.Broker
	if x.URL == "" {
		for key, set := range map[string]bool{"user": x.User.Env != "", "password": x.Password.Env != "", "ca": x.CA != ""} {
			if set {
				b.wrong(sim.Wrongf("broker."+key, "that is for a broker that is not ours: url says where it is"))
			}
		}
		b.entrance()
		b.listening("broker.tcp", x.TCP)
		b.listening("broker.web_socket", x.WebSocket)
		return nil
	}
	for _, key := range x.keys() {
		b.wrong(sim.Wrongf(key, "that is for our own broker, and url names another"))
	}
	o := &broker.RemoteOptions{Apart: b.Script.options.Only == OnlyFleet}
	u, err := url.Parse(x.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "mqtt" && u.Scheme != "mqtts":
		b.wrong(sim.Wrongf("broker.url", "%.80q is no address of a broker: write mqtt://host:port, or mqtts://host:port for TLS", x.URL))
		return nil
	case u.User != nil:
		b.wrong(sim.Wrongf("broker.url", "credentials do not belong in an address: write user: env:NAME and password: env:NAME"))
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		b.wrong(sim.Wrongf("broker.url", "an address of a broker ends with its port"))
	}
	if x.WebSocket != "" {
		b.wrong(sim.Wrongf("broker.web_socket", "it is our own broker that would listen there, and url names another"))
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"mqtt": "1883", "mqtts": "8883"}[u.Scheme]
	}
	o.Address = net.JoinHostPort(u.Hostname(), port)
	if u.Scheme == "mqtts" {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}
		if o.TLS.RootCAs, err = b.authorities(x.CA); err != nil {
			b.wrong(sim.Wrongf("broker.ca", "%v", err))
		}
	} else if x.CA != "" {
		b.wrong(sim.Wrongf("broker.ca", "certificates are for mqtts://"))
	}
	for _, t := range b.scenario.Things {
		o.QoS = max(o.QoS, byte(t.QoS))
	}
	return o
}

// listening checks where our own broker is to listen, without opening anything.
func (b *builder) listening(path, address string) {
	if address == "" {
		return
	}
	host, port, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	switch _, wrong := strconv.ParseUint(port, 10, 16); {
	case err != nil:
		b.wrong(sim.Wrongf(path, "%.80q is no address to listen on: write host and port, as in 127.0.0.1:1883", address))
	case wrong != nil:
		b.wrong(sim.Wrongf(path, "%.20q is no port: these go from 0, which takes a free one, to 65535", port))
	case host == "localhost" || ip != nil && ip.IsLoopback():
	case b.scenario.Broker.TLS.Cert == "" || !b.scenario.Broker.closed():
		b.wrong(sim.Wrongf(path, "%.80q can be reached from other machines: that needs tls, and users or client certificates; use 127.0.0.1", address))
	}
}

// authorities are those whose certificates are trusted; nil for the system's.
func (b *builder) authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	f, err := b.open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	pem, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return pool, nil
}

// openHub makes the broker of a live run, or the way to it.
func (b *builder) openHub(foreign *broker.RemoteOptions) (err error) {
	s, w := b.scenario, b.World
	if foreign == nil {
		listen := broker.GateOptions{Options: contained.Options{TCP: s.Broker.TCP, WebSocket: s.Broker.WebSocket}}
		if b.staging.InMemory {
			listen = broker.GateOptions{}
		}
		if err := b.admission(&listen); err != nil {
			return err
		}
		s.Broker.Limits.bound(&listen.Options, w.Roster.Size())
		listen.ClientQueue = queueFor(w.Roster.Size(), b.External != nil)
		gate, err := broker.NewGate(w, listen)
		if err != nil {
			return err
		}
		b.live.hub = gate
		if b.journaled() {
			gate.Keep()
		}
		return b.invite()
	}
	if foreign.Username, err = b.value(s.Broker.User); err != nil {
		return fmt.Errorf("broker.user: %w", err)
	}
	if foreign.Password, err = b.value(s.Broker.Password); err != nil {
		return fmt.Errorf("broker.password: %w", err)
	}
	remote, err := broker.NewRemote(w, *foreign)
	if err != nil {
		return err
	}
	b.live.hub = remote
	if !foreign.Apart { // else nobody hears of messages but by their acknowledgements
		b.live.outages = remote.Outages()
		w.Observers = append(w.Observers, b.live.outages)
	}
	return b.invite()
}

// queueFor is how long each client's queue is among so many. All have the same:
// where a platform among them hears all readings 65,536 messages at most and 64 MiB
// in all; else 1,024 and 4 MiB, but 64 at least, for the commands of a thing.
func queueFor(clients int, attended bool) int {
	clients = max(clients, 1)
	if attended {
		return min(max(1<<23/clients, 1<<10), 1<<16)
	}
	return min(max(1<<19/clients, 1<<6), 1<<10)
}

// invite lets an external platform in.
func (b *builder) invite() error {
	if b.External == nil {
		return nil
	}
	secret, err := b.value(b.scenario.Platform.Secret)
	if err != nil {
		return fmt.Errorf("platform.secret: %w", err)
	}
	b.live.attended = true
	b.live.hub.External(secret, b.External.Order)
	return nil
}

// BrokerAddress is where MQTT clients find the broker of a live run: host and port.
func (r *Run) BrokerAddress() string {
	switch h := r.live.hub.(type) {
	case *broker.Gate:
		return h.TCP()
	case *broker.Remote:
		return h.Address()
	}
	return ""
}

// brokers says where clients find the broker.
func (r *Run) brokers() string {
	switch h := r.live.hub.(type) {
	case *broker.Gate:
		if r.journaled() { // it opens when the journal has been read
			return "mqtt://" + r.Script.Broker.TCP
		}
		if web := h.WebSocket(); web != "" {
			return h.URL() + " and " + web
		}
		return h.URL()
	case *broker.Remote:
		return r.Script.Broker.URL + ", which is not ours"
	}
	return "mqtt://" + r.BrokerAddress()
}
