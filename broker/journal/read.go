package journal

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Found is what a journal held when it was opened.
type Found struct {
	Records uint64 // whole ones
	Bytes   int64  // of those
	Torn    int64  // bytes that were cut off at the end: never acknowledged
}

// Damaged is a journal with a record that is not what was written, and others behind it.
type Damaged struct {
	File string
	At   int64
	Why  string
}

// Error names the place.
func (d *Damaged) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d: %s; what follows cannot be relied on", d.File, d.At, d.Why)
}

// read shows all records to take and leaves the last segment open.
func (j *Journal) read(take func(uint64, []byte) error) (found Found, err error) {
	segments, err := j.segments()
	if err != nil {
		return found, err
	}
	for n, first := range segments {
		name := filepath.Join(j.dir, segmentName(first))
		if first != found.Records+1 {
			return found, &Damaged{name, 0, fmt.Sprintf("it begins with record %d, and %d is due", first, found.Records+1)}
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return found, err
		}
		whole, err := records(b, &found, take)
		if err != nil {
			return found, fmt.Errorf("%s, record %d: %w", name, found.Records, err)
		}
		rest := b[whole:]
		last := n == len(segments)-1
		if len(rest) > 0 && (!last || follows(rest, found.Records+1)) {
			return found, &Damaged{name, int64(whole), "a record does not fit its checksum, and it is not the last"}
		}
		if !last {
			continue
		}
		if j.file, err = os.OpenFile(name, os.O_RDWR, 0o600); err != nil {
			return found, err
		}
		j.first, j.size, found.Torn = first, int64(whole), int64(len(rest))
		if found.Torn > 0 {
			if err := j.file.Truncate(j.size); err != nil {
				return found, err
			}
			if err := j.file.Sync(); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// segments are the first numbers of all files, in order.
func (j *Journal) segments() (list []uint64, err error) {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if digits, ok := strings.CutSuffix(e.Name(), ".log"); ok {
			if first, err := strconv.ParseUint(digits, 10, 64); err == nil {
				list = append(list, first)
			}
		}
	}
	slices.Sort(list)
	return list, nil
}

// records goes through whole records from the beginning and yields where they end.
func records(b []byte, found *Found, take func(uint64, []byte) error) (end int, err error) {
	for {
		record, ok := record(b[end:], found.Records+1)
		if !ok {
			return end, nil
		}
		end += headerSize + len(record)
		found.Records++
		found.Bytes += int64(headerSize + len(record))
		if err := take(found.Records, record); err != nil {
			return end, err
		}
	}
}

// record is the one at the beginning of b, if it is whole and has the number.
func record(b []byte, number uint64) ([]byte, bool) {
	if len(b) < headerSize {
		return nil, false
	}
	size := binary.LittleEndian.Uint32(b)
	if size > mostRecord || int(size) > len(b)-headerSize || binary.LittleEndian.Uint32(b[8:]) != uint32(number) {
		return nil, false
	}
	r := b[headerSize : headerSize+int(size)]
	return r, binary.LittleEndian.Uint32(b[4:]) == checksum(r, number)
}

// follows says whether a whole record with a later number stands anywhere behind what
// is no record: then it is not the end that was torn, as a process's end tears it.
func follows(b []byte, number uint64) bool {
	for at := 1; at+headerSize <= len(b); at++ {
		later := binary.LittleEndian.Uint32(b[at+8:]) - uint32(number)
		if later == 0 || later > uint32(len(b)) {
			continue
		}
		if _, ok := record(b[at:], number+uint64(later)); ok {
			return true
		}
	}
	return false
}
