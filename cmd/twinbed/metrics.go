package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/twinbed/twinbed/scenarios"
)

// metrics is where a run's metrics are served; nil is nowhere.
type metrics struct{ listener net.Listener }

// listenForMetrics takes an address of this machine's alone; "" is none.
func listenForMetrics(address string) (*metrics, error) {
	if address == "" {
		return nil, nil
	}
	if err := loopback(address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	return &metrics{l}, nil
}

// Close gives the address back.
func (m *metrics) Close() {
	if m != nil {
		_ = m.listener.Close()
	}
}

// serve answers at /metrics, and nowhere else, until stop is called.
func (m *metrics) serve(log io.Writer, run *scenarios.Run) (stop func()) {
	if m == nil {
		return func() {}
	}
	pages := http.NewServeMux()
	pages.Handle("GET /metrics", run.Metrics())
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 1 << 14}
	served := make(chan error, 1)
	go func() { served <- server.Serve(m.listener) }()
	fmt.Fprintf(log, "metrics: http://%s/metrics\n", m.listener.Addr())
	return func() {
		_ = server.Close() // a scrape under way is of a run that has ended
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(log, "metrics:", err)
		}
	}
}

// loopback refuses an address that others than this machine could reach.
func loopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usage("--metrics: %q is no address; write 127.0.0.1:9464", address)
	}
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return usage("--metrics: %q can be reached from elsewhere, and what it says is for everybody who asks; take a loopback address such as 127.0.0.1:9464", address)
}
