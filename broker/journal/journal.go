// Package journal keeps records on disk, in order, so that a process that is
// killed finds again what it has promised to keep.
//
// Any number of goroutines append; one writes what has gathered and syncs it once
// for all of them (group commit). A record is its length, a CRC-32C over its number
// and its bytes, and the bytes: one that was torn by a crash is no record, and one
// that stands in another's place is none either.
package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	headerSize  = 12
	mostRecord  = 1 << 24  // bytes
	mostSegment = 64 << 20 // bytes, after which a new file is begun
	mostWaiting = 16 << 20 // bytes that are not on disk: whoever appends waits
	again       = 20 * time.Millisecond
)

var table = crc32.MakeTable(crc32.Castagnoli)

// ErrClosed is for whoever waits for a journal that has been closed.
var ErrClosed = errors.New("the journal is closed")

// Journal is open for appending. While the disk refuses, nothing becomes durable and
// whoever waits waits: it is tried again until it works or the journal is closed.
type Journal struct {
	dir   string
	file  *os.File
	first uint64 // number of the segment's first record
	size  int64  // of the segment, as far as it is durable

	mu       sync.Mutex
	work     sync.Cond // for the writer
	progress sync.Cond // for all others
	waiting  []byte
	spare    []byte
	last     uint64 // number of the newest record; the first is 1
	closed   bool

	durable   atomic.Uint64
	syncs     atomic.Uint64
	refusals  atomic.Uint64
	obstacles obstacles
	done      chan struct{}
}

// Open continues the journal in dir, or begins one. Each record that is there is
// shown to take, in order; bytes are borrowed. A torn end is cut off. The error
// names the file and the byte where a record is damaged that others follow.
func Open(dir string, take func(number uint64, record []byte) error) (*Journal, Found, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, Found{}, err
	}
	j := &Journal{dir: dir, done: make(chan struct{})}
	j.work.L, j.progress.L = &j.mu, &j.mu
	found, err := j.read(take)
	if err != nil {
		return nil, found, err
	}
	if j.file == nil {
		if err := j.begin(1); err != nil {
			return nil, found, err
		}
	}
	j.last = found.Records
	j.durable.Store(j.last)
	go j.write()
	return j, found, nil
}

// Append puts a record behind all others and yields its number; Wait says when it
// is on disk. It waits only when too much has gathered.
func (j *Journal) Append(parts ...[]byte) uint64 {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > mostRecord {
		panic("a record that is too long for a journal")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.waiting) >= mostWaiting && !j.closed {
		j.progress.Wait()
	}
	j.last++
	at := len(j.waiting)
	j.waiting = append(j.waiting, make([]byte, headerSize)...)
	for _, p := range parts {
		j.waiting = append(j.waiting, p...)
	}
	seal(j.waiting[at:], j.last)
	if at == 0 {
		j.work.Signal()
	}
	return j.last
}

// seal fills in a record's header.
func seal(b []byte, number uint64) {
	binary.LittleEndian.PutUint32(b, uint32(len(b)-headerSize))
	binary.LittleEndian.PutUint32(b[4:], checksum(b[headerSize:], number))
	binary.LittleEndian.PutUint32(b[8:], uint32(number))
}

func checksum(record []byte, number uint64) uint32 {
	var n [12]byte
	binary.LittleEndian.PutUint64(n[:], number)
	binary.LittleEndian.PutUint32(n[8:], uint32(len(record)))
	return crc32.Update(crc32.Checksum(n[:], table), table, record)
}

// Last is the number of the newest record, durable or not.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Durable is the number of the newest record that is on disk.
func (j *Journal) Durable() uint64 { return j.durable.Load() }

// Wait returns when a record is on disk. The error is ErrClosed.
func (j *Journal) Wait(number uint64) error {
	if j.durable.Load() >= number {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.durable.Load() < number {
		if j.closed {
			return ErrClosed
		}
		j.progress.Wait()
	}
	return nil
}

// write puts what has gathered on disk, again and again.
func (j *Journal) write() {
	defer close(j.done)
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		for len(j.waiting) == 0 && !j.closed {
			j.work.Wait()
		}
		if len(j.waiting) == 0 {
			return
		}
		b, last := j.waiting, j.last
		j.waiting = j.spare[:0]
		j.mu.Unlock()
		err := j.persist(b, last)
		j.mu.Lock()
		for err != nil && !j.closed {
			j.refusals.Add(1)
			j.mu.Unlock()
			time.Sleep(again)
			err = j.persist(b, last)
			j.mu.Lock()
		}
		if err != nil {
			j.progress.Broadcast()
			return // closed, and the disk never took it: nobody has been promised anything
		}
		j.spare = b
		if cap(b) > mostWaiting/4 {
			j.spare = nil
		}
		j.durable.Store(last)
		j.progress.Broadcast()
	}
}

// persist writes records and syncs. What a failed attempt left is written over: the
// segment counts only as far as its size.
func (j *Journal) persist(b []byte, last uint64) error {
	if err := j.obstacles.meet(); err != nil {
		return err
	}
	if _, err := j.file.WriteAt(b, j.size); err != nil {
		_ = j.file.Truncate(j.size)
		return err
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.syncs.Add(1)
	j.size += int64(len(b))
	if j.size >= mostSegment {
		// A new file that cannot be made leaves the old one to grow.
		_ = j.begin(last + 1)
	}
	return nil
}

// begin begins the segment whose first record has a number.
func (j *Journal) begin(first uint64) error {
	file, err := os.OpenFile(filepath.Join(j.dir, segmentName(first)), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := syncDir(j.dir); err != nil {
		return errors.Join(err, file.Close())
	}
	if j.file != nil {
		_ = j.file.Close() // all of it is synced
	}
	j.file, j.first, j.size = file, first, 0
	return nil
}

// Counts tells of the journal so far: syncs, and how often the disk refused.
func (j *Journal) Counts() (syncs, refusals uint64) { return j.syncs.Load(), j.refusals.Load() }

// Close writes what has gathered and lets go.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.work.Signal()
	j.progress.Broadcast()
	j.mu.Unlock()
	<-j.done
	return j.file.Close()
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d.log", first) }
