package contained

// Policy is who may do what. It is asked on the goroutine of the client
// concerned, if not said otherwise.
type Policy interface {
	// Anonymous says whether clients may come in without saying who they are; if so,
	// the broker keeps to this machine.
	Anonymous() bool
	// Admit says whether a client may come in. It sets the client's User, and its
	// Guest to what it wants to know of it later.
	Admit(c *Client, hello *Hello) Answer
	// Will says whether a client may have its will published on a topic when it dies.
	Will(c *Client, topic string) bool
	// Receive says whether a client may have what is published on a topic or matches
	// a filter. For a topic it is asked on the publisher's goroutine.
	Receive(c *Client, topic string) bool
	// Quality is the highest quality of service of a subscription.
	Quality(c *Client, filter string) byte
	// Publish hears a message before it is acknowledged and says what comes of it.
	Publish(c *Client, m *Message) Fate
	// Subscribed and Unsubscribed tell what a client has; a session's filters are
	// told again when a client comes back to it.
	Subscribed(c *Client, filter string)
	Unsubscribed(c *Client, filter string)
	// Dropped tells of a message that did not fit into a client's queue, on the
	// publisher's goroutine.
	Dropped(c *Client, topic string, payload []byte)
	// Left says that a client's connection has ended.
	Left(c *Client)
}

// Committer is a Policy that keeps what it hears. Commit is called before any
// acknowledgement of what a client has sent so far goes out, on the goroutine that
// reads its connection; with an error none does, and the connection ends.
type Committer interface {
	Commit(c *Client) error
}

// Hello is what a client says of itself in its CONNECT.
type Hello struct {
	ID        string
	Assigned  bool // the broker made the id up
	Username  string
	Password  []byte
	Certified string // whom the client's certificate names; "" without one
	Version   byte   // 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5
	Clean     bool
}

// Message is what a client publishes. Topic and Payload are borrowed.
type Message struct {
	Topic, Payload []byte
	QoS            byte
	Retain         bool
}

// Fate is what comes of a message.
type Fate uint8

// The fates of messages. All but Passed and Unheard are acknowledged here and go no further;
// MQTT 5 clients are told why at QoS 1. Without an acknowledgement a client would
// send a message that was refused for ever.
const (
	Passed        Fate = iota // to whoever has subscribed
	Taken                     // heard, and for nobody else
	NotAuthorized             // refused
	Malformed                 // refused: the payload cannot be read
	Unheard                   // not heard, and not answered: its client is leaving meanwhile
)
