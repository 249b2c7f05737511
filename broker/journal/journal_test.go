package journal_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/journal"
)

func open(t *testing.T, dir string) (*journal.Journal, journal.Found, []string) {
	var all []string
	j, found, err := journal.Open(dir, func(n uint64, r []byte) error {
		require.Equal(t, uint64(len(all)+1), n)
		all = append(all, string(r))
		return nil
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j, found, all
}

func write(t *testing.T, dir string, n int) string {
	j, _, before := open(t, dir)
	for i := range n {
		j.Append([]byte("record "), fmt.Append(nil, len(before)+i+1))
	}
	require.NoError(t, j.Wait(j.Last()))
	require.NoError(t, j.Close())
	names, err := filepath.Glob(filepath.Join(dir, "*.log"))
	require.NoError(t, err)
	require.Len(t, names, 1)
	return names[0]
}

func TestWhatWasWaitedForIsThereAgain(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 100)
	write(t, dir, 50)
	_, found, all := open(t, dir)
	require.EqualValues(t, 150, found.Records)
	require.Zero(t, found.Torn)
	require.Equal(t, "record 1", all[0])
	require.Equal(t, "record 150", all[149])
}

// A crash may cut the file anywhere: whatever is left is a head of what was written.
func TestATornEndIsCutOffWhereverItTore(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, 5)
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for cut := range whole {
		require.NoError(t, os.WriteFile(file, whole[:cut], 0o600))
		j, found, all := open(t, dir)
		require.EqualValues(t, cut, found.Bytes+found.Torn)
		n := j.Append([]byte("next"))
		require.EqualValues(t, len(all)+1, n)
		require.NoError(t, j.Wait(n))
		require.NoError(t, j.Close())
		_, again, after := open(t, dir)
		require.Zero(t, again.Torn)
		require.Equal(t, append(all, "next"), after)
		require.NoError(t, os.WriteFile(file, whole, 0o600))
	}
}

// A journal rolls over to a new file when one is large; all are read, in order, and only
// the last may be torn.
func TestAJournalThatRollsOverIsReadFromAllItsFiles(t *testing.T) {
	dir := t.TempDir()
	files := func() []string {
		names, err := filepath.Glob(filepath.Join(dir, "*.log"))
		require.NoError(t, err)
		return names // in the order of their numbers
	}
	large := make([]byte, 8<<20)
	n := 0
	fill := func(segments int) {
		j, found, err := journal.Open(dir, func(number uint64, r []byte) error {
			require.Len(t, r, len(large)+8)
			require.Equal(t, number, binary.LittleEndian.Uint64(r))
			return nil
		})
		require.NoError(t, err)
		require.EqualValues(t, n, found.Records)
		require.Zero(t, found.Torn)
		for len(files()) < segments {
			n++
			require.EqualValues(t, n, j.Append(binary.LittleEndian.AppendUint64(nil, uint64(n)), large))
			require.NoError(t, j.Wait(uint64(n)))
		}
		require.NoError(t, j.Close())
	}
	fill(2)
	require.EqualValues(t, 8, n, "64 MiB are as much as one holds")
	fill(3) // and it goes on where it was
	require.EqualValues(t, 16, n)

	// The first file is whole, or the journal is damaged.
	first := files()[0]
	about, err := os.Stat(first)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(first, about.Size()-1))
	var damaged *journal.Damaged
	_, _, err = journal.Open(dir, func(uint64, []byte) error { return nil })
	require.ErrorAs(t, err, &damaged)
	require.Equal(t, first, damaged.File)
	// Without one in the middle what follows is not what is due.
	require.NoError(t, os.Remove(files()[1]))
	require.NoError(t, os.Remove(first))
	_, _, err = journal.Open(dir, func(uint64, []byte) error { return nil })
	require.ErrorAs(t, err, &damaged)
	require.ErrorContains(t, err, "it begins with record 17, and 1 is due")
}

func TestADamagedMiddleIsToldWhereverItIs(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, 5)
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	size := len(whole) / 5
	for at := range whole[:4*size] {
		spoilt := append([]byte(nil), whole...)
		spoilt[at] ^= 1
		require.NoError(t, os.WriteFile(file, spoilt, 0o600))
		_, _, err = journal.Open(dir, func(uint64, []byte) error { return nil })
		var damaged *journal.Damaged
		require.ErrorAs(t, err, &damaged, "byte %d", at)
		require.EqualValues(t, at/size*size, damaged.At)
		require.Equal(t, file, damaged.File)
	}
}

func TestOneSyncIsForAllThatGathered(t *testing.T) {
	j, _, _ := open(t, t.TempDir())
	defer j.Obstruct(func() time.Duration { return 2 * time.Millisecond }, nil)()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 20 {
				_ = j.Wait(j.Append([]byte("a reading")))
			}
		})
	}
	all.Wait()
	syncs, _ := j.Counts()
	require.EqualValues(t, 1000, j.Durable())
	require.Less(t, syncs, uint64(500))
}

func TestWhileTheDiskIsFullNothingIsPromised(t *testing.T) {
	dir := t.TempDir()
	j, _, _ := open(t, dir)
	undo := j.Obstruct(nil, syscall.ENOSPC)
	n := j.Append([]byte("patience"))
	done := make(chan error, 1)
	go func() { done <- j.Wait(n) }()
	for refusals := uint64(0); refusals < 2; _, refusals = j.Counts() {
		time.Sleep(time.Millisecond)
	}
	require.Empty(t, done)
	require.Zero(t, j.Durable())
	undo()
	require.NoError(t, <-done)
	require.NoError(t, j.Close())
	_, found, _ := open(t, dir)
	require.EqualValues(t, 1, found.Records)
}

func TestAJournalThatIsClosedWhileTheDiskIsFullSaysSo(t *testing.T) {
	j, _, _ := open(t, t.TempDir())
	j.Obstruct(nil, syscall.ENOSPC)
	n := j.Append([]byte("never"))
	done := make(chan error, 1)
	go func() { done <- j.Wait(n) }()
	require.NoError(t, j.Close())
	require.ErrorIs(t, <-done, journal.ErrClosed)
}

func TestWhoReadsCanRefuse(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, 3)
	strange := errors.New("strange")
	_, _, err := journal.Open(dir, func(n uint64, _ []byte) error {
		if n == 2 {
			return strange
		}
		return nil
	})
	require.ErrorIs(t, err, strange)
	require.ErrorContains(t, err, file+", record 2")
}

func BenchmarkGroupCommit(b *testing.B) {
	j, _, err := journal.Open(b.TempDir(), nil)
	require.NoError(b, err)
	defer func() { _ = j.Close() }()
	record := make([]byte, 100)
	b.SetParallelism(128)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_ = j.Wait(j.Append(record))
		}
	})
	syncs, _ := j.Counts()
	b.ReportMetric(float64(b.N)/float64(syncs), "records/sync")
}
