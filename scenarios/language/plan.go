package language

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

// field is one key of a struct, with what its tags say.
type field struct {
	key      string
	index    []int
	kind     reflect.Type
	names    string // field of the items that takes the keys of a mapping, tag map
	doc      string
	unit     string
	fallback string // tag default
	hasDef   bool
	min, max string
	above    string
	required bool
	oneof    []string
	source   sim.Citation // of the default; no mark: none is told
	file     bool         // the text names a file of the scenario's folder
}

// plan is what can be written for a struct, with what is told of the whole. rest is the field that takes what
// the other keys leave over: a choice, a mapping of names, or the whole text.
type plan struct {
	fields  []field
	rest    *field
	formula string
	source  sim.Citation // of the formula
}

var (
	choiceType       = reflect.TypeFor[Choice]()
	wordedType       = reflect.TypeFor[sim.Worded]()
	nodeType         = reflect.TypeFor[*Node]()
	durationType     = reflect.TypeFor[time.Duration]()
	expressionType   = reflect.TypeFor[sim.Expression]()
	distributionType = reflect.TypeFor[chance.Distribution]()
	momentType       = reflect.TypeFor[units.Moment]()
	shiftType        = reflect.TypeFor[units.Shift]()
)

// leaf are the structs that are read from one text.
func leaf(t reflect.Type) bool { return t == shiftType }

type planKey struct {
	t      reflect.Type
	hidden string
}

var plans sync.Map // planKey → *plan

// planOf reads a struct's tags; hidden is a field that is no key. It panics when
// the struct is not written by the convention: that is the program's mistake.
func planOf(t reflect.Type, hidden string) *plan {
	if p, ok := plans.Load(planKey{t, hidden}); ok {
		return p.(*plan)
	}
	p := &plan{}
	p.add(t, hidden, nil)
	seen := map[string]bool{}
	for _, f := range p.fields {
		if seen[f.key] {
			panic(fmt.Sprintf("language: %s has the key %q twice", t, f.key))
		}
		seen[f.key] = true
	}
	plans.Store(planKey{t, hidden}, p)
	return p
}

func (p *plan) add(t reflect.Type, hidden string, index []int) {
	for i := range t.NumField() {
		s := t.Field(i)
		name, option, _ := strings.Cut(s.Tag.Get("key"), ",")
		embedded := s.Anonymous && option == "inline"
		if s.Name == "_" && index == nil {
			p.formula, p.source = s.Tag.Get("formula"), cited(s)
		}
		if !s.IsExported() && !embedded || s.Name == hidden || name == "-" {
			continue
		}
		f := fieldOf(s, name)
		f.index = append(slices.Clip(index), i)
		switch {
		case option == "":
			p.fields = append(p.fields, f)
		case option != "inline":
			panic(fmt.Sprintf("language: %s.%s: key option %q is unknown", t, s.Name, option))
		case plainStruct(s.Type):
			p.add(s.Type, "", f.index)
		case p.rest != nil:
			panic(fmt.Sprintf("language: %s has two inline fields that take the rest", t))
		default:
			f.key = ""
			p.rest = &f
		}
	}
}

// plainStruct says whether a type's keys can stand among those of another.
func plainStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !leaf(t) && !reflect.PointerTo(t).Implements(choiceType) &&
		!reflect.PointerTo(t).Implements(wordedType)
}

func fieldOf(s reflect.StructField, key string) field {
	if key == "" {
		key = snake(s.Name)
	}
	f := field{
		key: key, kind: s.Type, names: s.Tag.Get("map"), doc: s.Tag.Get("doc"), unit: s.Tag.Get("unit"),
		min: s.Tag.Get("min"), max: s.Tag.Get("max"), above: s.Tag.Get("above"), source: cited(s),
		required: s.Tag.Get("required") == "true", file: s.Tag.Get("file") == "true",
	}
	f.fallback, f.hasDef = s.Tag.Lookup("default")
	if o := s.Tag.Get("oneof"); o != "" {
		f.oneof = strings.Split(o, "|")
	}
	if f.names != "" {
		if t := s.Type; t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Struct || !hasTextField(t.Elem(), f.names) {
			panic(fmt.Sprintf("language: %s: map:%q needs a list of structs with a text %s", s.Name, f.names, f.names))
		}
	}
	return f
}

// cited is a field's tag source. It panics where that is none.
func cited(s reflect.StructField) (c sim.Citation) {
	if text := s.Tag.Get("source"); text != "" {
		if err := c.FromWords(text); err != nil {
			panic(fmt.Sprintf("language: the source of %s: %v", s.Name, err))
		}
	}
	return c
}

func hasTextField(t reflect.Type, name string) bool {
	f, ok := t.FieldByName(name)
	return ok && f.Type.Kind() == reflect.String
}

// item is the field as it holds for each item of a list.
func (f *field) item(t reflect.Type) *field {
	one := *f
	one.kind, one.names, one.required, one.hasDef = t, "", false, false
	return &one
}

// keys are the keys that can be written, sorted.
func (p *plan) keys() []string {
	keys := make([]string, 0, len(p.fields))
	for _, f := range p.fields {
		keys = append(keys, f.key)
	}
	slices.Sort(keys)
	return keys
}

func (p *plan) find(key string) *field {
	for i := range p.fields {
		if p.fields[i].key == key {
			return &p.fields[i]
		}
	}
	return nil
}

// needs says whether a key must be given.
func (p *plan) needs() bool {
	return slices.ContainsFunc(p.fields, func(f field) bool { return f.required })
}

// snake turns ListensTo into listens_to and MQTTTopic into mqtt_topic.
func snake(name string) string {
	letters := []rune(name)
	var b strings.Builder
	for i, r := range letters {
		upper := unicode.IsUpper(r)
		if upper && i > 0 && (!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
