package hardware

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"
)

// writeTimeout is how long the broker may take no bytes.
const writeTimeout = 5 * time.Second

func secret(site Site, env string) (string, error) {
	if env == "" {
		return "", nil
	}
	if site.LookupEnv != nil {
		if value, ok := site.LookupEnv(env); ok {
			return value, nil
		}
	}
	return "", fmt.Errorf("environment variable %s is not set", env)
}

// trust is how the broker's certificate is checked; nil without TLS.
func (c *MQTT) trust(site Site, address *url.URL) (*tls.Config, error) {
	if address.Scheme != "ssl" {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: address.Hostname()}
	if c.CA == "" {
		return t, nil
	}
	f, err := site.Open(c.CA)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	pem, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, err
	}
	t.RootCAs = x509.NewCertPool()
	if !t.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", c.CA)
	}
	return t, nil
}

func (d *mqttDevice) dial(ctx context.Context, host string, secure *tls.Config) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	if secure != nil {
		wrapped := tls.Client(conn, secure)
		if err := wrapped.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		conn = wrapped
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.gone: // closed meanwhile, when there was nothing to close yet
		return nil, errors.Join(d.why, conn.Close())
	default:
	}
	d.conn = &impatient{conn}
	return d.conn, nil
}

// impatient is a connection whose writes do not wait for ever.
type impatient struct{ net.Conn }

func (c *impatient) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
