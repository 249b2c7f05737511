//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// load is what a publisher is to do.
type load struct {
	address  string
	sessions int
	qos      byte
	burst    int // raw: frames a write
	lasting  time.Duration
	rate     float64 // paho: messages a second, of all sessions; 0 as fast as it goes
}

// payload is 64 to 256 bytes long, by session; 160 in the mean.
func payload(session int) []byte {
	return bytes.Repeat([]byte{'7'}, 64+session*37%193)
}

// ahead is how many messages a raw session sends before it waits for an answer,
// a volley; two volleys are under way. The sessions are shared among a few writers.
const (
	ahead   = 32
	writers = 4
)

// raw publishes frames that were encoded beforehand, a burst a write. A session
// waits for the PUBACKs of its last but one volley; at QoS 0 for the answer to a
// ping behind it, without which all would go into the sockets' buffers and the
// broker would be measured with nobody sending.
type raw struct {
	load
	sent atomic.Int64
}

// rawSession is one connection with its two volleys, each in the pieces that it
// is written in.
type rawSession struct {
	net.Conn
	volleys [2][][]byte
	answer  []byte // as long as what the broker answers to a volley
}

func (r *raw) publish(ctx context.Context) error {
	sessions := make([]*rawSession, r.sessions)
	defer func() {
		for _, s := range sessions {
			if s != nil {
				_ = s.Close()
			}
		}
	}()
	for i := range sessions {
		s, err := r.connect(ctx, i)
		if err != nil {
			return fmt.Errorf("session %d: %w", i, err)
		}
		sessions[i] = s
	}
	end := time.Now().Add(r.lasting)
	var all sync.WaitGroup
	failures := make(chan error, writers)
	for part := range slices.Chunk(sessions, (len(sessions)+writers-1)/writers) {
		all.Go(func() { failures <- r.play(ctx, part, end) })
	}
	all.Wait()
	close(failures)
	var some error
	for err := range failures {
		some = errors.Join(some, err)
	}
	return some
}

// play writes to its sessions in turn, a burst each, as things do that are due one
// after the other, and keeps two volleys of each under way until the end.
func (r *raw) play(ctx context.Context, sessions []*rawSession, end time.Time) error {
	for _, s := range sessions {
		_ = s.SetDeadline(end.Add(10 * time.Second))
	}
	under := 0
	for n := 0; ; n++ {
		going := time.Now().Before(end) && ctx.Err() == nil
		if under == 2 || !going && under > 0 {
			for _, s := range sessions {
				if _, err := io.ReadFull(s, s.answer); err != nil {
					return err
				}
			}
			under--
		}
		switch {
		case !going && under == 0:
			return nil
		case !going:
			continue
		}
		for piece := range sessions[0].volleys[n%2] {
			for _, s := range sessions {
				if _, err := s.Write(s.volleys[n%2][piece]); err != nil {
					return err
				}
			}
		}
		r.sent.Add(int64(ahead * len(sessions)))
		under++
	}
}

// connect opens a session and encodes its bursts.
func (r *raw) connect(ctx context.Context, i int) (*rawSession, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", r.address)
	if err != nil {
		return nil, err
	}
	s := &rawSession{Conn: conn}
	if err := s.greet(fmt.Sprintf("raw-%d", i)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	for half := range s.volleys {
		s.volleys[half] = r.volley(i, half)
	}
	s.answer = make([]byte, 2) // PINGRESP
	if r.qos > 0 {
		s.answer = make([]byte, 4*ahead) // PUBACKs
	}
	return s, nil
}

// volley is the frames of half a window of a session, cut into bursts.
func (r *raw) volley(session, half int) (pieces [][]byte) {
	var piece []byte
	for n := range ahead {
		id := uint16(0)
		if r.qos > 0 {
			id = uint16(half*ahead + n + 1)
		}
		piece = append(piece, publishFrame(topicOf(session), payload(session), r.qos, id)...)
		last := n == ahead-1
		if last && r.qos == 0 {
			piece = append(piece, packets.Pingreq<<4, 0)
		}
		if last || (n+1)%r.burst == 0 {
			pieces, piece = append(pieces, piece), nil
		}
	}
	return pieces
}

// greet is CONNECT and CONNACK.
func (s *rawSession) greet(id string) error {
	var b bytes.Buffer
	hello := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: 4,
		Connect: packets.ConnectParams{ProtocolName: []byte("MQTT"), Clean: true, Keepalive: 60, ClientIdentifier: id},
	}
	if err := hello.ConnectEncode(&b); err != nil {
		return err
	}
	_ = s.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := s.Write(b.Bytes()); err != nil {
		return err
	}
	ack := make([]byte, 4)
	if _, err := io.ReadFull(s, ack); err != nil {
		return err
	}
	if ack[0] != packets.Connack<<4 || ack[3] != 0 {
		return fmt.Errorf("the broker answers CONNECT with % x", ack)
	}
	return nil
}

func publishFrame(topic string, payload []byte, qos byte, id uint16) []byte {
	var b bytes.Buffer
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: qos}, ProtocolVersion: 4,
		TopicName: topic, Payload: payload, PacketID: id,
	}
	if err := pk.PublishEncode(&b); err != nil {
		panic(err) // only a QoS above 0 without an id
	}
	return b.Bytes()
}

func rawCommand(ctx context.Context, args []string, out io.Writer) error {
	l, err := loadFlags("raw", args, 1000)
	if err != nil {
		return err
	}
	r := raw{load: l}
	err = r.publish(ctx)
	fmt.Fprintf(out, "%d messages\n", r.sent.Load())
	return err
}
