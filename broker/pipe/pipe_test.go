package pipe

import (
	"bytes"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsWrittenIsReadInOrderHoweverMuchItIs(t *testing.T) {
	here, there := New()
	sent := make([]byte, 3*laneSize+17)
	for i := range sent {
		sent[i] = byte(i * 7 >> 3)
	}
	go func() {
		rest := sent
		for n := 1; n <= len(rest); n *= 3 {
			_, _ = here.Write(rest[:n])
			rest = rest[n:]
		}
		_, _ = here.Write(rest)
		_ = here.Close()
	}()
	got, err := io.ReadAll(there)
	require.NoError(t, err)
	require.True(t, bytes.Equal(sent, got))
}

func TestAWriteThatFindsNoRoomTakesWhatFits(t *testing.T) {
	here, there := New()
	n, err := here.TryWrite(make([]byte, laneSize+5))
	require.NoError(t, err)
	require.Equal(t, laneSize, n)
	n, err = here.TryWrite([]byte{1})
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = io.ReadFull(there, make([]byte, 10))
	require.NoError(t, err)
	n, err = here.TryWrite(make([]byte, 100))
	require.NoError(t, err)
	require.Equal(t, 10, n)
}

func TestTheEndsOfAPipeEndAsSocketsDo(t *testing.T) {
	here, there := New()
	_, err := here.Write([]byte("last words"))
	require.NoError(t, err)
	require.NoError(t, here.Close())
	require.NoError(t, here.Close())
	got, err := io.ReadAll(there)
	require.NoError(t, err)
	require.Equal(t, "last words", string(got))
	_, err = there.Write([]byte("too late"))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	_, err = here.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = here.Write([]byte{1})
	require.ErrorIs(t, err, net.ErrClosed)
}

// In a bubble a deadline passes at its time exactly, and a wait for it is one
// that lets time go on.
func TestDeadlinesPassWhereverTheyAreSetFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := New()
		began := time.Now()
		require.NoError(t, here.SetDeadline(began.Add(time.Second)))
		_, err := here.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
		_, err = here.Write([]byte{1})
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)

		require.NoError(t, here.SetReadDeadline(time.Time{}))
		time.AfterFunc(time.Minute, func() {
			_ = here.SetReadDeadline(time.Now().Add(time.Minute)) // while the other waits
		})
		time.AfterFunc(time.Minute+time.Second, func() {
			_ = here.SetReadDeadline(time.Now().Add(time.Second)) // and earlier
		})
		_, err = here.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second+time.Minute+2*time.Second, time.Since(began))

		require.NoError(t, here.SetWriteDeadline(time.Now().Add(time.Hour)))
		n, err := here.Write(make([]byte, laneSize+1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, laneSize, n)
		require.NoError(t, there.Close())
		require.NoError(t, here.Close())
	})
}

func BenchmarkThroughput(b *testing.B) {
	for name, both := range map[string]func() (io.ReadCloser, io.WriteCloser){
		"pipe":     func() (io.ReadCloser, io.WriteCloser) { r, w := New(); return r, w },
		"net.Pipe": func() (io.ReadCloser, io.WriteCloser) { r, w := net.Pipe(); return r, w },
	} {
		b.Run(name, func(b *testing.B) {
			r, w := both()
			go func() { _, _ = io.Copy(io.Discard, r) }()
			message := make([]byte, 150)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = w.Write(message)
			}
			_ = w.Close()
		})
	}
}

func BenchmarkMemory(b *testing.B) {
	kept := make([]*End, 0, b.N)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range b.N {
		here, there := New()
		_, _ = here.Write([]byte("x"))
		_, _ = there.Read(make([]byte, 1))
		kept = append(kept, here)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(b.N), "B/pipe")
	runtime.KeepAlive(kept)
}

func TestWhoeverAwaitsTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := New()
		awaited := func(cause func()) {
			done := make(chan struct{})
			go func() { defer close(done); there.Await() }()
			synctest.Wait()
			select {
			case <-done:
				require.Fail(t, "there is nothing to find out yet")
			default:
			}
			cause()
			<-done
		}
		awaited(func() { _, _ = here.Write([]byte("ab")) })
		there.Await() // at once: it is still there
		b := make([]byte, 8)
		n, err := there.TryRead(b)
		require.NoError(t, err)
		require.Equal(t, "ab", string(b[:n]))
		awaited(func() { _ = there.SetReadDeadline(time.Now().Add(time.Hour)) })
		_, err = there.TryRead(b)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, there.SetReadDeadline(time.Time{}))
		awaited(func() { _ = here.Close() })
		_, err = there.TryRead(b)
		require.ErrorIs(t, err, io.EOF)
	})
}
