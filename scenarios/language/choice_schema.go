package language

import (
	"reflect"
	"slices"
	"strings"
)

// Sort is what is chosen: "signal model".
func (c Named[T]) Sort() string { return c.Registry.Sort() }

// Schema is one object for each entry, told apart by the key, and before them
// what a bare number or text may be.
func (c Named[T]) Schema(g *Generator) map[string]any {
	var all []map[string]any
	for _, as := range slices.Compact([]string{c.Number, c.Words}) {
		if as == "" {
			continue
		}
		for _, branch := range g.branches(c.bareSchema(g, as)) {
			if as != c.Number || as == c.Words || numeric(branch) {
				all = append(all, branch)
			}
		}
	}
	for _, e := range c.Registry.Entries() {
		object := g.Object(e.New())
		for _, branch := range g.branches(object) {
			if branch["type"] != "object" {
				continue
			}
			properties := branch["properties"].(map[string]any)
			properties[c.Key] = map[string]any{"const": e.Name, "description": e.Doc}
			if !g.partial {
				branch["required"] = append([]string{c.Key}, needed(branch)...)
			}
			branch["title"] = e.Name
			all = append(all, branch)
		}
	}
	return anyOf(all...)
}

func numeric(schema map[string]any) bool {
	return schema["type"] == "number" || schema["type"] == "integer"
}

// bareSchema is what stands for an entry, or for the one field of an entry.
func (c Named[T]) bareSchema(g *Generator, as string) map[string]any {
	name, key, inField := strings.Cut(as, ".")
	t := reflect.TypeOf(c.mustFind(name).New()).Elem()
	if !inField {
		return g.field(&field{kind: t}, t)
	}
	f := c.mustField(planOf(t, ""), name, key)
	return g.field(f, f.kind)
}

// Sort is what is chosen: "data source".
func (c ByKey[T]) Sort() string { return c.Registry.Sort() }

// Schema is one object for each entry, told apart by the key it must have.
func (c ByKey[T]) Schema(g *Generator) map[string]any {
	var all []map[string]any
	for _, e := range c.Registry.Entries() {
		for _, branch := range g.branches(g.Object(e.New())) {
			if branch["type"] != "object" {
				continue
			}
			if need := needed(branch); !g.partial && !slices.Contains(need, e.Name) {
				branch["required"] = append(need, e.Name)
			}
			branch["title"] = e.Name
			branch["description"] = e.Doc
			all = append(all, branch)
		}
	}
	return anyOf(all...)
}
