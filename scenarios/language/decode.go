package language

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// decode reads a node into a settable value of a field's type.
func decode(n *Node, v reflect.Value, f *field) []Problem {
	if isNull(n.yaml) {
		return nil // told when the file was read
	}
	if v.CanAddr() {
		if c, ok := v.Addr().Interface().(Choice); ok {
			return c.Decode(n)
		}
	}
	t := v.Type()
	switch {
	case t == nodeType:
		v.Set(reflect.ValueOf(n))
		return nil
	case t.Kind() == reflect.Pointer:
		fresh := reflect.New(t.Elem())
		v.Set(fresh)
		return decode(n, fresh.Elem(), f)
	case f.names != "":
		return decodeNames(n, v, f)
	case t.Kind() == reflect.Slice:
		return decodeList(n, v, f)
	case t.Kind() == reflect.Struct && !leaf(t):
		return decodeStruct(n, v, f)
	}
	return decodeText(n, v, f)
}

func decodeList(n *Node, v reflect.Value, f *field) (problems []Problem) {
	item := f.item(v.Type().Elem())
	list := reflect.MakeSlice(v.Type(), 0, len(n.yaml.Content))
	for _, one := range n.Items() {
		if isNull(one.yaml) {
			continue
		}
		fresh := reflect.New(v.Type().Elem()).Elem()
		problems = append(problems, decode(one, fresh, item)...)
		list = reflect.Append(list, fresh)
		if len(problems) > enough {
			break
		}
	}
	v.Set(list)
	if f.required && n.IsList() && len(n.yaml.Content) == 0 {
		problems = append(problems, n.Problem("the list is empty; it needs at least one item"))
	}
	return problems
}

// decodeNames reads a mapping of names into a list, in order. Where a name needs
// no settings, a list of names will do.
func decodeNames(n *Node, v reflect.Value, f *field) (problems []Problem) {
	t := v.Type().Elem()
	item := f.item(t)
	item.names = ""
	list := reflect.MakeSlice(v.Type(), 0, len(n.yaml.Content)/2)
	add := func(name string, read func(reflect.Value) []Problem) bool {
		fresh := reflect.New(t).Elem()
		problems = append(problems, read(fresh)...)
		fresh.FieldByName(f.names).SetString(name)
		list = reflect.Append(list, fresh)
		return len(problems) <= enough
	}
	switch {
	case n.IsMapping():
		for _, child := range n.Children() {
			if !add(child.name, func(fresh reflect.Value) []Problem {
				if plainStruct(t) && !isNull(child.yaml) {
					return decodeKeys(child, fresh, planOf(t, f.names))
				}
				return decode(child, fresh, item)
			}) {
				break
			}
		}
	case bareNames(t, f.names):
		problems = namesAlone(n, t, f.names, add)
	default:
		problems = append(problems, n.wrong(f))
	}
	v.Set(list)
	if f.required && len(n.yaml.Content) == 0 && !n.IsText() {
		problems = append(problems, n.Problem("this is empty; it needs at least one name"))
	}
	return problems
}

// bareNames says whether the items of a mapping can be written as names alone.
func bareNames(t reflect.Type, names string) bool {
	if !plainStruct(t) {
		return false
	}
	p := planOf(t, names)
	return !p.needs() && (p.rest == nil || p.rest.names != "")
}

func namesAlone(n *Node, t reflect.Type, names string, add func(string, func(reflect.Value) []Problem) bool) (problems []Problem) {
	seen := map[string]bool{}
	for _, one := range n.Items() {
		name := one.Text()
		switch {
		case isNull(one.yaml):
		case !one.IsText() || name == "":
			problems = append(problems, one.Problem("%s stands where a name belongs", what(one.yaml)))
		case one.isBool():
			problems = append(problems, one.notText())
		case seen[name]:
			problems = append(problems, one.Problem("%s stands here a second time", shown(name)))
		default:
			seen[name] = true
			add(name, func(fresh reflect.Value) []Problem {
				fill(fresh, planOf(t, names))
				return nil
			})
		}
	}
	return problems
}

func decodeStruct(n *Node, v reflect.Value, f *field) []Problem {
	p := planOf(v.Type(), "")
	w, worded := v.Addr().Interface().(sim.Worded)
	switch {
	case worded && n.isBool():
		return []Problem{n.notText()}
	case worded && n.IsText():
		fill(v, p)
		if err := w.FromWords(n.Text()); err != nil {
			return n.Problems(err)
		}
		return nil
	case worded && len(p.fields) == 0 && p.rest == nil:
		return []Problem{n.wrong(f)}
	}
	return decodeKeys(n, v, p)
}

