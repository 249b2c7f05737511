package contained

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// Users are who may come in with a password. Of passwords only hashes are known.
type Users struct {
	hashes  map[string]hash // by name
	nobody  hash            // stands for users that do not exist, so that it takes as long to refuse them
	turn    chan struct{}   // hashing is meant to be dear: few at a time
	recency [sha256.Size]byte

	mu       sync.Mutex
	verified map[string][sha256.Size]byte // who has been right, by name: coming back is cheap
}

// hash is a password as PBKDF2 with SHA-256 leaves it.
type hash struct {
	rounds    int
	salt, key []byte
}

// Bounds of hashes.
const (
	hashName      = "pbkdf2-sha256"
	minHashRounds = 1_000
	maxHashRounds = 10_000_000
	hashSize      = 32
	saltSize      = 16

	// HashRounds is how often a password is hashed if nothing else is said: as OWASP
	// has it for PBKDF2 with SHA-256, a quarter of a second on a small machine. Long
	// random passwords of devices need fewer.
	HashRounds = 600_000
)

// HashPassword is the line of a users file for a user, with a new salt.
func HashPassword(user, password string, rounds int) (string, error) {
	switch {
	case !userName(user):
		return "", fmt.Errorf("%.60q is no user's name: letters, digits and what is not : / + # or, at the beginning, $ * and a space", user)
	case password == "":
		return "", errors.New("an empty password lets everybody in")
	case rounds < minHashRounds || rounds > maxHashRounds:
		return "", fmt.Errorf("%d rounds are too few or too many: from %d to %d", rounds, minHashRounds, maxHashRounds)
	}
	h := hash{rounds: rounds, salt: make([]byte, saltSize)}
	_, _ = rand.Read(h.salt) // it never errs
	h.key = h.of(password)
	return user + ":" + h.String(), nil
}

func (h *hash) of(password string) []byte {
	key, err := pbkdf2.Key(sha256.New, password, h.salt, h.rounds, hashSize)
	if err != nil {
		panic(err) // of sizes that are constant
	}
	return key
}

var base64url = base64.RawURLEncoding

// String is a hash as it stands in a file.
func (h *hash) String() string {
	return fmt.Sprintf("%s$%d$%s$%s", hashName, h.rounds, base64url.EncodeToString(h.salt), base64url.EncodeToString(h.key))
}

func readHash(text string) (h hash, err error) {
	name, rest, _ := strings.Cut(text, "$")
	rounds, rest, _ := strings.Cut(rest, "$")
	salt, key, _ := strings.Cut(rest, "$")
	if h.rounds, err = strconv.Atoi(rounds); name != hashName || err != nil || h.rounds < minHashRounds || h.rounds > maxHashRounds {
		return h, errors.New("no hash of a password: twinbed password makes one")
	}
	h.salt, _ = base64url.DecodeString(salt)
	h.key, _ = base64url.DecodeString(key)
	if len(h.salt) < 8 || len(h.key) != hashSize {
		return h, errors.New("a hash that is cut off")
	}
	return h, nil
}

// userName says whether a user may be called so: the name can stand in topics and
// in front of a colon.
func userName(s string) bool {
	return s != "" && len(s) <= 256 && s[0] != '$' && s[0] != '*' &&
		strings.IndexFunc(s, func(r rune) bool {
			return strings.ContainsRune(":/+#", r) || unicode.IsSpace(r) || unicode.IsControl(r)
		}) < 0
}

// OpenUsers reads a file of users that nobody else may read.
func OpenUsers(file string) (*Users, error) {
	text, err := readSecret(file)
	if err != nil {
		return nil, err
	}
	u, err := ReadUsers(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return u, nil
}

// ReadUsers reads a user a line: a name, a colon, a hash. Lines that begin with #
// are comments.
func ReadUsers(r io.Reader) (*Users, error) {
	u := &Users{hashes: map[string]hash{}, verified: map[string][sha256.Size]byte{}}
	u.turn = make(chan struct{}, max(1, runtime.NumCPU()/2))
	_, _ = rand.Read(u.recency[:])
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, text, colon := strings.Cut(line, ":")
		h, err := readHash(text)
		switch _, again := u.hashes[name]; {
		case !colon || !userName(name):
			return nil, fmt.Errorf("line %d: no user's name, a colon and a hash", n)
		case err != nil:
			return nil, fmt.Errorf("line %d: %s has %w", n, name, err)
		case again:
			return nil, fmt.Errorf("line %d: %s is there already", n, name)
		}
		u.hashes[name] = h
		u.nobody.rounds = max(u.nobody.rounds, h.rounds)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(u.hashes) == 0 {
		return nil, errors.New("there is no user")
	}
	u.nobody.salt, u.nobody.key = u.recency[:saltSize], make([]byte, hashSize)
	return u, nil
}

// Check says whether a password is a user's. That takes as long for a user that
// does not exist, and no time for one that has been right before.
func (u *Users) Check(name string, password []byte) bool {
	h, exists := u.hashes[name]
	if !exists {
		h = u.nobody
	}
	seal := u.seal(password)
	u.mu.Lock()
	last, before := u.verified[name]
	u.mu.Unlock()
	if before && subtle.ConstantTimeCompare(last[:], seal[:]) == 1 {
		return true
	}
	u.turn <- struct{}{}
	right := subtle.ConstantTimeCompare(h.of(string(password)), h.key) == 1 && exists
	<-u.turn
	if right {
		u.mu.Lock()
		u.verified[name] = seal
		u.mu.Unlock()
	}
	return right
}

// seal is a password under a key that this process alone has.
func (u *Users) seal(password []byte) (s [sha256.Size]byte) {
	m := hmac.New(sha256.New, u.recency[:])
	m.Write(password)
	m.Sum(s[:0])
	return s
}
