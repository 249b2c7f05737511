package contained

import "container/list"

// strangers are connections that have not said yet who they are, oldest first.
// When there are too many the oldest has to go: whoever opens connections and
// says nothing keeps nobody out. They are kept under the broker's lock.
type strangers struct {
	most    int
	waiting list.List // of *Client
}

func (s *strangers) full() bool { return s.waiting.Len() >= s.most }

// enter lets a connection wait.
func (s *strangers) enter(c *Client) { c.waits = s.waiting.PushBack(c) }

// oldest takes the connection out that has waited longest; nil if none waits.
func (s *strangers) oldest() *Client {
	first := s.waiting.Front()
	if first == nil {
		return nil
	}
	c := first.Value.(*Client)
	s.leave(c)
	return c
}

// leave takes a connection out; twice is once.
func (s *strangers) leave(c *Client) {
	if c.waits != nil {
		s.waiting.Remove(c.waits)
		c.waits = nil
	}
}
