package journal

import (
	"os"
	"sync"
	"time"
)

// syncDir has the disk take that a file was made.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if shut := d.Close(); err == nil {
		err = shut
	}
	return err
}

// obstacles are what faults put in the way of the disk.
type obstacles struct {
	mu   sync.Mutex
	next int
	list map[int]obstacle
}

type obstacle struct {
	err   error
	delay func() time.Duration
}

// Obstruct has each write to the disk take longer by a delay (nil: none), or fail with err, until
// undo is called: a disk that is slow, or full.
func (j *Journal) Obstruct(delay func() time.Duration, err error) (undo func()) {
	o := &j.obstacles
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.list == nil {
		o.list = map[int]obstacle{}
	}
	o.next++
	key := o.next
	o.list[key] = obstacle{err, delay}
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.list, key)
	}
}

func (o *obstacles) meet() (err error) {
	var delay time.Duration
	o.mu.Lock()
	for _, x := range o.list {
		if x.delay != nil {
			delay += x.delay()
		}
		if x.err != nil {
			err = x.err
		}
	}
	o.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
	return err
}
