package broker

// line is a queue in one array, for queues that are short most of the time.
type line[T any] struct {
	items []T
	from  int // what lies before has left
}

// longLine is how long an array may be to be kept for an empty queue.
const longLine = 64

func (l *line[T]) len() int    { return len(l.items) - l.from }
func (l *line[T]) at(i int) *T { return &l.items[l.from+i] }

func (l *line[T]) push(x T) {
	if len(l.items) == cap(l.items) && l.from > len(l.items)/2 {
		l.items = l.items[:copy(l.items, l.items[l.from:])]
		l.from = 0
	}
	l.items = append(l.items, x)
}

// drop takes the first n out.
func (l *line[T]) drop(n int) {
	l.from += n
	if l.from < len(l.items) {
		return
	}
	l.items, l.from = l.items[:0], 0
	if cap(l.items) > longLine {
		l.items = nil
	}
}
