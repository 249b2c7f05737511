package broker

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

func thisMachine() (m machine) {
	var limit syscall.Rlimit
	if open, err := os.ReadDir("/proc/self/fd"); err == nil && syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		m.descriptors = max(1, limit.Cur-min(limit.Cur, uint64(len(open))))
	}
	var from, to uint64
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		if _, err := fmt.Sscan(string(text), &from, &to); err == nil && from <= to {
			m.ports = to - from + 1
		}
	}
	m.memory = freeMemory()
	return m
}

// freeMemory is what the kernel could hand out, within the bound of a container.
func freeMemory() (n uint64) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if kib, found := strings.CutPrefix(lines.Text(), "MemAvailable:"); found {
			_, _ = fmt.Sscan(kib, &n) // else it is not known
			n <<= 10
		}
	}
	most, bound := readNumber("/sys/fs/cgroup/memory.max")
	used, known := readNumber("/sys/fs/cgroup/memory.current")
	if bound && known {
		n = min(n, most-min(most, used))
	}
	return max(n, 1)
}

func readNumber(file string) (n uint64, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
