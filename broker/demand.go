package broker

import (
	"context"
	"fmt"
	"net"
	"runtime/metrics"
)

// machine is what this one has left for sessions; 0 where there is no bound or it
// is not known.
type machine struct {
	descriptors uint64 // that this process may still open
	ports       uint64 // local ones for connections to one address
	memory      uint64 // bytes
}

func has(most, n uint64) bool { return most == 0 || n <= most }

// What a session takes of the memory, in bytes, at most: BenchmarkSessionMemory
// measures it.
const (
	thingsEnd = 5 << 10
	gatesEnd  = 12 << 10
)

// spareDescriptors are for whatever else a run opens.
const spareDescriptors = 64

// enough says beforehand what would otherwise show as thousands of connections
// that hang, or as the end of the process.
func (m machine) enough(fleets []*Sessions) error {
	var all, bytes uint64
	for _, f := range fleets {
		all += uint64(len(f.clients))
		bytes += uint64(len(f.clients)) * thingsEnd
		if f.within {
			bytes += uint64(len(f.clients)) * gatesEnd
		}
	}
	garbage := garbagePercent()
	if most := bytes * (100 + garbage) / 100; !has(m.memory, most) {
		return fmt.Errorf("%d sessions take about %d MiB, %d with what the collector leaves lying about (GOGC is %d), and %d MiB of memory are free: "+
			"fewer things, a smaller GOGC, or a broker on another machine", all, bytes>>20, most>>20, garbage, m.memory>>20)
	}
	if has(m.descriptors, 2*all+spareDescriptors) && has(m.ports, all) {
		return nil // also if each has a socket
	}
	return m.enoughSockets(fleets)
}

// enoughSockets asks each fleet for a connection, to see what it is.
func (m machine) enoughSockets(fleets []*Sessions) error {
	var sockets, descriptors uint64
	to := map[string]uint64{}
	for _, f := range fleets {
		address := f.destination()
		if address == "" {
			continue
		}
		n := uint64(len(f.clients))
		sockets += n
		descriptors += n
		if f.within {
			descriptors += n
		}
		if to[address] += n; !has(m.ports, to[address]) {
			return fmt.Errorf("%d sessions to %s take a local port each and this machine has %d: "+
				"widen their range (net.ipv4.ip_local_port_range) or connect in memory (over: pipe)", to[address], address, m.ports)
		}
	}
	if sockets > 0 && !has(m.descriptors, descriptors+spareDescriptors) {
		return fmt.Errorf("%d sessions over sockets take %d descriptors and this process may open %d more: "+
			"raise the limit (ulimit -n) or connect in memory (over: pipe)", sockets, descriptors, m.descriptors)
	}
	return nil
}

// destination is the address that a fleet's sockets go to; "" where it has none,
// or cannot connect, which its sessions will say.
func (s *Sessions) destination() string {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.AnswerWithin)
	defer cancel()
	c, err := s.options.Dial(ctx)
	if err != nil {
		return ""
	}
	defer c.Close()
	if a, socket := c.RemoteAddr().(*net.TCPAddr); socket {
		return a.String()
	}
	return ""
}

// garbagePercent is how much more than is in use the heap may hold, in percent.
func garbagePercent() uint64 {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	return min(s[0].Value.Uint64(), 10_000) // off is a very great number
}
