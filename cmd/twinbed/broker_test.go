package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// screen is what a command that runs has said so far.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// until waits until the screen shows what a pattern matches and returns the first group.
func (s *screen) until(t *testing.T, pattern string) string {
	for re := regexp.MustCompile(pattern); ; <-s.news {
		if m := re.FindStringSubmatch(s.String()); m != nil {
			return m[1]
		}
		require.NoError(t, t.Context().Err())
	}
}

func TestTheBrokerAloneLetsInWhoHasAPasswordAndSaysWhoHasNot(t *testing.T) {
	for _, program := range []string{"mosquitto_pub", "mosquitto_sub"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed (Debian: mosquitto-clients)")
		}
	}
	code, line, _ := twinbed(t, t.Context(), "password", "mia", "--rounds", "1000")
	require.Zero(t, code)
	require.Regexp(t, `^mia:pbkdf2-sha256\$1000\$\S+\n$`, line)
	users, acl := filepath.Join(t.TempDir(), "users"), filepath.Join(t.TempDir(), "acl")
	require.NoError(t, os.WriteFile(users, []byte(line), 0o600))
	require.NoError(t, os.WriteFile(acl, []byte("mia readwrite plant/#\n"), 0o644))

	ctx, interrupt := context.WithCancel(t.Context())
	screen, counts := &screen{news: make(chan struct{}, 1)}, &bytes.Buffer{}
	ended := make(chan int)
	go func() {
		ended <- run([]string{"broker", "--listen", "127.0.0.1:0", "--websocket", "127.0.0.1:0", "--users", users, "--acl", acl},
			&console{Context: ctx, out: counts, err: screen})
	}()
	port := screen.until(t, `listening on mqtt://127.0.0.1:(\d+)\n`)
	screen.until(t, `listening on (ws)://127.0.0.1`)

	client := func(password string, more ...string) *exec.Cmd {
		return exec.Command("mosquitto_pub", append([]string{"-p", port, "-u", "mia", "-P", password, "-i", "mia", "-q", "1", "-m", "x"}, more...)...)
	}
	require.Error(t, client("guessed", "-t", "plant/a").Run())
	require.NoError(t, client("secret", "-t", "plant/a", "-r").Run())
	require.NoError(t, client("secret", "-t", "office/a").Run())
	out, err := exec.Command("mosquitto_sub", "-p", port, "-u", "mia", "-P", "secret", "-i", "mia:desk", "-t", "plant/#", "-C", "1", "-v").Output()
	require.NoError(t, err)
	require.Equal(t, "plant/a x\n", string(out))

	interrupt()
	require.Zero(t, <-ended)
	require.Contains(t, screen.String(), `connections refused: "mia" at 127.0.0.1:`)
	require.Contains(t, screen.String(), `messages refused: "mia" at 127.0.0.1:`)
	require.Contains(t, screen.String(), `it may not publish on "office/a"`)
	require.Contains(t, counts.String(), "1  connections refused\n")
	require.Contains(t, counts.String(), "1  messages refused\n")
	require.Contains(t, counts.String(), "3  clients let in\n")
	for _, secret := range []string{"secret", "guessed"} {
		require.NotContains(t, screen.String()+counts.String(), secret)
	}
}

func TestABrokerThatWouldBeOpenIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), mode))
		require.NoError(t, os.Chmod(file, mode))
		return file
	}
	users := write("users", strings.Repeat("x", 5), 0o600)
	for _, x := range []struct {
		args []string
		says string
	}{
		{[]string{"--listen", "0.0.0.0:0"}, "that needs TLS and passwords"},
		{[]string{"--websocket", ":0"}, "that needs TLS and passwords"},
		{[]string{"--users", write("open", "", 0o644)}, "chmod 600"},
		{[]string{"--users", users}, "line 1: no user's name, a colon and a hash"},
		{[]string{"--users", "nowhere"}, "nowhere"},
		{[]string{"--acl", write("acl", "mia reads #\n", 0o600)}, `line 1: "reads" is not read, write or readwrite`},
		{[]string{"--tls-cert", users}, "--tls-cert and --tls-key"},
		{[]string{"--tls-client-ca", users}, "client certificates need TLS"},
		{[]string{"--tls-cert", users, "--tls-key", users}, "no certificate and its key"},
	} {
		code, _, err := twinbed(t, t.Context(), append([]string{"broker"}, x.args...)...)
		require.Equal(t, 2, code, x.args)
		require.Contains(t, err, x.says)
	}
	code, _, err := twinbed(t, t.Context(), "password", "mia/x")
	require.Equal(t, 2, code)
	require.Contains(t, err, "no user's name")
}
