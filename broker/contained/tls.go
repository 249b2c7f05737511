package contained

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// ServeTLS is how doors speak TLS, at version 1.2 or later: with the certificate
// and key of two PEM files. With a file of CA certificates a client may show a
// certificate of its own, which says who it is.
func ServeTLS(certFile, keyFile, clientCAFile string) (*tls.Config, error) {
	if _, err := readSecret(keyFile); err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("%s and %s are no certificate and its key: %w", certFile, keyFile, err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if clientCAFile == "" {
		return c, nil
	}
	authorities, err := os.ReadFile(clientCAFile)
	if err != nil {
		return nil, err
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("%s holds no CA certificate", clientCAFile)
	}
	// Who has none may have a password; that is the policy's to say.
	c.ClientAuth = tls.VerifyClientCertIfGiven
	return c, nil
}

// shakeHands begins TLS on a connection that is to speak it.
func (c *Client) shakeHands() bool {
	secure, ok := c.Conn.(*tls.Conn)
	if !ok {
		return true
	}
	err := secure.Handshake()
	if err != nil {
		c.broker.counts.add(failedHandshakes)
		c.broker.tell(c, failedHandshakes, "", err.Error(), "")
	}
	return err == nil
}

// certified is whom a client's certificate names that a CA has signed: its common
// name, or else its first alternative name; "" without one.
func (c *Client) certified() string {
	conn := c.Conn
	if w, ok := conn.(*webConn); ok {
		conn = w.Conn
	}
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return ""
	}
	state := secure.ConnectionState()
	if len(state.VerifiedChains) == 0 {
		return ""
	}
	x := state.PeerCertificates[0]
	names := append([]string{x.Subject.CommonName}, append(x.DNSNames, x.EmailAddresses...)...)
	for _, u := range x.URIs {
		names = append(names, u.String())
	}
	return cmp.Or(names...)
}

// socket is the wire below a connection. Closing TLS itself waits for the other side.
func socket(conn net.Conn) net.Conn {
	switch x := conn.(type) {
	case *webConn:
		return socket(x.Conn)
	case *tls.Conn:
		return x.NetConn()
	}
	return conn
}

// secure makes TLS of a connection to the broker's own door: it is known by the
// very certificate, whoever signed it.
func (b *Broker) secure(conn net.Conn) net.Conn {
	own := b.options.TLS.Certificates[0].Certificate[0]
	return tls.Client(conn, &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if !bytes.Equal(s.PeerCertificates[0].Raw, own) {
				return errors.New("that is not the broker's certificate")
			}
			return nil
		},
	})
}
