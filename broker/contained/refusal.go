package contained

import (
	"fmt"
	"sync/atomic"
)

// Refusal is something that a client was not given, or had to wait for.
type Refusal struct {
	Client  string // its id, as it says; "" before it has said it
	User    string
	Address string
	Kind    string // in the words of the counts
	Why     string // what strangers have written is quoted in it
}

// How many refusals are told one by one: of one client, and of one kind. The
// others are counted only.
const (
	toldOfOne  = 20
	toldOfKind = 100
)

// telling is how many refusals of each kind have been told.
type telling [tallies]atomic.Int32

// tell tells a refusal to whoever wants to know, on the client's goroutine. What
// it was about, a stranger has written.
func (b *Broker) tell(c *Client, t tally, id, why, about string) {
	if b.options.Refused == nil || c.told >= toldOfOne || b.telling[t].Add(1) > toldOfKind {
		return
	}
	c.told++
	if about != "" {
		why = fmt.Sprintf("%s %.80q", why, about)
	}
	b.options.Refused(Refusal{
		Client: id, User: c.User, Address: c.RemoteAddr().String(), Kind: tallyWords[t], Why: why,
	})
}

// Tell tells why a message was refused.
func (c *Client) Tell(why, about string) { c.broker.tell(c, refusedMessages, c.ID, why, about) }

// String is a refusal in a line.
func (r Refusal) String() string {
	who := r.Address
	if r.Client != "" {
		who = fmt.Sprintf("%.80q at %s", r.Client, who)
	}
	if r.User != "" && r.User != r.Client {
		who += fmt.Sprintf(" (%.80q)", r.User)
	}
	return fmt.Sprintf("%s: %s: %s", r.Kind, who, r.Why)
}
