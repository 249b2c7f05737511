package scenarios_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
)

// certificate writes an authority, and a certificate of it for this machine.
func certificate(t *testing.T, dir string) (authority, chain, key string) {
	write := func(name, sort string, der []byte) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: sort, Bytes: der}), 0o600))
		return file
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "broker"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	require.NoError(t, err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &leafKey.PublicKey, rootKey)
	require.NoError(t, err)
	secret, err := x509.MarshalECPrivateKey(leafKey)
	require.NoError(t, err)
	return write("lab.pem", "CERTIFICATE", rootDER), write("broker.pem", "CERTIFICATE", leafDER), write("broker.key", "EC PRIVATE KEY", secret)
}

func TestABrokerBehindTLS(t *testing.T) {
	dir := t.TempDir()
	authority, chain, key := certificate(t, dir)
	m := newMosquitto(t, "certfile "+chain, "keyfile "+key)
	text, err := os.ReadFile("testdata/remote.yaml")
	require.NoError(t, err)
	file := filepath.Join(dir, "remote.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	stage := func(sets ...string) (*scenarios.Run, error) {
		s, err := scenarios.Load(file, scenarios.Options{Sets: sets})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s.Stage(scenarios.Staging{})
	}
	for _, over := range []string{"tcp", "gateway"} {
		run, err := stage("broker.url=mqtts://"+m.address, "broker.ca="+filepath.Base(authority), "things.sensor.over="+over)
		require.NoError(t, err)
		r, err := run.Play(t.Context())
		require.NoError(t, err)
		requireWhole(t, r)
	}
	_, err = stage("broker.url=mqtts://" + m.address)
	require.ErrorContains(t, err, "of an authority that is not trusted")
	_, err = stage("broker.url=mqtt://" + m.address)
	require.ErrorContains(t, err, "the address begins with mqtts://")
}
