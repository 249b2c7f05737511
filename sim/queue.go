package sim

// event is what waits in the queue: when, and kind, arg and who in one word.
type event struct {
	at  Time
	key uint64
}

// queue orders events by time, ties in the order they were pushed.
type queue struct {
	heap []seqEvent
	seq  uint64
}

type seqEvent struct {
	event
	seq uint64
}

func (q *queue) init() {}

func (q *queue) len() int { return len(q.heap) }

func (q *queue) less(a, b *seqEvent) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

func (q *queue) push(e event) {
	q.heap = append(q.heap, seqEvent{e, q.seq})
	q.seq++
	for i := len(q.heap) - 1; i > 0; {
		p := (i - 1) / 4
		if !q.less(&q.heap[i], &q.heap[p]) {
			break
		}
		q.heap[i], q.heap[p] = q.heap[p], q.heap[i]
		i = p
	}
}

func (q *queue) next() Time {
	if len(q.heap) == 0 {
		return Never
	}
	return q.heap[0].at
}

func (q *queue) pop() event {
	top := q.heap[0].event
	n := len(q.heap) - 1
	q.heap[0] = q.heap[n]
	q.heap = q.heap[:n]
	for i := 0; ; {
		best := i
		for c := 4*i + 1; c <= 4*i+4 && c < n; c++ {
			if q.less(&q.heap[c], &q.heap[best]) {
				best = c
			}
		}
		if best == i {
			return top
		}
		q.heap[i], q.heap[best] = q.heap[best], q.heap[i]
		i = best
	}
}
