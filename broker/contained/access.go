package contained

// Access is the policy of a broker that is for any client and any topic: who
// comes in, and who may write and read what. The zero value lets everybody do
// what MQTT allows.
type Access struct{}

var _ Policy = (*Access)(nil)

// visitor is what Access knows of a client. It is only used on the goroutine that
// reads the connection.
type visitor struct {
	topic string // the latest one
	may   bool   // be written
}

// Admit lets a client in.
func (a *Access) Admit(c *Client, _ *Hello) bool {
	c.Guest = &visitor{}
	return true
}

// Will holds a will to what the client may publish.
func (a *Access) Will(c *Client, topic string) bool { return a.writes(c, topic) }

// Receive lets a client have all but the broker's own topics.
func (a *Access) Receive(_ *Client, topic string) bool {
	return Covers("#", topic)
}

// Quality is what was asked for.
func (a *Access) Quality(*Client, string) byte { return 2 }

// Publish passes on what a client may write. It remembers the latest topic, since
// most clients have one.
func (a *Access) Publish(c *Client, m *Message) Fate {
	v := c.Guest.(*visitor)
	if string(m.Topic) != v.topic {
		v.topic = string(m.Topic)
		v.may = a.writes(c, v.topic)
	}
	if !v.may {
		return NotAuthorized
	}
	return Passed
}

func (a *Access) writes(_ *Client, topic string) bool { return topic[0] != '$' }

// Subscribed, Unsubscribed, Dropped and Left need not be known.
func (a *Access) Subscribed(*Client, string) {}

// Unsubscribed is Subscribed's inverse.
func (a *Access) Unsubscribed(*Client, string) {}

// Dropped is counted already.
func (a *Access) Dropped(*Client, string, []byte) {}

// Left leaves nothing behind.
func (a *Access) Left(*Client) {}
