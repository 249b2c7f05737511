package contained

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// authority is a CA of a test, and the folder with what it has signed.
type authority struct {
	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key = key
	a.sign("ca", a.cert)
	return a
}

// sign writes NAME.crt and NAME.key.
func (a *authority) sign(name string, c *x509.Certificate) (cert, key string) {
	k := a.key
	if !c.IsCA {
		var err error
		k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(a.t, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &k.PublicKey, a.key)
	require.NoError(a.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(a.t, err)
	return a.write(name+".crt", "CERTIFICATE", der), a.write(name+".key", "PRIVATE KEY", secret)
}

func (a *authority) write(name, kind string, der []byte) string {
	file := filepath.Join(a.dir, name)
	require.NoError(a.t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return file
}

func (a *authority) server() (cert, key string) {
	return a.sign("server", &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

func (a *authority) client(name string) (cert, key string) {
	return a.sign(name, &x509.Certificate{
		SerialNumber: big.NewInt(3), NotAfter: time.Now().Add(time.Hour), Subject: pkix.Name{CommonName: name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// serving is the broker's side.
func (a *authority) serving(clientCA string) *tls.Config {
	cert, key := a.server()
	c, err := ServeTLS(cert, key, clientCA)
	require.NoError(a.t, err)
	return c
}

// trusting is a client's side, with a certificate if it has a name.
func (a *authority) trusting(name string) *tls.Config {
	pool := x509.NewCertPool()
	require.True(a.t, pool.AppendCertsFromPEM(must(os.ReadFile(a.file("ca.crt")))))
	c := &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
	if name != "" {
		cert, key := a.client(name)
		c.Certificates = []tls.Certificate{must(tls.LoadX509KeyPair(cert, key))}
	}
	return c
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// secured connects with paho over TLS.
func (s *stage) secured(id string, c *tls.Config, tune ...func(*paho.ClientOptions)) (paho.Client, error) {
	return s.dial(id, append(tune, func(o *paho.ClientOptions) {
		o.Servers = nil
		o.AddBroker("ssl://" + s.TCP()).SetTLSConfig(c)
	})...)
}

func TestACertificateSaysWhoAClientIs(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	rules, err := ReadRules(strings.NewReader("* readwrite devices/%u/#"))
	require.NoError(t, err)
	s := newStage(t, Options{TLS: a.serving(a.file("ca.crt"))}, &Access{Certificates: true, Rules: rules})
	require.Contains(t, s.URL(), "mqtts://127.0.0.1:")
	cert, key := a.client("press-1")
	tls := []string{"--cafile", a.file("ca.crt"), "--cert", cert, "--key", key, "-q", "1"}
	says(t, s.mosquitto("mosquitto_pub", append(tls, "-i", "press-1", "-t", "devices/press-1/t", "-m", "21")...))
	for _, version := range []string{"311", "5"} {
		out, err := s.mosquitto("mosquitto_pub", append(tls, "-V", version, "-i", "press-2", "-t", "devices/press-1/t", "-m", "21")...).CombinedOutput()
		require.Error(t, err)
		require.Regexp(t, "(?i)identifier (rejected|not valid)", string(out), "an id of somebody else's")
	}
	out, err := s.mosquitto("mosquitto_pub", "--cafile", a.file("ca.crt"), "-t", "a", "-m", "x").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, strings.ToLower(string(out)), "not authorised", "it has no certificate")
	_, err = s.secured("press-1", a.trusting("press-1"), func(o *paho.ClientOptions) { o.SetUsername("press-2") })
	require.ErrorContains(t, err, "bad user name or password")
	forged := a.trusting("")
	forged.Certificates = stranger.trusting("press-1").Certificates
	_, err = s.secured("press-1", forged)
	require.Error(t, err, "signed by somebody else")
	_, err = s.dial("press-1")
	require.Error(t, err, "in clear")
	eventually(t, "it is counted", func() bool { return s.count(FailedTLS) >= 2 && s.count(RefusedConnects) == 4 })

	c, err := s.secured("press-1", a.trusting("press-1"))
	require.NoError(t, err)
	granted, _ := subscribe(t, c, "devices/press-1/#", 1)
	require.EqualValues(t, 1, granted)
	granted, _ = subscribe(t, c, "devices/+/t", 1)
	require.EqualValues(t, 0x80, granted)
}

func TestACertificateOrAPasswordIsEnough(t *testing.T) {
	a := newAuthority(t)
	s := newStage(t, Options{TLS: a.serving(a.file("ca.crt"))}, &Access{Certificates: true, Users: users(t, "mia")})
	_, err := s.secured("mia", a.trusting(""), as("mia"))
	require.NoError(t, err)
	_, err = s.secured("press", a.trusting("press"))
	require.NoError(t, err)
	_, err = s.secured("mia", a.trusting(""))
	require.Error(t, err)
	own, err := s.Dial(t.Context())
	require.NoError(t, err)
	require.NoError(t, own.(*tls.Conn).HandshakeContext(t.Context()), "the testbed's own clients know the certificate")
	require.NoError(t, own.Close())
}

func TestAHandshakeThatDoesNotComeEnds(t *testing.T) {
	a := newAuthority(t)
	s := newStage(t, Options{WebSocket: "127.0.0.1:0", TLS: a.serving(""), ConnectWithin: 50 * time.Millisecond}, &Access{})
	for _, address := range []string{s.TCP(), address(s.web)} {
		c, err := net.Dial("tcp", address)
		require.NoError(t, err)
		closed(t, c)
	}
	old := a.trusting("")
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	_, err := tls.Dial("tcp", s.TCP(), old)
	require.ErrorContains(t, err, "protocol version")
}

func TestAWebPageSpeaksTLSAsWell(t *testing.T) {
	a := newAuthority(t)
	s := newStage(t, Options{WebSocket: "127.0.0.1:0", TLS: a.serving(a.file("ca.crt"))}, &Access{Certificates: true})
	require.True(t, strings.HasPrefix(s.WebSocket(), "wss://"))
	c, err := s.dial("press", func(o *paho.ClientOptions) {
		o.Servers = nil
		o.AddBroker(s.WebSocket()).SetTLSConfig(a.trusting("press"))
	})
	require.NoError(t, err)
	_, in := subscribe(t, c, "a", 1)
	publish(t, c, "a", 1, "x")
	receive(t, in)
	d := websocket.Dialer{TLSClientConfig: a.trusting("press"), Subprotocols: []string{"mqtt"}}
	_, r, err := d.Dial(s.WebSocket(), http.Header{"Origin": {"https://elsewhere.test"}})
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, r.StatusCode)
}

func TestAKeyThatOthersMayReadIsNotUsed(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.server()
	require.NoError(t, os.Chmod(key, 0o640))
	_, err := ServeTLS(cert, key, "")
	require.ErrorContains(t, err, "chmod 600")
	require.NoError(t, os.Chmod(key, 0o600))
	_, err = ServeTLS(key, cert, "")
	require.Error(t, err)
	_, err = ServeTLS(cert, key, key)
	require.ErrorContains(t, err, "no CA certificate")
	_, err = ServeTLS(cert, key, "nowhere")
	require.Error(t, err)
}

func TestTheBrokerIsForOthersOnlyWhenTheySayWhoTheyAreInSecret(t *testing.T) {
	a := newAuthority(t)
	for _, x := range []struct {
		tls    *tls.Config
		policy Policy
		opens  bool
	}{
		{nil, &Access{}, false}, {nil, &Access{Users: users(t, "mia")}, false}, {a.serving(""), &Access{}, false},
		{a.serving(""), &Access{Users: users(t, "mia")}, true}, {a.serving(a.file("ca.crt")), &Access{Certificates: true}, true},
	} {
		b := New(Options{TCP: "0.0.0.0:0", TLS: x.tls}, x.policy)
		if err := b.Open(); x.opens {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "needs TLS and passwords or client certificates")
		}
		require.NoError(t, b.Close())
	}
}
