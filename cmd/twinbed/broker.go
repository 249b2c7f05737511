package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/twinbed/twinbed/broker/contained"
)

type brokerCommand struct {
	Listen        string   `default:"127.0.0.1:1883" help:"Where MQTT clients connect; port 0 takes a free one. Beyond this machine only with TLS and users or client certificates." placeholder:"ADDRESS"`
	Websocket     string   `help:"Where MQTT over WebSocket connects; without it nowhere." placeholder:"ADDRESS"`
	Origin        []string `help:"A web page that may connect besides those of the broker's own host; can be repeated." placeholder:"URL"`
	Users         string   `type:"existingfile" help:"Who may come in: a line a user, as twinbed password prints it. Without it everybody may, on this machine." placeholder:"FILE"`
	Acl           string   `type:"existingfile" help:"Who may do what: lines such as mia read factory/#, also with * for everybody, %u for the user and %c for the client id. Without it all topics but the broker's own are everybody's." placeholder:"FILE"`
	TLSCert       string   `name:"tls-cert" type:"existingfile" help:"The broker's certificate, in PEM; with it the broker speaks TLS only." placeholder:"FILE"`
	TLSKey        string   `name:"tls-key" type:"existingfile" help:"Its key." placeholder:"FILE"`
	TLSClientCA   string   `name:"tls-client-ca" type:"existingfile" help:"CA certificates: a client may show a certificate instead of a password, and its common name is the user." placeholder:"FILE"`
	Connections   int      `default:"10000" help:"At once."`
	ConnectRate   int      `help:"Connections a second; those beyond wait. Without it all." placeholder:"N"`
	MessageRate   int      `help:"Messages a second from one client; it is read more slowly beyond. Without it all." placeholder:"N"`
	Packet        int      `default:"65536" help:"Largest packet, in bytes."`
	Queue         int      `default:"8192" help:"Messages that wait for one client, and messages that it has not acknowledged; what is more is dropped and counted. It takes 8 bytes of each client's memory."`
	Sessions      int      `default:"1000" help:"Sessions that are kept while their clients are away."`
	Subscriptions int      `default:"1000" help:"Of one client."`
	Retained      int      `default:"10000" help:"Topics that keep a message."`
}

// summedUp is how often the broker says what has happened.
const summedUp = 5 * time.Second

// statistics is how often it says under $SYS how it is, if somebody may know.
const statistics = 10 * time.Second

// Run is an MQTT broker, without a scenario, until it is interrupted.
func (r *brokerCommand) Run(c *console) error {
	b, err := r.broker(log.New(c.err, "", log.Ltime))
	if err == nil {
		err = b.Open()
	}
	if err != nil {
		fmt.Fprintln(c.err, err)
		return verdict(exitWrong)
	}
	fmt.Fprintf(c.err, "listening on %s\n", b.URL())
	if web := b.WebSocket(); web != "" {
		fmt.Fprintf(c.err, "listening on %s\n", web)
	}
	before := b.Counts()
	for tick := time.NewTicker(summedUp); ; {
		select {
		case <-tick.C:
			now := b.Counts()
			if news := changed(before, now); news != "" {
				fmt.Fprintf(c.err, "%s %d connected; %s\n", time.Now().Format(time.TimeOnly), b.Connections(), news)
			}
			before = now
		case <-c.Done():
			tick.Stop()
			err := b.Close()
			tell(c.out, b.Counts())
			return err
		}
	}
}

// broker makes the broker that was asked for.
func (r *brokerCommand) broker(refusals *log.Logger) (*contained.Broker, error) {
	o := contained.Options{
		TCP: r.Listen, WebSocket: r.Websocket, Origins: r.Origin,
		Clients: r.Connections, ConnectRate: r.ConnectRate, MessageRate: r.MessageRate, Packet: r.Packet,
		Sessions: r.Sessions, Subscriptions: r.Subscriptions, Retained: r.Retained, ClientQueue: r.Queue, InFlight: r.Queue,
		Refused: func(x contained.Refusal) { refusals.Print(x) },
	}
	access := &contained.Access{Certificates: r.TLSClientCA != ""}
	var err error
	switch {
	case r.Queue < 1 || r.Queue > 65535:
		return nil, fmt.Errorf("--queue %d: a client's queue is 1 to 65535 messages long", r.Queue)
	case (r.TLSCert == "") != (r.TLSKey == ""):
		return nil, errors.New("a certificate and its key go together: --tls-cert and --tls-key")
	case r.TLSCert == "" && r.TLSClientCA != "":
		return nil, errors.New("client certificates need TLS: --tls-cert and --tls-key")
	case r.TLSCert != "":
		if o.TLS, err = contained.ServeTLS(r.TLSCert, r.TLSKey, r.TLSClientCA); err != nil {
			return nil, err
		}
	}
	if r.Users != "" {
		if access.Users, err = contained.OpenUsers(r.Users); err != nil {
			return nil, err
		}
	}
	if r.Acl != "" {
		if access.Rules, err = contained.OpenRules(r.Acl); err != nil {
			return nil, err
		}
		if access.Rules.Operators() {
			o.Statistics = statistics
		}
	}
	return contained.New(o, access), nil
}

// changed is by how much counts have risen, in words; "" where none has.
func changed(before, now []contained.Count) string {
	var news []string
	for i := range now {
		if n := now[i].N - before[i].N; n > 0 {
			news = append(news, fmt.Sprintf("%d %s", n, now[i].Words))
		}
	}
	return strings.Join(news, ", ")
}

// tell prints counts, those that are nought as well.
func tell(w io.Writer, all []contained.Count) {
	for _, x := range all {
		fmt.Fprintf(w, "%10d  %s\n", x.N, x.Words)
	}
}
