package formula

import (
	"errors"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker/nature"
)

// maxText is the most bytes of a text that a machine makes.
const maxText = 4096

// guards has each operation in a machine that may give NaN, an infinity or a
// very long text end the evaluation instead, so that its result becomes
// unknown. And it refuses what is not bounded by the memory of a machine or
// goes wrong in the library.
type guards struct {
	source  string
	cache   *nature.Cache
	problem *Error
}

const (
	guardNumber = "$number"
	guardText   = "$text"
	guardAny    = "$any"
)

var guardSignatures = map[string]any{
	guardNumber: func(float64) float64 { return 0 },
	guardText:   func(string) string { return "" },
	guardAny:    func(any) any { return nil },
}

var errUnknown = errors.New("the value is unknown")

func guard(args ...any) (any, error) {
	switch v := args[0].(type) {
	case float64:
		if v-v != 0 {
			return nil, errUnknown
		}
	case string:
		if len(v) > maxText {
			return nil, errUnknown
		}
	}
	return args[0], nil
}

// Visit checks and guards one node.
func (g *guards) Visit(node *ast.Node) {
	g.check(*node)
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		if !slices.Contains([]string{"+", "-", "*", "/", "**", "^"}, n.Operator) {
			return
		}
	case *ast.BuiltinNode:
		if !slices.Contains([]string{"float", "sum", "mean", "median", "string"}, n.Name) {
			return
		}
	default:
		return
	}
	name := guardNumber
	switch of := (*node).Nature(); {
	case of.IsFloat:
	case of.IsString():
		name = guardText
	case of.IsUnknown(g.cache):
		name = guardAny
	default:
		return
	}
	ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: []ast.Node{*node}})
}

func (g *guards) check(node ast.Node) {
	switch n := node.(type) {
	case *ast.BinaryNode:
		if n.Operator == "*" && (n.Left.Nature().IsDuration() || n.Right.Nature().IsDuration()) {
			g.refuse(n, "a duration of a list cannot be multiplied: multiply what it is compared with")
		}
		if _, written := n.Right.(*ast.StringNode); n.Operator == "matches" && !written {
			g.refuse(n.Right, "the pattern of \"matches\" is to be written as a text")
		}
	case *ast.ArrayNode:
		for _, item := range n.Nodes {
			g.single(item)
		}
	case *ast.BuiltinNode:
		if n.Name == "map" {
			g.single(n.Arguments[1].(*ast.PredicateNode).Node)
		}
	}
}

// single refuses an item that is a list: by sharing, lists of lists can hold
// far more than a machine's memory.
func (g *guards) single(item ast.Node) {
	if list(item) || item.Nature().IsArray() {
		g.refuse(item, "a list cannot be an item of a list")
	}
}

func (g *guards) refuse(node ast.Node, message string) {
	if g.problem == nil {
		g.problem = at(g.source, extent(node), "%s", message)
	}
}
