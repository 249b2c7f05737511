package broker

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Bounds of what a payload may hold.
const (
	maxPayload = 32 << 10 // bytes
	maxNumber  = 1e100    // sums of squares stay finite
	maxDigits  = 64       // bytes of one number
)

// scanner reads one flat JSON object. The first mistake sticks: from then on
// all readers yield zeros and field yields false.
type scanner struct {
	text  []byte
	at    int
	key   []byte // of the present field; borrowed
	first bool   // nothing of the present object or array has been read
	err   error
}

// begin enters the object that is the whole payload.
func (s *scanner) begin(payload []byte) {
	s.text, s.at, s.err = payload, 0, nil
	switch {
	case len(payload) > maxPayload:
		s.err = fmt.Errorf("%d bytes are more than %d", len(payload), maxPayload)
	case !utf8.Valid(payload):
		s.err = errors.New("not UTF-8")
	}
	s.open('{', "an object")
}

// end checks that nothing but the object was there and yields the first mistake.
func (s *scanner) end() error {
	if s.err == nil && s.peek() != 0 {
		s.fail("something after the object")
	}
	return s.err
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("byte %d: %w", s.at, fmt.Errorf(format, args...))
	}
}

// peek is the next byte that is not white space; 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		case 0:
			s.fail("a zero byte")
			return 0
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) open(bracket byte, what string) {
	s.first = true
	if s.err != nil {
		return
	}
	if s.peek() != bracket {
		s.fail("not %s", what)
		return
	}
	s.at++
}

// more steps to the next item of the object or array that ends with a bracket.
func (s *scanner) more(bracket byte) bool {
	if s.err != nil {
		return false
	}
	c := s.peek()
	switch {
	case c == bracket:
		s.at++
		s.first = false // of what this was in
		return false
	case s.first:
		s.first = false
		return true
	case c == ',':
		s.at++
		return true
	}
	s.fail("not a comma or %c", bracket)
	return false
}

// field steps to the next field of an object and reads its key.
func (s *scanner) field() bool {
	if !s.more('}') {
		return false
	}
	s.key = s.quoted()
	if s.peek() != ':' {
		s.fail("no colon after the key")
		return false
	}
	s.at++
	return s.err == nil
}

// quoted reads a string; what it yields is borrowed from the payload.
func (s *scanner) quoted() []byte {
	if s.err != nil {
		return nil
	}
	if s.peek() != '"' {
		s.fail("not a text")
		return nil
	}
	s.at++
	for i := s.at; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			text := s.text[s.at:i]
			s.at = i + 1
			return text
		case c == '\\':
			return s.unescape()
		case c < ' ':
			s.at = i
			s.fail("a control character in a text")
			return nil
		}
	}
	s.at = len(s.text)
	s.fail("a text without end")
	return nil
}

// unescape reads a string that holds escapes, into memory of its own.
func (s *scanner) unescape() []byte {
	out := make([]byte, 0, 64)
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return out
		case c < ' ':
			s.fail("a control character in a text")
			return nil
		case c != '\\':
			out = append(out, c)
			continue
		}
		r, ok := s.escape()
		if !ok {
			s.fail("an unknown escape in a text")
			return nil
		}
		out = utf8.AppendRune(out, r)
	}
	s.fail("a text without end")
	return nil
}

func (s *scanner) escape() (rune, bool) {
	if s.at >= len(s.text) {
		return 0, false
	}
	c := s.text[s.at]
	s.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		r, ok := s.hex()
		if ok && utf16.IsSurrogate(r) {
			if s.at+1 >= len(s.text) || s.text[s.at] != '\\' || s.text[s.at+1] != 'u' {
				return 0, false
			}
			s.at += 2
			var low rune
			low, ok = s.hex()
			r = utf16.DecodeRune(r, low)
			ok = ok && r != utf8.RuneError
		}
		return r, ok
	}
	return 0, false
}

func (s *scanner) hex() (rune, bool) {
	if s.at+4 > len(s.text) {
		return 0, false
	}
	var r rune
	for _, c := range s.text[s.at : s.at+4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	s.at += 4
	return r, true
}

// token reads a number as JSON writes it and says whether it is an integer.
func (s *scanner) token() (text string, whole bool) {
	if s.err != nil {
		return "", false
	}
	s.peek()
	from := s.at
	s.accept('-')
	switch {
	case s.accept('0'):
	case s.digits() == 0:
		s.at = from
		s.fail("not a number")
		return "", false
	}
	whole = true
	if s.accept('.') {
		if whole = false; s.digits() == 0 {
			s.fail("a number without digits after its point")
		}
	}
	if s.accept('e') || s.accept('E') {
		whole = false
		if !s.accept('+') {
			s.accept('-')
		}
		if s.digits() == 0 {
			s.fail("a number without digits in its exponent")
		}
	}
	if s.at-from > maxDigits {
		s.fail("a number of %d characters", s.at-from)
	}
	if s.err != nil {
		return "", false
	}
	// The string lives no longer than its parsing: no copy.
	return unsafe.String(&s.text[from], s.at-from), whole
}

func (s *scanner) accept(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() (n int) {
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
		n++
	}
	return n
}

// number reads a number within bounds.
func (s *scanner) number() float64 {
	text, _ := s.token()
	if s.err != nil {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(v) > maxNumber {
		s.fail("a number beyond %g", maxNumber)
		return 0
	}
	return v
}

// integer reads a whole number from lo on.
func (s *scanner) integer(lo, hi int64) int64 {
	text, whole := s.token()
	if s.err != nil {
		return 0
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if !whole || err != nil || v < lo || v > hi {
		s.fail("not a whole number from %d to %d", lo, hi)
		return 0
	}
	return v
}

// skip passes over a value of a field that nobody knows.
func (s *scanner) skip() {
	switch c := s.peek(); c {
	case '"':
		s.quoted()
	case '{', '[':
		s.fail("nested")
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.token()
	}
}

func (s *scanner) word(w string) {
	if len(s.text)-s.at < len(w) || string(s.text[s.at:s.at+len(w)]) != w {
		s.fail("not a value")
		return
	}
	s.at += len(w)
}

// appendNumber writes a finite number as encoding/json does.
func appendNumber(b []byte, v float64) []byte {
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		b = strconv.AppendFloat(b, v, 'e', -1, 64)
		if n := len(b); n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' {
			b[n-2] = b[n-1]
			b = b[:n-1]
		}
		return b
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// appendText writes a text as encoding/json does without its care for HTML.
func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\b':
			b = append(b, `\b`...)
		case r == '\f':
			b = append(b, `\f`...)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ' || r == '\u2028' || r == '\u2029':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
