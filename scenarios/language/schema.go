package language

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/twinbed/twinbed/sim"
)

// Draft is the JSON Schema dialect that Schema writes.
const Draft = "https://json-schema.org/draft/2020-12/schema"

// Schema is the JSON Schema of what can be decoded into a configuration, which
// is a pointer to a struct. It tells shape from no shape as Decode does; limits
// of numbers with units, names that must exist and the like are beyond it. The
// same types and registries give the same bytes.
func Schema(of any) ([]byte, error) {
	g := &Generator{defs: map[string]any{}, names: map[defKey]string{}}
	root := maps.Clone(g.Object(of))
	root["$schema"] = Draft
	if len(g.defs) > 0 {
		root["$defs"] = g.defs
	}
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	err := w.Encode(root)
	return b.Bytes(), err
}

// Generator makes the schemas of types that refer to one another.
type Generator struct {
	defs    map[string]any
	names   map[defKey]string
	key     string // the key under way, which names definitions
	partial bool
}

type defKey struct {
	t       reflect.Type
	hidden  string
	partial bool
}

// Of is the schema of what can be decoded into what a pointer points to.
func (g *Generator) Of(pointer any) map[string]any {
	t := reflect.TypeOf(pointer).Elem()
	return g.field(&field{kind: t}, t)
}

// Partial is the schema of a part of a configuration, as an overlay writes it:
// the same keys at every depth but for some at the top, none required.
func (g *Generator) Partial(pointer any, without ...string) map[string]any {
	before := g.partial
	g.partial = true
	defer func() { g.partial = before }()
	t := reflect.TypeOf(pointer).Elem()
	part := *planOf(t, "")
	part.fields = slices.DeleteFunc(slices.Clone(part.fields), func(f field) bool { return slices.Contains(without, f.key) })
	return g.defined(t, strings.Join(without, ","), func() map[string]any { return g.object(&part) })
}

// Object is the schema of the keys of a configuration, written out where it is used.
func (g *Generator) Object(pointer any) map[string]any {
	return g.object(planOf(reflect.TypeOf(pointer).Elem(), ""))
}

// defined puts a schema under a name that the present key gives, and refers to it.
func (g *Generator) defined(t reflect.Type, hidden string, schema func() map[string]any) map[string]any {
	at := defKey{t, hidden, g.partial}
	name, ok := g.names[at]
	if !ok {
		base := g.key
		if base == "" {
			base = "scenario"
		}
		if g.partial {
			base += " (part)"
		}
		name = base
		for n := 2; g.defs[name] != nil; n++ {
			name = fmt.Sprintf("%s %d", base, n)
		}
		g.names[at] = name
		g.defs[name] = true // taken, before the schema refers to itself
		g.defs[name] = schema()
	}
	return map[string]any{"$ref": "#/$defs/" + strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", " ", "%20").Replace(name)}
}

// field is the schema of a field's value when the field has type t.
func (g *Generator) field(f *field, t reflect.Type) map[string]any {
	if c, ok := reflect.New(t).Interface().(Choice); ok {
		return g.defined(t, "", func() map[string]any { return c.Schema(g) })
	}
	switch {
	case t == nodeType:
		return map[string]any{"not": map[string]any{"type": "null"}}
	case t.Kind() == reflect.Pointer:
		return g.field(f, t.Elem())
	case f.names != "":
		return g.mapping(f, t.Elem())
	case t.Kind() == reflect.Slice:
		return g.list(f, t.Elem())
	case t.Kind() == reflect.Struct && !leaf(t):
		return g.structure(t, "")
	}
	return f.textSchema(t)
}

func (g *Generator) list(f *field, t reflect.Type) map[string]any {
	partial := g.partial
	g.partial = false // an overlay replaces lists, so their items are whole
	item := g.field(f.item(t), t)
	g.partial = partial
	list := map[string]any{"type": "array", "items": item}
	if f.required {
		list["minItems"] = 1
	}
	return anyOf(item, list)
}

// mapping is the schema of names with their settings.
func (g *Generator) mapping(f *field, t reflect.Type) map[string]any {
	key := g.key
	g.key = strings.TrimSuffix(key, "s")
	var item map[string]any
	if plainStruct(t) {
		item = g.structure(t, f.names)
	} else {
		item = g.field(f.item(t), t)
	}
	g.key = key
	names := map[string]any{"type": "object", "additionalProperties": item}
	if f.required && !g.partial {
		names["minProperties"] = 1
	}
	if !bareNames(t, f.names) {
		return names
	}
	name := map[string]any{"type": []string{"string", "number"}, "minLength": 1}
	list := map[string]any{"type": "array", "items": name, "uniqueItems": true}
	if f.required && !g.partial {
		list["minItems"] = 1
	}
	return anyOf(names, name, list)
}

// structure is the schema of a struct: a reference, so that it can hold itself.
func (g *Generator) structure(t reflect.Type, hidden string) map[string]any {
	return g.defined(t, hidden, func() map[string]any {
		p := planOf(t, hidden)
		w, worded := reflect.New(t).Interface().(sim.Worded)
		switch {
		case hidden != "" || !worded:
			return g.object(p)
		case len(p.fields) == 0 && p.rest == nil:
			return patterned(w.WordsPattern())
		}
		return anyOf(patterned(w.WordsPattern()), g.object(p))
	})
}

// object is the schema of a mapping with the keys of a plan.
func (g *Generator) object(p *plan) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range p.fields {
		f := &p.fields[i]
		properties[f.key] = g.property(f)
		if f.required && !g.partial {
			required = append(required, f.key)
		}
	}
	own := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		slices.Sort(required)
		own["required"] = required
	}
	if p.rest == nil {
		return own
	}
	if p.rest.names != "" {
		own["additionalProperties"] = g.mapping(p.rest, p.rest.kind.Elem())["additionalProperties"]
		return own
	}
	return g.blend(own, g.rest(p.rest))
}

