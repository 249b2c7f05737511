package formula

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// operand compiles a resolved node. What is not arithmetic, comparison or
// logic of scalars goes to the library's VM.
func (c *compilation) operand(node ast.Node) operand {
	if made, done := c.operands[node]; done {
		return made
	}
	made := c.compile(node)
	if c.operands == nil {
		c.operands = make(map[ast.Node]operand)
	}
	c.operands[node] = made
	return made
}

func (c *compilation) compile(node ast.Node) operand {
	switch n := node.(type) {
	case *ast.NilNode:
		return operand{bad: true}
	case *ast.IntegerNode:
		return constant(Number, float64(n.Value))
	case *ast.FloatNode:
		return constant(Number, n.Value)
	case *ast.BoolNode:
		return constant(Bool, truthOf(n.Value).number())
	case *ast.StringNode:
		return constant(Text, c.scope.Symbols().ID(n.Value))
	case *ast.IdentifierNode:
		if i := slices.IndexFunc(c.inputs, func(in input) bool { return in.name == n.Value }); i >= 0 {
			return slotOf(c.inputs[i].ref)
		}
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.CallNode:
		name, _, _ := path(n.Callee)
		f, _ := findFunction(name)
		return c.apply(f, n, n.Arguments)
	case *ast.BuiltinNode:
		if f, ok := c.scalar(n); ok {
			return c.apply(f, n, n.Arguments)
		}
	}
	return c.machine(node)
}

// scalar finds the function of our own for one of the library that is called
// with what may be numbers.
func (c *compilation) scalar(n *ast.BuiltinNode) (function, bool) {
	i := slices.IndexFunc(shared, func(f function) bool { return f.name == n.Name })
	if i < 0 || slices.ContainsFunc(n.Arguments, list) {
		return function{}, false
	}
	if n.Name == "int" && len(n.Arguments) == 1 {
		if arg := c.operand(n.Arguments[0]); arg.typ == Text && !arg.bad {
			return function{}, false
		}
	}
	return shared[i], true
}

// lists are the functions that give a list.
var lists = []string{"filter", "map", "uniq"}

// list says whether a node is, as far as its kind tells, no scalar.
func list(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.ArrayNode:
		return true
	case *ast.SliceNode:
		return list(n.Node)
	case *ast.BinaryNode:
		return n.Operator == ".."
	case *ast.ConditionalNode:
		return list(n.Exp1) || list(n.Exp2)
	case *ast.BuiltinNode:
		return slices.Contains(lists, n.Name)
	}
	return false
}

func (c *compilation) unary(n *ast.UnaryNode) operand {
	of := c.operand(n.Node)
	switch {
	case of.bad:
		return of
	case n.Operator == "not" || n.Operator == "!":
		if of.typ == Bool {
			return negation(of)
		}
		c.wrong(n.Location(), "%q wants true or false after it, and this is %v: write not (...) around a comparison", n.Operator, of.typ)
	case of.typ == Number || of.typ == Duration:
		if n.Operator == "+" {
			return of
		}
		x := of.number
		return numeric(of.typ, func(e *Env) float64 { return -x(e) }, of)
	default:
		c.wrong(n.Location(), "%q wants a number after it, and this is %v", n.Operator, of.typ)
	}
	return operand{bad: true}
}

func (c *compilation) conditional(n *ast.ConditionalNode) operand {
	if list(n.Exp1) || list(n.Exp2) {
		return c.machine(n)
	}
	cond, a, b := c.operand(n.Cond), c.operand(n.Exp1), c.operand(n.Exp2)
	switch {
	case cond.bad || a.bad || b.bad:
		return operand{bad: true}
	case cond.typ != Bool:
		c.wrong(extent(n.Cond), "the condition before \"?\" is to be true or false, and this is %v", cond.typ)
		return operand{bad: true}
	case a.typ != b.typ:
		c.wrong(extent(n.Exp2), "both choices are to be of one kind: the first is %v and this is %v", a.typ, b.typ)
		return operand{bad: true}
	case a.typ == Text && (a.vm || b.vm):
		return c.machine(n) // or each new text would become a symbol
	}
	return choice(cond, a, b)
}

func (c *compilation) binary(n *ast.BinaryNode) operand {
	switch n.Operator {
	case "in":
		return c.in(n)
	case "and", "&&", "or", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "**", "^":
	case "startsWith", "endsWith", "contains":
		return c.affix(n)
	default:
		return c.machine(n)
	}
	if list(n.Left) || list(n.Right) {
		return c.machine(n)
	}
	l, r := c.operand(n.Left), c.operand(n.Right)
	if l.bad || r.bad {
		return operand{bad: true}
	}
	switch n.Operator {
	case "and", "&&", "or", "||":
		return c.connect(n, l, r)
	case "==", "!=", "<", "<=", ">", ">=":
		return c.comparison(n, l, r)
	}
	return c.calculation(n, l, r)
}

