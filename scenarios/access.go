package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// Entrance is who may come to our own broker besides the testbed's own clients,
// and what it bears of them.
type Entrance struct {
	Anonymous string       `default:"allowed" oneof:"allowed|refused" doc:"clients that are not the testbed's own need not say who they are, on this machine. With users or client certificates they do; refused without these, nobody comes in"`
	Users     UsersSource  `doc:"who may come in with a password: file:PATH, or env:NAME for a variable with the lines, as twinbed password prints them. A user is called as the thing or the worker it is; observer reads everything"`
	TLS       BrokerTLS    `key:"tls" doc:"our own broker speaks TLS; paths as twinbed is started"`
	Limits    BrokerLimits `doc:"what our own broker bears"`
}

const refused = "refused"

// BrokerTLS is what a broker speaks TLS with.
type BrokerTLS struct {
	Cert     string `doc:"the broker's certificate, in PEM"`
	Key      string `doc:"its key, which only its owner may read"`
	ClientCA string `key:"client_ca" doc:"CA certificates: a client may show a certificate instead of a password, whose common name is the user"`
}

// BrokerLimits bound what clients ask of our own broker.
type BrokerLimits struct {
	Connections   int `default:"10000" min:"1" max:"1000000" doc:"at once, besides those of things that the testbed plays"`
	Sessions      int `default:"10000" min:"1" max:"1000000" doc:"kept while their clients are away, likewise"`
	Subscriptions int `default:"1000" min:"1" max:"100000" doc:"of one client"`
	Packet        int `default:"65536" min:"1024" max:"1048576" unit:"bytes" doc:"the largest that a client may send"`
	AcceptRate    int `min:"0" max:"1000000" unit:"1/s" doc:"connections let in, things' own among them; the others wait. 0: all"`
	MessageRate   int `min:"0" max:"1000000" unit:"1/s" doc:"messages read from one client; it is read more slowly beyond. 0: all"`
}

// UsersSource is where users are listed.
type UsersSource struct {
	Env  string `key:"-"`
	File string `key:"-"`
}

var usersWords = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$`)

// FromWords reads env:NAME or file:PATH.
func (u *UsersSource) FromWords(text string) error {
	if !usersWords.MatchString(text) {
		return errors.New("users do not stand in a scenario: write file:PATH, or env:NAME for an environment variable that holds their lines")
	}
	u.File, _ = strings.CutPrefix(text, "file:")
	if u.File == text {
		u.File, u.Env = "", strings.TrimPrefix(text, "env:")
	}
	return nil
}

// WordsPattern accepts env:NAME and file:PATH.
func (UsersSource) WordsPattern() string { return usersWords.String() }

func (u UsersSource) given() bool { return u != UsersSource{} }

// closed says whether clients have to say who they are.
func (e *Entrance) closed() bool { return e.Users.given() || e.TLS.ClientCA != "" }

// keys are those that are set, and for our own broker only.
func (e *Entrance) keys() (set []string) {
	for _, x := range [...]struct {
		key string
		set bool
	}{{"anonymous", e.Anonymous == refused}, {"users", e.Users.given()}, {"tls", e.TLS != BrokerTLS{}}} {
		if x.set {
			set = append(set, "broker."+x.key)
		}
	}
	return set
}

// entrance checks who may come in, without reading any file.
func (b *builder) entrance() {
	e := &b.scenario.Broker.Entrance
	switch {
	case (e.TLS.Cert == "") != (e.TLS.Key == ""):
		b.wrong(sim.Wrongf("broker.tls", "a certificate and its key go together: cert and key"))
	case e.TLS.Cert == "" && e.TLS.ClientCA != "":
		b.wrong(sim.Wrongf("broker.tls", "client certificates need TLS: cert and key"))
	}
}

// admission is who may come in, with the files read.
func (b *builder) admission(o *broker.GateOptions) (err error) {
	e := &b.scenario.Broker.Entrance
	o.Access = broker.Access{Certificates: e.TLS.ClientCA != "", Shut: e.Anonymous == refused}
	if e.TLS.Cert != "" {
		if o.TLS, err = contained.ServeTLS(e.TLS.Cert, e.TLS.Key, e.TLS.ClientCA); err != nil {
			return fmt.Errorf("broker.tls: %w", err)
		}
	}
	if !e.Users.given() {
		return nil
	}
	if e.Users.File != "" {
		o.Access.Users, err = contained.OpenUsers(e.Users.File)
	} else {
		var lines string
		if lines, err = b.value(Secret{Env: e.Users.Env}); err == nil {
			o.Access.Users, err = contained.ReadUsers(strings.NewReader(lines))
		}
	}
	if err != nil {
		return fmt.Errorf("broker.users: %w", err)
	}
	return nil
}

// bound sets what the broker bears, besides the things of the testbed's own.
func (l *BrokerLimits) bound(o *contained.Options, things int) {
	o.Clients, o.Sessions = things+l.Connections, things+l.Sessions
	o.Subscriptions, o.Packet = l.Subscriptions, l.Packet
	o.ConnectRate, o.MessageRate = l.AcceptRate, l.MessageRate
}
