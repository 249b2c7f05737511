package contained

import "strings"

// Access is the policy of a broker that is for any client: who comes in, and who
// may write and read what. The zero value lets everybody do what MQTT allows.
//
// Once there are users, or certificates say who a client is, nobody else comes
// in, and a client's id is its user's name, or begins with it and a colon: so
// nobody takes over, or takes up, what is another's.
type Access struct {
	Users        *Users // who may come in with a password
	Certificates bool   // who comes in must have a client certificate, or else a password
	Rules        *Rules // what they may do; without rules all but the broker's own topics
}

var _ Policy = (*Access)(nil)

// visitor is what Access knows of a client.
type visitor struct {
	reads, writes []string // filters

	// Only on the goroutine that reads the connection.
	topic string // the latest one
	may   bool   // be written
}

var anything = []string{"#"}

// Anonymous says whether clients come in without saying who they are.
func (a *Access) Anonymous() bool { return a.Users == nil && !a.Certificates }

// Admit lets a client in that has a certificate or a password, if need be.
func (a *Access) Admit(c *Client, hello *Hello) (answer Answer) {
	if !a.Anonymous() {
		if c.User, answer = a.Identify(hello); answer != Welcome {
			return answer
		}
	}
	v := &visitor{reads: anything, writes: anything}
	if a.Rules != nil {
		v.reads, v.writes = a.Rules.of(c.User, hello.ID)
	}
	c.Guest = v
	return Welcome
}

// Identify finds out who a client is, and whether its id is its own. A
// certificate is enough.
func (a *Access) Identify(hello *Hello) (user string, answer Answer) {
	switch {
	case hello.Certified != "":
		if !userName(hello.Certified) {
			return "", NotAllowed
		}
		if hello.Username != "" && hello.Username != hello.Certified {
			return "", Unknown
		}
		user = hello.Certified
	case a.Users == nil:
		return "", NotAllowed
	case !a.Users.Check(hello.Username, hello.Password):
		return "", Unknown
	default:
		user = hello.Username
	}
	if !hello.Assigned && !Owns(user, hello.ID) {
		return "", NotYours
	}
	return user, Welcome
}

// Owns says whether a client id is a user's: it is the name, or begins with it
// and a colon, which no name has in it.
func Owns(user, id string) bool {
	rest, ok := strings.CutPrefix(id, user)
	return ok && (rest == "" || rest[0] == ':')
}

// Will holds a will to what the client may publish.
func (a *Access) Will(c *Client, topic string) bool { return c.Guest.(*visitor).mayWrite(topic) }

// Receive lets a client have what one of its filters covers.
func (a *Access) Receive(c *Client, topic string) bool {
	return coveredBy(c.Guest.(*visitor).reads, topic)
}

// Quality is what was asked for.
func (a *Access) Quality(*Client, string) byte { return 2 }

// Publish passes on what a client may write. It remembers the latest topic, since
// most clients have one.
func (a *Access) Publish(c *Client, m *Message) Fate {
	v := c.Guest.(*visitor)
	if string(m.Topic) != v.topic {
		v.topic = string(m.Topic)
		v.may = v.mayWrite(v.topic)
	}
	if !v.may {
		c.Tell("it may not publish on", v.topic)
		return NotAuthorized
	}
	return Passed
}

func (v *visitor) mayWrite(topic string) bool { return topic[0] != '$' && coveredBy(v.writes, topic) }

func coveredBy(filters []string, filter string) bool {
	for _, wider := range filters {
		if Covers(wider, filter) {
			return true
		}
	}
	return false
}

// Subscribed need not be known.
func (a *Access) Subscribed(*Client, string) {}

// Unsubscribed is its inverse.
func (a *Access) Unsubscribed(*Client, string) {}

// Dropped is counted already.
func (a *Access) Dropped(*Client, string, []byte) {}

// Left leaves nothing behind.
func (a *Access) Left(*Client) {}
