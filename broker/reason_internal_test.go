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
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhyABrokerCannotBeReachedIsToldInWords(t *testing.T) {
	for words, err := range map[string]error{
		`no host is known by the name "nowhere"`: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "nowhere", IsNotFound: true}},
		"nobody listens there":                   fmt.Errorf("network: %w", syscall.ECONNREFUSED),
		"does not speak TLS":                     tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"},
		"authority that is not trusted":          &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}},
		"certificate is not accepted":            &tls.CertificateVerificationError{Err: errors.New("expired")},
		"did not answer in time":                 context.DeadlineExceeded,
		"begins with mqtts://":                   io.EOF,
		"strange":                                errors.New("strange"),
	} {
		require.ErrorContains(t, reasonOf(err, 0), words)
	}
	require.ErrorContains(t, reasonOf(io.EOF, notAuthorized), "does not accept user and password")
}
