package language

import (
	"reflect"
	"regexp"

	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

// textSchema is the schema of a single text, number or word.
func (f *field) textSchema(t reflect.Type) map[string]any {
	switch t {
	case durationType:
		return patterned(units.Pattern(units.Duration))
	case expressionType:
		return map[string]any{"type": []string{"string", "number", "boolean"}, "minLength": 1}
	case distributionType:
		return patterned(chance.Pattern(f.dimension()))
	case momentType:
		return patterned(units.MomentPattern)
	case shiftType:
		return patterned(units.ShiftPattern)
	}
	switch t.Kind() {
	case reflect.Float64:
		return f.numberSchema("number")
	case reflect.Int, reflect.Int64:
		return f.numberSchema("integer")
	case reflect.Uint64:
		schema := f.numberSchema("integer")
		if schema["minimum"] == nil && schema["type"] != nil {
			schema["minimum"] = 0
		}
		return schema
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return f.stringSchema()
	}
	panic("language: a key cannot be of the type " + t.String())
}

func (f *field) numberSchema(kind string) map[string]any {
	dim := f.dimension()
	if dim != units.Number && dim != units.Duration {
		return patterned(units.Pattern(dim))
	}
	number := map[string]any{"type": kind}
	for _, limit := range []struct{ word, tag string }{{"minimum", f.min}, {"maximum", f.max}, {"exclusiveMinimum", f.above}} {
		if limit.tag != "" {
			number[limit.word] = f.bound(limit.tag)
		}
	}
	if f.unit == "" {
		return number
	}
	with := `^ *` + units.Shape(units.Number) + ` *` + regexp.QuoteMeta(f.unit) + ` *$`
	return anyOf(number, map[string]any{"type": "string", "pattern": with})
}

func (f *field) stringSchema() map[string]any {
	if len(f.oneof) > 0 {
		return map[string]any{"enum": f.oneof}
	}
	text := map[string]any{"type": []string{"string", "number"}}
	if f.required {
		text["minLength"] = 1
		text["pattern"] = `[^ ]`
	}
	return text
}

// patterned is the schema of a text that has a shape, and of the bare numbers
// that have it too.
func patterned(pattern string) map[string]any {
	text := map[string]any{"type": "string", "pattern": pattern}
	shape := regexp.MustCompile(pattern)
	switch {
	case shape.MatchString("65.5") && shape.MatchString("-3"):
		return anyOf(map[string]any{"type": "number"}, text)
	case shape.MatchString("65.5"):
		return anyOf(map[string]any{"type": "number", "minimum": 0}, text)
	case shape.MatchString("65"):
		return anyOf(map[string]any{"type": "integer", "minimum": 0}, text)
	}
	var few []any
	for at, bare := range []string{"0", "1"} {
		if shape.MatchString(bare) {
			few = append(few, at)
		}
	}
	if few != nil {
		return anyOf(map[string]any{"enum": few}, text)
	}
	return text
}
