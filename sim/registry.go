package sim

import (
	"fmt"
	"reflect"
	"regexp"
	"sort"
)

// Configuration is decoded from a scenario by one reader (room scenarios) into
// plain structs: exported fields are the keys. This is the convention for every
// room that has configuration:
//
//   - a field's key is its name in snake_case, or its tag key:"…"; key:"-" is no key,
//     key:"…,inline" takes the keys of the struct it holds as its own;
//   - tags: doc (a sentence), unit (what a number is measured in: "°C", "mm/s";
//     "%" makes "30%" 0.3), default (as it would be written), min, max, above,
//     required:"true", oneof:"a|b|c", source (where a default comes from: a
//     [Citation]; a text that has one is a quantity and no name);
//   - a field _ struct{} tells of the whole: tag formula (what it computes, in its keys)
//     and source (where the formula comes from);
//   - types: float64, int, bool, string, time.Duration, [Expression],
//     chance.Distribution (words; unit "s" makes its numbers durations),
//     []T (a list; one item may stand without the brackets), structs, pointers to
//     structs (nil when not given), and []T tagged map:"Name", which is written as
//     a mapping whose keys go into the field Name of T, kept in order;
//   - a struct that is [Worded] can be written as one text.

// Expression is the source of a formula.
type Expression string

var word = regexp.MustCompile(`[\pL_][\pL\pN_]*`)

// Names are the words that stand in the formula: more than its names, never less.
func (e Expression) Names() []string { return word.FindAllString(string(e), -1) }

// Entry is one thing that a scenario can name: a signal model, a fault, a
// source, an adapter, a KPI. New makes an empty configuration: a pointer to a
// struct whose exported fields are the keys a scenario may set.
type Entry[T any] struct {
	Name string
	Doc  string
	New  func() T
}

// Registry is what there is of one sort.
type Registry[T any] struct {
	sort    string
	entries []Entry[T]
}

// NewRegistry makes a registry of a sort, such as "signal model".
func NewRegistry[T any](sort string) *Registry[T] { return &Registry[T]{sort: sort} }

// Add registers an entry; a second of the same name panics. Only from init.
func (r *Registry[T]) Add(name, doc string, fresh func() T) {
	if _, ok := r.Find(name); ok {
		panic(fmt.Sprintf("%s %q is registered twice", r.sort, name))
	}
	if t := reflect.TypeOf(fresh()); t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("%s %q: New must make a pointer to a struct, not %s", r.sort, name, t))
	}
	r.entries = append(r.entries, Entry[T]{name, doc, fresh})
	sort.Slice(r.entries, func(i, j int) bool { return r.entries[i].Name < r.entries[j].Name })
}

// Find looks an entry up by name.
func (r *Registry[T]) Find(name string) (Entry[T], bool) {
	for _, e := range r.entries {
		if e.Name == name {
			return e, true
		}
	}
	return Entry[T]{}, false
}

// Entries lists all, sorted by name.
func (r *Registry[T]) Entries() []Entry[T] { return r.entries }

// Sort is what the registry holds: "signal model".
func (r *Registry[T]) Sort() string { return r.sort }
