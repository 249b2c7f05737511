package formula

import (
	"math"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// compilation is the state of one [Compile].
type compilation struct {
	source   string
	scope    Scope
	problems []*Error
	nodes    int
	depth    int
	full     bool     // nodes or depth are beyond their limit
	inputs   []input  // what identifiers of the resolved tree stand for
	names    []string // of the scope, read
	calls    []string // of the scope, bound
	operands map[ast.Node]operand
	zero     *Error // the first division by a constant 0
}

type input struct {
	name string // a name, or a call as canonical text
	ref  Ref
}

// let is a name for a part of the formula, which may use earlier lets.
type let struct {
	name  string
	value ast.Node
	outer *let
}

func (l *let) find(name string) *let {
	for ; l != nil; l = l.outer {
		if l.name == name {
			return l
		}
	}
	return nil
}

func (c *compilation) wrong(where span, format string, args ...any) {
	c.problems = append(c.problems, at(c.source, where, format, args...))
}

// poison stands for what has been reported already.
func poison(where span) ast.Node {
	node := new(ast.NilNode)
	node.SetLocation(where)
	return node
}

// resolve copies a tree and gives its names their meaning: lets are written
// out, dotted names become one identifier, calls of the scope's functions the
// identifier of the slot they are bound to.
func (c *compilation) resolve(node ast.Node, lets *let) ast.Node {
	c.nodes++
	c.depth++
	defer func() { c.depth-- }()
	if c.nodes > maxNodes || c.depth > maxDepth {
		if !c.full {
			c.full = true
			c.wrong(whole(c.source), tooLong)
		}
		return poison(node.Location())
	}
	if name, where, ok := path(node); ok && !isVariable(name, lets) {
		return c.name(name, where)
	}
	switch n := node.(type) {
	case *ast.NilNode:
		return c.refuse(n, noNil)
	case *ast.BytesNode:
		return c.refuse(n, "bytes are not a value here")
	case *ast.MapNode:
		return c.refuse(n, "a map is not a value here")
	case *ast.SequenceNode:
		return c.refuse(n, "only one thing can be asked: \";\" stands after a let")
	case *ast.BinaryNode:
		if n.Operator == "??" {
			return c.refuse(n, noNil)
		}
	case *ast.IdentifierNode:
		if l := lets.find(n.Value); l != nil {
			return c.resolve(l.value, l.outer)
		}
	case *ast.CallNode:
		return c.call(n, lets)
	case *ast.BuiltinNode:
		if !slices.Contains(allowed, n.Name) {
			c.wrong(n.Location(), "unknown function %q%s", n.Name, suggestion(n.Name, c.functions()))
			return poison(n.Location())
		}
	case *ast.PredicateNode:
		// What a let would hold here changes with each item.
		if contains(n.Node, func(n ast.Node) bool { _, ok := n.(*ast.VariableDeclaratorNode); return ok }) {
			return c.refuse(n, "a let cannot stand inside of { }: put it before")
		}
	case *ast.VariableDeclaratorNode:
		return c.declare(n, lets)
	}
	return children(node, func(child ast.Node) ast.Node { return c.resolve(child, lets) })
}

func (c *compilation) declare(n *ast.VariableDeclaratorNode, lets *let) ast.Node {
	_, taken := c.scope.Name(n.Name)
	if taken || n.Name == "pi" || isVariable(n.Name, lets) || slices.Contains(c.functions(), n.Name) {
		c.wrong(n.Location(), "%q has a meaning already: let takes a new name", n.Name)
		return poison(n.Location())
	}
	// Once for its own problems, said once however often it is used.
	problems := len(c.problems)
	if c.resolve(n.Value, lets); len(c.problems) > problems {
		return poison(n.Location())
	}
	return c.resolve(n.Expr, &let{n.Name, n.Value, lets})
}

func (c *compilation) refuse(node ast.Node, message string) ast.Node {
	c.wrong(extent(node), "%s", message)
	return poison(node.Location())
}

// path is the name that a node spells, dotted or not.
func path(node ast.Node) (string, span, bool) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return n.Value, n.Location(), true
	case *ast.ChainNode:
		return path(n.Node)
	case *ast.MemberNode:
		property, named := n.Property.(*ast.StringNode)
		base, where, ok := path(n.Node)
		if named && ok {
			return base + "." + property.Value, span{From: where.From, To: property.Location().To}, true
		}
	}
	return "", span{}, false
}

// isVariable says whether a name begins with a let's.
func isVariable(name string, lets *let) bool {
	for i := range name {
		if name[i] == '.' {
			name = name[:i]
			break
		}
	}
	return lets.find(name) != nil
}

func (c *compilation) name(name string, where span) ast.Node {
	if ref, ok := c.scope.Name(name); ok {
		c.names = append(c.names, name)
		return c.input(name, ref, where)
	}
	if name == "pi" {
		node := &ast.FloatNode{Value: math.Pi}
		node.SetLocation(where)
		return node
	}
	if slices.Contains(c.functions(), name) {
		c.wrong(where, "%q is a function: write %s(...)", name, name)
	} else {
		c.wrong(where, "unknown name %q%s", name, suggestion(name, c.scope.Names()))
	}
	return poison(where)
}

func (c *compilation) input(name string, ref Ref, where span) ast.Node {
	if !slices.ContainsFunc(c.inputs, func(in input) bool { return in.name == name }) {
		c.inputs = append(c.inputs, input{name, ref})
	}
	node := &ast.IdentifierNode{Value: name}
	node.SetLocation(where)
	return node
}

func (c *compilation) slots() []Ref {
	var refs []Ref
	for _, in := range c.inputs {
		if !slices.Contains(refs, in.ref) {
			refs = append(refs, in.ref)
		}
	}
	return refs
}

// functions are all that may be called.
func (c *compilation) functions() []string {
	names := slices.Concat(c.scope.Functions(), allowed)
	for _, f := range functions {
		names = append(names, f.name)
	}
	return names
}
