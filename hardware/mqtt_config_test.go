package hardware_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/sim"
)

func TestMQTTMappingIsCheckedWithoutTheDevice(t *testing.T) {
	good := func() *hardware.MQTT { return (&plant{port: "1883"}).config() }
	site := (&plant{}).site("temperature", "running")
	require.NoError(t, hardware.Check(good(), site))
	for _, c := range []struct {
		path, message string
		spoil         func(c *hardware.MQTT)
	}{
		{"broker", "write it as in tcp://", func(c *hardware.MQTT) { c.Broker = "192.168.1.7" }},
		{"broker", "possible are tcp and ssl", func(c *hardware.MQTT) { c.Broker = "http://x" }},
		{"broker", "credentials do not belong in an address", func(c *hardware.MQTT) { c.Broker = "tcp://me:pw@x" }},
		{"password_env", "needs a user name", func(c *hardware.MQTT) { c.PasswordEnv = "X" }},
		{"signals", "neither a signal nor a command", func(c *hardware.MQTT) { c.Signals, c.Commands = nil, nil }},
		{"signals.speed", `press-01 has no signal "speed"`, func(c *hardware.MQTT) { c.Signals[0].Name = "speed" }},
		{"signals.temperature.topic", "a topic is missing", func(c *hardware.MQTT) { c.Signals[0].Topic = "" }},
		{"signals.temperature.topic", "is a pattern", func(c *hardware.MQTT) { c.Signals[0].Topic = "a/+/b" }},
		{"commands.halt", `has no command "halt"; possible are stop, set_speed`, func(c *hardware.MQTT) { c.Commands[0].Name = "halt" }},
		{"commands.stop.payload", "takes no value", func(c *hardware.MQTT) { c.Commands[0].Payload = "{value}" }},
		{"commands.set_speed.payload", "has no {value}", func(c *hardware.MQTT) { c.Commands[1].Payload = "go" }},
		{"commands.set_speed.topic", "is a pattern", func(c *hardware.MQTT) { c.Commands[1].Topic = "#" }},
	} {
		bad := good()
		c.spoil(bad)
		wrongs := sim.Wrongs(hardware.Check(bad, site))
		require.NotEmpty(t, wrongs, c.message)
		require.Equal(t, c.path, wrongs[0].Path, c.message)
		require.Contains(t, wrongs[0].Message, c.message)
	}
}

func TestMQTTOverTLSTrustsTheGivenAuthorityOnly(t *testing.T) {
	folder := t.TempDir()
	selfSigned(t, folder)
	p := newPlant(t, "certfile "+filepath.Join(folder, "cert.pem")+"\nkeyfile "+filepath.Join(folder, "key.pem"))
	c := p.config()
	c.Broker = "ssl://127.0.0.1:" + p.port
	site := p.site("temperature")
	site.Open = func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(folder, name)) }
	_, err := c.Open(t.Context(), site)
	require.ErrorContains(t, err, "certificate")

	c.CA = "key.pem"
	_, err = c.Open(t.Context(), site)
	require.ErrorContains(t, err, "key.pem holds no certificate")

	c.CA = "cert.pem"
	a, err := c.Open(t.Context(), site)
	require.NoError(t, err)
	require.NoError(t, a.Act(t.Context(), "stop", 0))
	require.NoError(t, a.Close())
}

func selfSigned(t *testing.T, folder string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "press"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600))
	}
}

// A broker that takes the connection and says nothing must not hold Open up.
func TestMQTTOpenDoesNotWaitForAMuteBroker(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, mute.Close()) }()
	c := (&plant{port: mute.Addr().String()[strings.LastIndex(mute.Addr().String(), ":")+1:]}).config()
	ctx, cancel := contextFor(t, 200*time.Millisecond)
	defer cancel()
	_, err = c.Open(ctx, (&plant{}).site("temperature"))
	require.Error(t, err)
}
