package hardware

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// largestPayload is the longest payload that is looked into.
const largestPayload = 1 << 20

// payload reads several numbers from one message; a JSON text is parsed once.
type payload struct {
	text   []byte
	parsed bool
	tree   any
	broken error
}

// number is the number at a path, NaN where the payload says null. Without a
// path the payload is the number. true, on and false, off are 1 and 0.
func (p *payload) number(path string) (float64, error) {
	if len(p.text) > largestPayload {
		return 0, fmt.Errorf("%d bytes are too many", len(p.text))
	}
	if path == "" {
		return scalar(string(p.text))
	}
	if !p.parsed {
		p.parsed = true
		p.broken = json.Unmarshal(p.text, &p.tree)
	}
	if p.broken != nil {
		return 0, fmt.Errorf("not JSON: %w", p.broken)
	}
	at := p.tree
	for step := range strings.SplitSeq(path, ".") {
		next, ok := child(at, step)
		if !ok {
			return 0, fmt.Errorf("nothing at %s: no %q", path, step)
		}
		at = next
	}
	switch x := at.(type) {
	case float64:
		return x, nil
	case bool:
		return truth(x), nil
	case string:
		return scalar(x)
	case nil:
		return math.NaN(), nil
	}
	return 0, fmt.Errorf("at %s is no number", path)
}

// child is a member of an object or an item of a list.
func child(at any, step string) (any, bool) {
	switch x := at.(type) {
	case map[string]any:
		next, ok := x[step]
		return next, ok
	case []any:
		n, err := strconv.Atoi(step)
		if err == nil && n >= 0 && n < len(x) {
			return x[n], true
		}
	}
	return nil, false
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func scalar(text string) (float64, error) {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case "true", "on":
		return 1, nil
	case "false", "off":
		return 0, nil
	case "":
		return 0, errors.New("the payload is empty")
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !finite(x) {
		return 0, fmt.Errorf("%.40q is no number", text)
	}
	return x, nil
}

// written is a command's payload with its value in place.
func written(template string, value float64) string {
	number := ""
	if !math.IsNaN(value) {
		number = strconv.FormatFloat(value, 'f', -1, 64)
	}
	if template == "" {
		return number
	}
	return strings.ReplaceAll(template, "{value}", number)
}
