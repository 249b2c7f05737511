package language

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

// dimensions are the units that make a number something else than plain.
var dimensions = map[string]units.Dimension{"%": units.Share, "s": units.Duration, "B": units.Size, "/s": units.Rate}

// decodeText reads a single text, number or word.
func decodeText(n *Node, v reflect.Value, f *field) []Problem {
	if !n.IsText() {
		return []Problem{n.wrong(f)}
	}
	if err := setText(n, v, f); err != nil {
		return n.Problems(err)
	}
	return nil
}

// Problems places the mistakes of an error that was found in the node's value:
// sim.Wrong with paths below the node, or one sentence about its text.
func (n *Node) Problems(err error) (problems []Problem) {
	for _, w := range sim.Wrongs(err) {
		if w.Path == "" && w.Offset == 0 {
			problems = append(problems, n.Problem("%s", w.Message))
			continue
		}
		at := *w
		at.Path = strings.TrimSuffix(n.path+"."+w.Path, ".")
		problems = append(problems, n.doc.Problem(&at))
	}
	return problems
}

func setText(n *Node, v reflect.Value, f *field) error {
	text := n.Text()
	switch v.Type() {
	case durationType:
		d, err := units.ParseDuration(text)
		v.SetInt(int64(d))
		return errors.Join(err, f.within(text, float64(d), err))
	case expressionType:
		if text == "" {
			return errors.New("a formula is missing")
		}
		v.SetString(n.yaml.Value)
		return nil
	case distributionType:
		d, err := chance.Parse(text, f.dimension(), n.doc.open)
		if err == nil && d != nil {
			v.Set(reflect.ValueOf(d))
		}
		return err
	case momentType:
		m, err := units.ParseMoment(text)
		v.SetInt(int64(m))
		return err
	case shiftType:
		s, err := units.ParseShift(text)
		v.Set(reflect.ValueOf(s))
		if err != nil {
			return errors.New(strings.TrimPrefix(err.Error(), "shift "))
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Float64:
		x, err := f.number(n)
		v.SetFloat(x)
		return errors.Join(err, f.within(text, x, err))
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return f.setWhole(n, v)
	case reflect.Bool:
		return setBool(n, v)
	}
	return f.setString(n, v)
}

// dimension is what the numbers of a distribution or quantity measure.
func (f *field) dimension() units.Dimension { return dimensions[f.unit] }

// number reads a float64: by its dimension, or plain, with or without its unit.
func (f *field) number(n *Node) (float64, error) {
	text, err := decimal(n)
	if err != nil {
		return 0, err
	}
	if dim := f.dimension(); dim != units.Number && dim != units.Duration {
		return units.Parse(text, dim)
	}
	if _, err := units.ParseNumber(text); err == nil && n.yaml.Style != 0 {
		return 0, fmt.Errorf("%s is a text; write the number without quotes", shown(text))
	}
	return f.plain(text)
}

// plain reads a number that the field's unit may follow.
func (f *field) plain(text string) (float64, error) {
	if f.unit == "" {
		return units.ParseNumber(text)
	}
	bare := strings.TrimSpace(strings.TrimSuffix(text, f.unit))
	x, err := units.ParseNumber(bare)
	if err == nil || bare != text {
		return x, err
	}
	digits := strings.TrimRightFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if _, other := units.ParseNumber(digits); other == nil && digits != text {
		return 0, fmt.Errorf("%s is not in %s; write %s or %s %s", shown(text), f.unit, digits, digits, f.unit)
	}
	return 0, err
}

// decimal is the text of a number without what YAML allows and people misread.
func decimal(n *Node) (string, error) {
	text := n.Text()
	if n.yaml.ShortTag() != "!!int" || n.yaml.Style != 0 {
		return text, nil
	}
	digits := strings.ReplaceAll(strings.TrimPrefix(text, "+"), "_", "")
	bare := strings.TrimPrefix(digits, "-")
	if len(bare) > 1 && bare[0] == '0' {
		if x, ok := new(big.Int).SetString(digits, 0); ok && strings.ContainsAny(bare, "xXbBoO") {
			return "", fmt.Errorf("%s is not written in decimal; write %s", shown(text), x)
		}
		return "", fmt.Errorf("%s begins with a 0, which means octal in YAML; write %s", shown(text), strings.TrimLeft(bare[:len(bare)-1], "0")+bare[len(bare)-1:])
	}
	return digits, nil
}

func (f *field) setWhole(n *Node, v reflect.Value) error {
	x, err := f.number(n)
	text, _ := decimal(n)
	switch {
	case err != nil:
		return err
	case x != math.Trunc(x):
		return fmt.Errorf("%s is not a whole number", shown(text))
	}
	if err := f.within(text, x, nil); err != nil {
		return err
	}
	exact, _, err := big.ParseFloat(text, 10, 128, big.ToZero)
	if err != nil { // it has a unit
		exact = big.NewFloat(x)
	}
	if v.CanUint() {
		u, accuracy := exact.Uint64()
		if accuracy != big.Exact {
			return f.outOfRange(text, "0", strconv.FormatUint(math.MaxUint64, 10))
		}
		v.SetUint(u)
		return nil
	}
	i, accuracy := exact.Int64()
	if accuracy != big.Exact {
		return f.outOfRange(text, strconv.Itoa(math.MinInt64), strconv.Itoa(math.MaxInt64))
	}
	v.SetInt(i)
	return nil
}

// outOfRange says what whole numbers a field can hold; its own bounds, if it has
// them, are narrower.
func (f *field) outOfRange(text, low, high string) error {
	if f.min != "" {
		low = f.limit(f.min)
	}
	if f.max != "" {
		high = f.limit(f.max)
	}
	return fmt.Errorf("%s is out of range; it must be from %s to %s", shown(text), low, high)
}

func (n *Node) isBool() bool { return n.IsText() && n.yaml.ShortTag() == "!!bool" }

// notText says that true or false stands where a text belongs.
func (n *Node) notText() Problem { return n.Problem("%s", noText(n.Text())) }

func noText(word string) string { return shown(word) + " is not a text in YAML; put it in quotes" }

func setBool(n *Node, v reflect.Value) error {
	switch word := strings.ToLower(n.Text()); {
	case n.isBool():
		v.SetBool(word == "true")
		return nil
	case word == "yes" || word == "on" || word == "y" || word == "true":
		return fmt.Errorf("%s is neither true nor false; write true, without quotes", shown(n.Text()))
	case word == "no" || word == "off" || word == "n" || word == "false":
		return fmt.Errorf("%s is neither true nor false; write false, without quotes", shown(n.Text()))
	}
	return fmt.Errorf("%s is neither true nor false", shown(n.Text()))
}

func (f *field) setString(n *Node, v reflect.Value) error {
	text := n.yaml.Value
	switch {
	case n.isBool():
		return errors.New(noText(text))
	case f.required && strings.TrimSpace(text) == "":
		return errors.New("the text is empty")
	case len(f.oneof) > 0 && !slices.Contains(f.oneof, text):
		return fmt.Errorf("%s is not possible%s", shown(text), guess(text, f.oneof))
	}
	v.SetString(text)
	if f.file {
		return n.doc.check(text)
	}
	return nil
}

// within refuses a value outside the field's bounds, unless it could not be read.
func (f *field) within(text string, x float64, unread error) error {
	switch {
	case unread != nil:
		return nil
	case f.min != "" && x < f.bound(f.min), f.above != "" && x <= f.bound(f.above):
		return fmt.Errorf("%s is too %s; it must be %s", shown(text), f.say("small", "short"), f.bounds())
	case f.max != "" && x > f.bound(f.max):
		return fmt.Errorf("%s is too %s; it must be %s", shown(text), f.say("large", "long"), f.bounds())
	}
	return nil
}

// say chooses the word for a duration.
func (f *field) say(number, duration string) string {
	if f.base() == durationType {
		return duration
	}
	return number
}

// bounds says in words where a value must lie; "" for anywhere.
func (f *field) bounds() string {
	low, high := "", ""
	switch {
	case f.above != "":
		low = "more than " + f.limit(f.above)
	case f.min != "":
		low = f.limit(f.min) + " or more"
	}
	if f.max != "" {
		high = f.limit(f.max) + " or less"
	}
	switch {
	case f.min != "" && f.above == "" && high != "":
		return "from " + f.limit(f.min) + " to " + f.limit(f.max)
	case low != "" && high != "":
		return low + " and " + high
	}
	return low + high
}

// bound is a tag's limit as a number of what the field holds.
func (f *field) bound(tag string) float64 {
	if f.base() == durationType {
		d, err := units.ParseSignedDuration(tag)
		f.must(tag, err)
		return float64(d)
	}
	if x, err := units.ParseNumber(tag); err == nil {
		return x
	}
	x, err := units.Parse(tag, f.dimension())
	f.must(tag, err)
	return x
}

func (f *field) must(tag string, err error) {
	if err != nil {
		panic(fmt.Sprintf("language: the limit %q of %s is wrong: %v", tag, f.key, err))
	}
}

// limit is a tag's limit as people write it.
func (f *field) limit(tag string) string {
	if f.base() == durationType {
		return tag
	}
	if dim := f.dimension(); dim != units.Number && dim != units.Duration {
		return units.Format(f.bound(tag), dim)
	}
	return strings.TrimSpace(tag + " " + f.unit)
}

// base is the type of a single value of the field.
func (f *field) base() reflect.Type {
	t := f.kind
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
