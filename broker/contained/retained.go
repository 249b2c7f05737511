package contained

import "sync"

// retained is which topics keep a message, and how much they hold. mochi keeps
// the messages, without a bound.
type retained struct {
	topics int // at most
	bytes  int // likewise, of topics and payloads

	mu    sync.Mutex
	sizes map[string]int
	held  int
}

// keep says whether a topic may keep a message, and books it. An empty payload
// is the wish to keep none.
func (r *retained) keep(topic string, payload int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, kept := r.sizes[topic]
	if payload == 0 {
		r.held -= before
		delete(r.sizes, topic)
		return true
	}
	size := len(topic) + payload
	if !kept && len(r.sizes) >= r.topics || r.held-before+size > r.bytes {
		return false
	}
	if r.sizes == nil {
		r.sizes = map[string]int{}
	}
	r.sizes[topic] = size
	r.held += size - before
	return true
}
