package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twinbed/twinbed/broker/contained"
)

type brokerCommand struct {
	Listen    string   `default:"127.0.0.1:1883" help:"Where MQTT clients connect; port 0 takes a free one." placeholder:"ADDRESS"`
	Websocket string   `help:"Where MQTT over WebSocket connects; without it nowhere." placeholder:"ADDRESS"`
	Origin    []string `help:"A web page that may connect besides those of the broker's own host; can be repeated." placeholder:"URL"`
	Clients   int      `default:"20000" help:"Connections at once."`
	Retained  int      `default:"10000" help:"Topics that keep a message."`
}

// told is how often the broker says what has changed.
const told = 5 * time.Second

// Run is an MQTT broker, without a scenario, until it is interrupted.
func (r *brokerCommand) Run(c *console) error {
	b := contained.New(contained.Options{
		TCP: r.Listen, WebSocket: r.Websocket, Origins: r.Origin, Clients: r.Clients, Retained: r.Retained,
	}, &contained.Access{})
	if err := b.Open(); err != nil {
		fmt.Fprintln(c.err, err)
		return verdict(exitWrong)
	}
	fmt.Fprintln(c.err, "listening on mqtt://"+b.TCP())
	if web := b.WebSocket(); web != "" {
		fmt.Fprintln(c.err, "listening on", web)
	}
	before := b.Counts()
	for tick := time.NewTicker(told); ; {
		select {
		case <-tick.C:
			now := b.Counts()
			if news := changed(before, now); news != "" {
				fmt.Fprintf(c.err, "%s  %d connected; %s\n", time.Now().Format(time.TimeOnly), b.Connections(), news)
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
