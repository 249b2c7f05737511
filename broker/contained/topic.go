package contained

import "strings"

// ValidFilter says whether + and # stand alone in their levels and # at the end.
func ValidFilter(filter string) bool {
	return filter != "" && wildcardsStandAlone([]byte(filter))
}

// Covers says whether every topic that a filter matches is matched by another
// one, the wider; a topic is a filter that matches itself alone. Wildcards at the
// beginning do not cover topics that begin with $.
func Covers(wider, filter string) bool {
	if filter != "" && filter[0] == '$' && (wider == "" || wider[0] != '$') {
		return false
	}
	for {
		level, rest, deeper := strings.Cut(wider, "/")
		if level == "#" {
			return true
		}
		name, below, more := strings.Cut(filter, "/")
		if name == "#" || level != "+" && level != name {
			return false
		}
		if !deeper || !more {
			return deeper == more || deeper && rest == "#"
		}
		wider, filter = rest, below
	}
}
