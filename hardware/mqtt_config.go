package hardware

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	Adapters.Add("mqtt", "a device that talks MQTT in its own topics and payloads", func() Config { return &MQTT{} })
}

// MQTT is a device behind a broker of its own. {thing} in a topic stands for the
// thing's name.
type MQTT struct {
	Broker      string        `required:"true" doc:"the broker's address: tcp://192.168.1.7:1883, or ssl://… for TLS"`
	Client      string        `doc:"client identifier; without it one that no other has"`
	UsernameEnv string        `doc:"environment variable that holds the user name"`
	PasswordEnv string        `doc:"environment variable that holds the password"`
	CA          string        `key:"ca" doc:"file of the scenario's folder with the certificates (PEM) to trust; without it the system's"`
	KeepAlive   time.Duration `default:"10s" min:"1s" doc:"a broker that does not answer for about so long is lost"`
	SilentAfter time.Duration `default:"1m" above:"0s" doc:"a value that is older is no value, and a device that sent nothing for so long is lost; at least three times what it sends at"`
	Signals     []MQTTSignal  `map:"Name" doc:"where each signal comes from"`
	Commands    []MQTTCommand `map:"Name" doc:"where each command goes"`
	Binding     `key:",inline"`
}

// MQTTSignal says where a signal comes from.
type MQTTSignal struct {
	Name  string
	Topic string `required:"true" doc:"the device's topic, without wildcards"`
	Path  string `doc:"where the number stands in a JSON payload, as in sensors.0.temp; without it the payload is the number"`
	QoS   int    `key:"qos" default:"0" min:"0" max:"2" doc:"quality of service of the subscription; the highest of a topic counts"`
}

// MQTTCommand says how a command is sent.
type MQTTCommand struct {
	Name    string
	Topic   string `required:"true" doc:"the device's topic"`
	Payload string `doc:"what is sent, {value} standing for the command's value; without it {value} alone, or nothing for a command that takes none"`
	QoS     int    `key:"qos" default:"1" min:"0" max:"2" doc:"quality of service; done means that the broker has it, or with 0 that it was written"`
	Retain  bool   `doc:"have the broker keep it for a device that connects later"`
}

// Pushing is true: such a device sends when it likes.
func (c *MQTT) Pushing() bool { return true }

// Check tells what is wrong with the mapping.
func (c *MQTT) Check(site Site) error {
	var wrongs []error
	wrong := func(path, format string, args ...any) {
		wrongs = append(wrongs, sim.Wrongf(path, format, args...))
	}
	if _, err := c.address(); err != nil {
		wrong("broker", "%s", err)
	}
	if c.PasswordEnv != "" && c.UsernameEnv == "" {
		wrong("password_env", "a password needs a user name")
	}
	if len(c.Signals)+len(c.Commands) == 0 {
		wrong("signals", "neither a signal nor a command has a topic")
	}
	for _, s := range c.Signals {
		path := "signals." + s.Name
		if !slices.ContainsFunc(site.Signals, func(spec sim.SignalSpec) bool { return spec.Name == s.Name }) {
			wrong(path, "%s has no signal %q", site.Thing, s.Name)
		}
		if err := topicError(s.Topic); err != nil {
			wrong(path+".topic", "%s", err)
		}
	}
	for _, m := range c.Commands {
		path := "commands." + m.Name
		if err := topicError(m.Topic); err != nil {
			wrong(path+".topic", "%s", err)
		}
		spec := command(site, m.Name)
		placed := strings.Contains(m.Payload, "{value}")
		switch {
		case spec == nil:
			wrong(path, "%s", noCommand(site, m.Name))
		case spec.TakesValue() && m.Payload != "" && !placed:
			wrong(path+".payload", "%s takes a value, and %q has no {value}", m.Name, m.Payload)
		case !spec.TakesValue() && placed:
			wrong(path+".payload", "%s takes no value to stand for {value}", m.Name)
		}
	}
	return errors.Join(wrongs...)
}

func topicError(topic string) error {
	switch {
	case topic == "":
		return errors.New("a topic is missing")
	case len(topic) > 65535:
		return errors.New("the topic is longer than 65535 bytes")
	case strings.ContainsAny(topic, "+#\x00"):
		return fmt.Errorf("%.60q is a pattern: a device has topics without + and #", topic)
	}
	return nil
}

// address is the broker's; port 1883 or 8883 where it has none.
func (c *MQTT) address() (*url.URL, error) {
	u, err := url.Parse(c.Broker)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%.80q is no address: write it as in tcp://192.168.1.7:1883", c.Broker)
	}
	if u.User != nil {
		return nil, errors.New("credentials do not belong in an address: name environment variables in username_env and password_env")
	}
	port := "1883"
	switch u.Scheme {
	case "tcp", "mqtt":
		u.Scheme = "tcp"
	case "ssl", "tls", "mqtts":
		u.Scheme, port = "ssl", "8883"
	default:
		return nil, fmt.Errorf("%q is not spoken; possible are tcp and ssl", u.Scheme)
	}
	if u.Port() == "" {
		u.Host = strings.TrimSuffix(u.Host, ":") + ":" + port
	}
	return u, nil
}

func (c *MQTT) silentAfter() time.Duration { return cmp.Or(c.SilentAfter, time.Minute) }

func (c *MQTT) keepAlive() time.Duration { return cmp.Or(c.KeepAlive, 10*time.Second) }

func (c *MQTT) command(name string) *MQTTCommand {
	for i := range c.Commands {
		if c.Commands[i].Name == name {
			return &c.Commands[i]
		}
	}
	return nil
}

func inTopic(topic, thing string) string { return strings.ReplaceAll(topic, "{thing}", thing) }