// rest is the schema of a field that takes what other keys leave over, written out.
func (g *Generator) rest(f *field) map[string]any {
	if c, ok := reflect.New(f.kind).Interface().(Choice); ok {
		return c.Schema(g)
	}
	return g.field(f, f.kind)
}

// blend puts the keys of own into every object that inner allows. What is no
// object stays possible where own needs no key.
func (g *Generator) blend(own, inner map[string]any) map[string]any {
	var all []map[string]any
	for _, branch := range g.branches(inner) {
		if branch["type"] != "object" {
			if own["required"] == nil {
				all = append(all, branch)
			}
			continue
		}
		both := maps.Clone(branch)
		properties := map[string]any{}
		for _, from := range []map[string]any{branch, own} {
			if p, ok := from["properties"].(map[string]any); ok {
				maps.Copy(properties, p)
			}
		}
		both["properties"] = properties
		if need := append(needed(own), needed(branch)...); len(need) > 0 {
			slices.Sort(need)
			both["required"] = slices.Compact(need)
		}
		all = append(all, both)
	}
	if len(all) == 0 {
		return own
	}
	return anyOf(all...)
}

// branches are the alternatives of a schema, references resolved.
func (g *Generator) branches(schema map[string]any) (all []map[string]any) {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.NewReplacer("%20", " ", "%25", "%", "~1", "/", "~0", "~").Replace(strings.TrimPrefix(ref, "#/$defs/"))
		def, ok := g.defs[name].(map[string]any)
		if !ok {
			panic("language: an inline choice holds itself: " + name)
		}
		return g.branches(def)
	}
	alternatives := alternatives(schema)
	for _, a := range alternatives {
		all = append(all, g.branches(a)...)
	}
	if alternatives == nil {
		return []map[string]any{schema}
	}
	return all
}

// alternatives are what stands in anyOf; nil where there is none.
func alternatives(schema map[string]any) (all []map[string]any) {
	all, _ = schema["anyOf"].([]map[string]any)
	if mixed, ok := schema["anyOf"].([]any); ok {
		for _, a := range mixed {
			all = append(all, a.(map[string]any))
		}
	}
	return all
}

func needed(schema map[string]any) []string {
	need, _ := schema["required"].([]string)
	return slices.Clone(need)
}

// property is a key's schema with what a manual says of it.
func (g *Generator) property(f *field) map[string]any {
	key := g.key
	g.key = f.key
	schema := maps.Clone(g.field(f, f.kind))
	g.key = key
	if text := f.manual(); text != "" {
		schema["description"] = text
	}
	if f.hasDef && f.fallback != "" {
		schema["default"] = plainValue(defaultNode(f).yaml)
	}
	return schema
}

// manual is the description of a key: its sentence, then unit and source.
func (f *field) manual() string {
	text := f.doc
	if f.unit != "" && f.unit != "%" && f.unit != "s" {
		text += " [" + f.unit + "]"
	}
	if f.source.Mark != "" {
		text += " (" + f.source.String() + ")"
	}
	return strings.TrimSpace(text)
}

// anyOf is the choice between schemas; of one, itself.
func anyOf(schemas ...map[string]any) map[string]any {
	var all []map[string]any
	for _, s := range schemas {
		if inner := alternatives(s); inner != nil && len(s) == 1 {
			all = append(all, inner...)
		} else {
			all = append(all, s)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return map[string]any{"anyOf": all}
}
