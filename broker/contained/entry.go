package contained

import (
	"errors"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Answer is what a client that wants to come in is told.
type Answer uint8

// The answers.
const (
	Welcome    Answer = iota
	Unknown           // no such user, or not its password
	NotYours          // the client id is somebody else's
	NotAllowed        // a client that may not come in here
	Full              // no room for another session that is kept
)

// answers are the CONNACK codes of MQTT 3 and 5, and the words.
var answers = [...]struct {
	three, five byte
	words       string
}{
	Unknown:    {4, packets.ErrBadUsernameOrPassword.Code, "no such user, or not its password"},
	NotYours:   {2, packets.ErrClientIdentifierNotValid.Code, "the client id is somebody else's"},
	NotAllowed: {5, packets.ErrNotAuthorized.Code, "it may not come in"},
	Full:       {3, packets.ErrQuotaExceeded.Code, "too many sessions are kept"},
}

var errTurnedAway = errors.New("the client may not come in")

// meet has the policy look at a client that says who it is. One that may come in
// owns its id.
func (b *Broker) meet(c *Client, cl *mqtt.Client, pk *packets.Packet) Answer {
	hello := Hello{
		ID: cl.ID, Username: string(pk.Connect.Username), Password: pk.Connect.Password,
		Version: pk.ProtocolVersion, Clean: pk.Connect.Clean,
		Assigned: pk.Connect.ClientIdentifier == "", Certified: c.certified(),
	}
	answer := NotYours
	if hello.ID != mqtt.InlineClientId { // that one is the broker's own
		answer = b.policy.Admit(c, &hello)
	}
	if answer == Welcome {
		keeps := !hello.Clean
		if hello.Version == 5 {
			keeps = pk.Properties.SessionExpiryInterval > 0
		}
		answer = b.claim(c, hello.ID, keeps)
	}
	if answer != Welcome {
		b.counts.add(refusedConnects)
		b.tell(c, refusedConnects, hello.ID, answers[answer].words, "")
		return answer
	}
	b.counts.add(clientsLetIn)
	if !c.Own {
		c.pace.set(b.options.MessageRate, time.Second)
	}
	cl.Properties.Username = []byte(c.User) // it shows whose session this is once the client is away
	return Welcome
}

// turnAway tells a client why it may not come in: mochi has one reason for all.
func (c *Client) turnAway(a Answer) {
	connack := []byte{packets.Connack << 4, 2, 0, answers[a].three}
	if c.guard.version == 5 {
		connack = []byte{packets.Connack << 4, 3, 0, answers[a].five, 0}
	}
	_, _ = c.Write(connack)
}

// claim makes a client the owner of its id once the former one has left: mochi
// mixes clients up that take over from one another at a time. A client takes
// over, and takes up, what is its user's only.
func (b *Broker) claim(c *Client, id string, keeps bool) Answer {
	patience := time.NewTimer(b.options.WriteWithin + time.Second)
	defer patience.Stop()
	for {
		b.mu.Lock()
		former := b.owners[id]
		if former == nil {
			defer b.mu.Unlock()
			return b.own(c, id, keeps)
		}
		b.mu.Unlock()
		if former.User != c.User {
			return NotYours
		}
		former.oust()
		select {
		case <-former.done:
		case <-patience.C:
			return NotYours
		}
	}
}

// own makes a client the owner of an id that nobody else has now.
func (b *Broker) own(c *Client, id string, keeps bool) Answer {
	if away, ok := b.server.Clients.Get(id); ok && string(away.Properties.Username) != c.User {
		return NotYours
	}
	_, kept := b.kept[id]
	switch {
	case !keeps:
		delete(b.kept, id)
	case !kept && len(b.kept) >= b.options.Sessions:
		return Full
	default:
		b.kept[id] = struct{}{}
	}
	b.owners[id], c.ID = c, id
	b.revoke(id)
	b.strangers.leave(c)
	return Welcome
}

// ended says that a session is not kept any more.
func (b *Broker) ended(id string) {
	b.mu.Lock()
	delete(b.kept, id)
	b.mu.Unlock()
}