func (c *compilation) connect(n *ast.BinaryNode, l, r operand) operand {
	good := true
	for _, side := range []struct {
		node ast.Node
		operand
	}{{n.Left, l}, {n.Right, r}} {
		if side.typ != Bool {
			c.wrong(extent(side.node), "%q joins what is true or false, and this is %v", n.Operator, side.typ)
			good = false
		}
	}
	switch {
	case !good:
		return operand{bad: true}
	case n.Operator == "and" || n.Operator == "&&":
		return both(l, r)
	}
	return either(l, r)
}

func (c *compilation) comparison(n *ast.BinaryNode, l, r operand) operand {
	equality := n.Operator == "==" || n.Operator == "!="
	switch {
	case l.typ != r.typ:
		c.wrong(n.Location(), "%q compares %v with %v%s", n.Operator, l.typ, r.typ, durationHint(l.typ, r.typ))
	case l.typ == Bool && !equality:
		c.wrong(n.Location(), "%q has no meaning for true and false", n.Operator)
	case l.typ == Text && (!equality || l.vm || r.vm):
		return c.machine(n)
	default:
		return compare(n.Operator, l, r)
	}
	return operand{bad: true}
}

// calculation is arithmetic. Durations are added to, subtracted from and
// divided by durations, and multiplied with and divided by numbers.
func (c *compilation) calculation(n *ast.BinaryNode, l, r operand) operand {
	op, pair := n.Operator, [2]Type{l.typ, r.typ}
	if (op == "/" || op == "%") && r.known && r.value == 0 && c.zero == nil {
		c.zero = at(c.source, extent(n.Right), "a division by 0 has no result: what is reckoned with it is never known")
	}
	switch pair {
	case [2]Type{Number, Number}:
		return arithmetic(Number, op, l, r)
	case [2]Type{Duration, Duration}:
		switch op {
		case "+", "-", "%":
			return arithmetic(Duration, op, l, r)
		case "/":
			return arithmetic(Number, op, l, r)
		}
	case [2]Type{Duration, Number}:
		if op == "*" || op == "/" {
			return arithmetic(Duration, op, l, r)
		}
	case [2]Type{Number, Duration}:
		if op == "*" {
			return arithmetic(Duration, op, l, r)
		}
	case [2]Type{Text, Text}:
		if op == "+" {
			return c.machine(n)
		}
	}
	hint := ""
	if op == "+" || op == "-" {
		hint = durationHint(l.typ, r.typ)
	}
	c.wrong(n.Location(), "%q does not go with %v and %v%s", op, l.typ, r.typ, hint)
	return operand{bad: true}
}

var affixes = map[string]func(text, part string) bool{
	"startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix, "contains": strings.Contains,
}

// affix looks into a text that is a symbol already.
func (c *compilation) affix(n *ast.BinaryNode) operand {
	if list(n.Left) || list(n.Right) {
		return c.machine(n)
	}
	l, r := c.operand(n.Left), c.operand(n.Right)
	switch {
	case l.bad || r.bad:
		return operand{bad: true}
	case l.typ != Text || r.typ != Text:
		c.wrong(n.Location(), "%q looks into a text for a text, and here are %v and %v", n.Operator, l.typ, r.typ)
		return operand{bad: true}
	case l.vm || r.vm:
		return c.machine(n)
	}
	x, y, holds, symbols := l.number, r.number, affixes[n.Operator], c.scope.Symbols()
	return logical(func(e *Env) truth {
		text, part := x(e), y(e)
		if text != text || part != part {
			return unknown
		}
		return truthOf(holds(symbols.Text(text), symbols.Text(part)))
	}, l, r)
}

// in is membership in a list of scalars or a range of whole numbers.
func (c *compilation) in(n *ast.BinaryNode) operand {
	if list(n.Left) {
		return c.machine(n)
	}
	if span, ok := n.Right.(*ast.BinaryNode); ok && span.Operator == ".." {
		x, lo, hi := c.operand(n.Left), c.operand(span.Left), c.operand(span.Right)
		_, from := integer(span.Left)
		_, to := integer(span.Right)
		if x.typ == Number && !x.bad && from && to {
			return between(x, lo.value, hi.value)
		}
		return c.machine(n)
	}
	items, ok := n.Right.(*ast.ArrayNode)
	if !ok || slices.ContainsFunc(items.Nodes, list) {
		return c.machine(n)
	}
	x, vm := c.operand(n.Left), false
	made := make([]operand, len(items.Nodes))
	for i, node := range items.Nodes {
		made[i] = c.operand(node)
		switch {
		case x.bad || made[i].bad:
			return operand{bad: true}
		case made[i].typ != x.typ:
			c.wrong(extent(node), "\"in\" looks for %v, and this is %v%s", x.typ, made[i].typ, durationHint(x.typ, made[i].typ))
			return operand{bad: true}
		}
		vm = vm || made[i].vm
	}
	switch {
	case x.bad:
		return x
	case x.typ == Text && (x.vm || vm):
		return c.machine(n)
	}
	return among(x, made)
}

// integer is the value of a whole number written as such.
func integer(node ast.Node) (int, bool) {
	switch n := node.(type) {
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.UnaryNode:
		v, ok := integer(n.Node)
		if n.Operator == "-" {
			v = -v
		}
		return v, ok && (n.Operator == "-" || n.Operator == "+")
	}
	return 0, false
}
