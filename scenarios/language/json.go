package language

import (
	"encoding/json"
	"errors"
	"math"
	"strings"

	"go.yaml.in/yaml/v4"
)

// JSON is a scenario as JSON, in which a schema can be held to it. The error is
// the first problem that reading it finds.
func JSON(name string, source []byte) ([]byte, error) {
	d, problems := Read(name, source)
	if len(problems) > 0 {
		return nil, errors.New(problems[0].Headline())
	}
	return json.Marshal(plainValue(d.root))
}

// plainValue is a node as JSON has it.
func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			object[n.Content[i].Value] = plainValue(n.Content[i+1])
		}
		return object
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, plainValue(item))
		}
		return list
	}
	return plainScalar(n)
}

// plainScalar is a scalar as JSON has it. What JSON has no number for is a text.
func plainScalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		var i int64
		if n.Load(&i) == nil {
			return i
		}
		var u uint64
		if n.Load(&u) == nil {
			return u
		}
	case "!!float":
		var x float64
		if n.Load(&x) == nil && !math.IsInf(x, 0) && !math.IsNaN(x) {
			return x
		}
	}
	return n.Value
}
