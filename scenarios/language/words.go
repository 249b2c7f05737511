package language

import (
	"reflect"
	"slices"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// expected says in words what belongs in a field: "a duration".
func expected(f *field) string {
	t := f.kind
	for t.Kind() == reflect.Pointer && t != nodeType {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(choiceType) {
		if s, ok := reflect.New(t).Interface().(interface{ Sort() string }); ok {
			return article(s.Sort())
		}
		return "a choice"
	}
	switch {
	case t == nodeType:
		return "anything"
	case f.names != "":
		return "a mapping of names"
	case t.Kind() == reflect.Slice:
		return "a list, each item " + expected(f.item(t.Elem()))
	case len(f.oneof) > 0:
		return "one of " + strings.Join(f.oneof, ", ")
	}
	switch t {
	case durationType:
		return "a duration"
	case expressionType:
		return "a formula"
	case distributionType:
		return article(f.quantity()) + " or a distribution in words"
	case momentType:
		return "a day and time such as Mon 06:00"
	case shiftType:
		return "a shift such as Mon-Fri 06:00-14:00"
	}
	switch t.Kind() {
	case reflect.Float64:
		return article(f.quantity())
	case reflect.Int, reflect.Int64, reflect.Uint64:
		if f.dimension() != units.Number {
			return article(f.quantity())
		}
		return strings.TrimSpace("a whole number " + in(f.unit))
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Struct:
		return structWords(t)
	}
	panic("language: a key cannot be of the type " + t.String())
}

func structWords(t reflect.Type) string {
	p := planOf(t, "")
	switch worded := reflect.PointerTo(t).Implements(wordedType); {
	case worded && len(p.fields) == 0 && p.rest == nil:
		return "a text"
	case worded:
		return "a text or a mapping"
	}
	return "a mapping"
}

// quantity is what a number of the field measures.
func (f *field) quantity() string {
	switch dim := f.dimension(); {
	case dim == units.Share:
		return "percentage"
	case dim == units.Duration && f.kind != distributionType:
		return "number in s"
	case dim != units.Number:
		return dim.String()
	}
	return strings.TrimSpace("number " + in(f.unit))
}

func in(unit string) string {
	if unit == "" {
		return ""
	}
	return "in " + unit
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// FieldDoc is one key of a configuration, as a manual shows it.
type FieldDoc struct {
	Key      string
	Type     string // in words: "a duration"
	Unit     string
	Default  string // as it would be written; "" for none
	Doc      string
	Source   sim.Citation // of the default; without a mark none is told
	Required bool
	Range    string // in words: "more than 0s"; "" for any
	Min, Max string // as the tags say; Above is a Min that is not reached itself
	Above    string
	Keys     []FieldDoc // of a mapping, or of each item of a list or mapping of names
}

// Formula is what a configuration computes, in its keys, and where that comes from;
// "" for none.
func Formula(entry any) (formula string, source sim.Citation) {
	p := planOf(reflect.TypeOf(entry).Elem(), "")
	return p.formula, p.source
}

// Describe lists the keys of a configuration, which is a pointer to a struct, in
// the order of its fields.
func Describe(entry any) []FieldDoc {
	return describe(planOf(reflect.TypeOf(entry).Elem(), ""), nil)
}

func describe(p *plan, within []reflect.Type) (docs []FieldDoc) {
	for i := range p.fields {
		f := &p.fields[i]
		d := FieldDoc{
			Key: f.key, Type: expected(f), Unit: f.unit, Default: f.fallback, Doc: f.doc, Source: f.source,
			Required: f.required, Range: f.bounds(), Min: f.min, Max: f.max, Above: f.above,
		}
		if t := f.base(); plainStruct(t) && !inside(within, t) {
			d.Keys = describe(planOf(t, f.names), append(within, t))
		}
		docs = append(docs, d)
	}
	return docs
}

// inside stops at a mapping that can hold itself.
func inside(within []reflect.Type, t reflect.Type) bool {
	return slices.Contains(within, t)
}
