package contained

import (
	"bytes"
	"unicode/utf8"
)

// Classes of the bytes of a topic.
const (
	zeroByte = 1 << iota
	wildcard
	beyondASCII
	separator
)

var classes = func() (t [256]byte) {
	t[0], t['+'], t['#'], t['/'] = zeroByte, wildcard, wildcard, separator
	for i := utf8.RuneSelf; i < len(t); i++ {
		t[i] = beyondASCII
	}
	return t
}()

// survey is the classes that occur in a topic, and the number of its levels.
func survey(topic []byte) (all byte, levels int) {
	levels = 1
	for _, c := range topic {
		class := classes[c]
		all |= class
		levels += int(class / separator)
	}
	return all, levels
}

// text says whether b is UTF-8 as MQTT has it.
func text(b []byte) bool { return bytes.IndexByte(b, 0) < 0 && utf8.Valid(b) }

// topic checks a topic that is not empty, of a message, a will or an answer.
func (l *Limits) topic(b []byte) error {
	all, levels := survey(b)
	switch {
	case all&zeroByte != 0, all&beyondASCII != 0 && !utf8.Valid(b):
		return malformed("a topic that is not UTF-8")
	case all&wildcard != 0:
		return badTopic("a topic with a wildcard")
	case l.Levels > 0 && levels > l.Levels:
		return beyond("a topic with too many levels")
	case b[0] == '$' && !l.Dollar:
		return badTopic("a topic that begins with $")
	}
	return nil
}

// filter checks a filter, and says whether it is of a shared subscription.
func (l *Limits) filter(b []byte) (shared bool, err error) {
	all, levels := survey(b)
	switch {
	case all&zeroByte != 0, all&beyondASCII != 0 && !utf8.Valid(b):
		return false, malformed("a filter that is not UTF-8")
	case len(b) == 0:
		return false, badFilter("an empty filter")
	case l.Levels > 0 && levels > l.Levels:
		return false, beyond("a filter with too many levels")
	}
	first, rest, _ := bytes.Cut(b, []byte("/"))
	if shared = bytes.EqualFold(first, []byte("$share")); shared {
		if string(first) != "$share" {
			return true, badFilter("a $share in other letters, which the broker would take for it")
		}
		group, rest, _ := bytes.Cut(rest, []byte("/"))
		if all, _ := survey(group); len(group) == 0 || all&wildcard != 0 {
			return true, badFilter("a shared subscription without a group")
		}
		if len(rest) == 0 {
			return true, badFilter("a shared subscription without a filter")
		}
	}
	if all&wildcard != 0 && !wildcardsStandAlone(b) {
		return shared, badFilter("a wildcard that is not a level of its own, or a # that is not the last")
	}
	return shared, nil
}

func wildcardsStandAlone(b []byte) bool {
	for i, c := range b {
		if classes[c] != wildcard {
			continue
		}
		last := i == len(b)-1
		if i > 0 && b[i-1] != '/' || !last && (c == '#' || b[i+1] != '/') {
			return false
		}
	}
	return true
}