// decodeKeys reads a mapping into a struct. What is no mapping goes to the field
// that takes the rest.
func decodeKeys(n *Node, v reflect.Value, p *plan) (problems []Problem) {
	own := p.keys()
	if !n.IsMapping() && (p.rest == nil || p.rest.names != "" || p.needs()) {
		return []Problem{n.notMapping(p)}
	}
	given := make(map[string]bool, len(own))
	if n.IsMapping() {
		for _, child := range n.Children() {
			f := p.find(child.name)
			switch {
			case f != nil:
				given[child.name] = true
				problems = append(problems, decode(child, v.FieldByIndex(f.index), f)...)
			case p.rest == nil && !isNull(child.yaml):
				problems = append(problems, n.unknown(child, own))
				meant, _ := units.Nearest(child.name, own)
				given[meant] = true // one mistake, not two
			}
			if len(problems) > enough {
				return problems
			}
		}
	}
	if p.rest != nil {
		problems = append(problems, decode(n.Without(own...), v.FieldByIndex(p.rest.index), p.rest)...)
	}
	for i := range p.fields {
		f := &p.fields[i]
		switch {
		case given[f.key]:
		case f.required:
			problems = append(problems, n.missing(f.key, expected(f)))
		default:
			fillField(v.FieldByIndex(f.index), f)
		}
	}
	return problems
}

// fill gives a struct that is not written the defaults of its keys.
func fill(v reflect.Value, p *plan) {
	for i := range p.fields {
		fillField(v.FieldByIndex(p.fields[i].index), &p.fields[i])
	}
}

func fillField(v reflect.Value, f *field) {
	switch {
	case f.hasDef:
		if problems := decode(defaultNode(f), v, f); len(problems) > 0 {
			panic(fmt.Sprintf("language: the default of %s is wrong: %s", f.key, problems[0].Message))
		}
	case plainStruct(v.Type()):
		fill(v, planOf(v.Type(), ""))
	}
}

// defaultNode is a default as if it had been written.
func defaultNode(f *field) *Node {
	d := &Document{name: "default"}
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: f.fallback}
	if strings.HasPrefix(f.fallback, "[") || strings.HasPrefix(f.fallback, "{") {
		parsed, problem := d.parse([]byte(f.fallback))
		if problem != nil {
			panic(fmt.Sprintf("language: the default of %s is wrong: %s", f.key, problem.Message))
		}
		n = parsed
	}
	d.root = n
	return &Node{doc: d, yaml: n, name: f.key}
}

func (n *Node) others(own []string) []string {
	keys := append(slices.Clip(own), n.aside...)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// unknown says that a child's key means nothing and what does.
func (n *Node) unknown(child *Node, own []string) Problem {
	keys := n.others(own)
	of := n.of
	if of == "" {
		of = "here"
	}
	message := "no such key " + of
	if len(keys) == 0 {
		message += ", where none is possible"
	}
	return child.KeyProblem("%s%s", message, guess(child.name, keys))
}

// notMapping says that something else stands where a plan's keys belong.
func (n *Node) notMapping(p *plan) Problem {
	more := ""
	if p.rest != nil {
		more = ", and others"
	}
	return n.Problem("%s stands where a mapping belongs%s%s", what(n.yaml), possible("; its keys are ", n.others(p.keys())), more)
}

// missing says that a key is not given which must be.
func (n *Node) missing(key, expected string) Problem {
	return n.KeyProblem("the key %s is missing; it is %s", key, expected)
}

// wrong says that something else stands where a field's value belongs.
func (n *Node) wrong(f *field) Problem {
	return n.Problem("%s stands where %s belongs", what(n.yaml), expected(f))
}

// guess ends a sentence about an unknown word: the nearest, and what is possible.
func guess(word string, known []string) string {
	nearest := ""
	if name, ok := units.Nearest(word, known); ok {
		nearest = "; did you mean " + name + "?"
	}
	if list := possible("possible are ", known); list != "" {
		if nearest != "" {
			return nearest + " " + list
		}
		return "; " + list
	}
	return nearest
}

// possible lists words after an introduction; "" for none.
func possible(intro string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	return intro + strings.Join(words, ", ")
}
