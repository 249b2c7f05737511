package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// The codes of a CONNACK that a user can do something about.
const (
	badCredentials = 4
	notAuthorized  = 5
)

// reasonOf says in a user's words why a broker could not be connected to.
func reasonOf(err error, connack byte) error {
	if connack == badCredentials || connack == notAuthorized {
		return errors.New("it does not accept user and password")
	}
	var host *net.DNSError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &host):
		return fmt.Errorf("no host is known by the name %q", host.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nobody listens there: the connection was refused")
	case errors.As(err, &record):
		return errors.New("it does not speak TLS there: mqtt:// is without")
	case errors.As(err, &authority):
		return errors.New("its certificate is of an authority that is not trusted: name the one that is in broker.ca")
	case errors.As(err, &name), errors.As(err, &certificate):
		return fmt.Errorf("its certificate is not accepted: %w", err)
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("it did not answer in time")
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return errors.New("it closed the connection before a word: with TLS the address begins with mqtts://")
	}
	return err
}
