package contained

import "container/list"

// lobby is where connections wait until they have said who they are, oldest
// first. When it is full the oldest has to go: whoever opens connections and says
// nothing keeps nobody out. It is used under the broker's lock.
type lobby struct {
	most    int
	waiting list.List // of *Client
}

func (l *lobby) full() bool { return l.waiting.Len() >= l.most }

// enter lets a connection wait.
func (l *lobby) enter(c *Client) { c.waits = l.waiting.PushBack(c) }

// oldest takes the connection out that has waited longest; nil if none waits.
func (l *lobby) oldest() *Client {
	first := l.waiting.Front()
	if first == nil {
		return nil
	}
	c := first.Value.(*Client)
	l.leave(c)
	return c
}

// leave takes a connection out; twice is once.
func (l *lobby) leave(c *Client) {
	if c.waits != nil {
		l.waiting.Remove(c.waits)
		c.waits = nil
	}
}
