package contained

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode"
)

// Rules say who may read and write what. What no rule allows is refused.
type Rules struct {
	everybody []allowance
	users     map[string][]allowance
}

// allowance is one rule. Its filter may hold %u for the user and %c for the
// client's id.
type allowance struct {
	filter      string
	read, write bool
}

// OpenRules reads a file of rules.
func OpenRules(file string) (*Rules, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r, err := ReadRules(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// ReadRules reads a rule a line: a user or * for everybody; read, write or
// readwrite; a filter. Lines that begin with # are comments.
//
//	mia  read       factory/#
//	*    write      devices/%u/readings
func ReadRules(from io.Reader) (*Rules, error) {
	r := &Rules{users: map[string][]allowance{}}
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		user, rest := word(line)
		access, filter := word(rest)
		if err := r.Allow(user, access, filter); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return r, lines.Err()
}

// word cuts the first word off; a filter, which comes last, may have spaces in it.
func word(line string) (first, rest string) {
	at := strings.IndexFunc(line, unicode.IsSpace)
	if at < 0 {
		return line, ""
	}
	return line[:at], strings.TrimSpace(line[at:])
}

// Allow adds a rule, in the words of a file's line.
func (r *Rules) Allow(user, access, filter string) error {
	x := allowance{filter: filter}
	switch access {
	case "read":
		x.read = true
	case "write":
		x.write = true
	case "readwrite":
		x.read, x.write = true, true
	default:
		return fmt.Errorf("%.60q is not read, write or readwrite", access)
	}
	switch {
	case !ValidFilter(filter):
		return fmt.Errorf("%.60q is no topic filter", filter)
	case strings.HasPrefix(filter, "$share"):
		return errors.New("shared subscriptions are not to be had")
	case x.write && filter[0] == '$':
		return errors.New("nobody may write topics that begin with $")
	case user == "*":
		r.everybody = append(r.everybody, x)
	case !userName(user):
		return fmt.Errorf("%.60q is no user's name", user)
	default:
		r.users[user] = append(r.users[user], x)
	}
	return nil
}

// of is what a client may read and write, as filters. A rule with the name of a
// user or client in it is not for one whose name would mean more in a filter
// than itself.
func (r *Rules) of(user, id string) (reads, writes []string) {
	names := strings.NewReplacer("%u", user, "%c", id)
	for _, list := range [...][]allowance{r.users[user], r.everybody} {
		for _, x := range list {
			if strings.Contains(x.filter, "%u") && !plainLevel(user) || strings.Contains(x.filter, "%c") && !plainLevel(id) {
				continue
			}
			filter := names.Replace(x.filter)
			if x.read {
				reads = append(reads, filter)
			}
			if x.write {
				writes = append(writes, filter)
			}
		}
	}
	return reads, writes
}

func plainLevel(name string) bool {
	return name != "" && name[0] != '$' && !strings.ContainsAny(name, "/+#")
}

// Operators says whether anybody may read what the broker says of itself, under $SYS.
func (r *Rules) Operators() bool {
	found := false
	for _, list := range append(slices.Collect(maps.Values(r.users)), r.everybody) {
		found = found || slices.ContainsFunc(list, func(x allowance) bool { return strings.HasPrefix(x.filter, "$SYS/") })
	}
	return found
}
