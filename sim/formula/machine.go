package formula

import (
	"fmt"
	"math"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// machine is a part of a formula that runs on the library's VM: texts that
// are taken apart, lists and what is asked of them. Its inputs are the parts
// in it that are compiled as usual. If one of them is unknown, if it computes
// a number that is not finite or if it goes wrong (an index out of range,
// say), its result is unknown.
type machine struct {
	program *vm.Program
	vm      vm.VM
	env     map[string]any
	inputs  []operand
	keys    []string
	symbols *Symbols
}

// memory is how many elements of lists a machine may make in one evaluation.
const memory = 10_000

func (c *compilation) machine(node ast.Node) operand {
	m := &machine{env: make(map[string]any), symbols: c.scope.Symbols(), vm: vm.VM{MemoryBudget: memory}}
	if contains(node, func(n ast.Node) bool { _, poisoned := n.(*ast.NilNode); return poisoned }) {
		return operand{bad: true}
	}
	root := children(node, func(child ast.Node) ast.Node { return c.lift(m, child) })
	t, err := m.build(c.source, root)
	if err != nil {
		c.problems = append(c.problems, err)
		return operand{bad: true}
	}
	result := operand{typ: t, vm: true, number: m.numberOf(t)}
	if t == Bool {
		result.truth = func(e *Env) truth { return truthIn(result.number(e)) }
		result.holds = func(e *Env) bool { return result.truth(e) == yes }
	}
	if len(m.inputs) == 0 {
		return constant(t, result.number(nil))
	}
	return result
}

// lift makes what can be compiled in a subtree an input of the machine.
func (c *compilation) lift(m *machine, node ast.Node) ast.Node {
	if o, ok := c.liftable(node); ok {
		key := fmt.Sprintf("$%d", len(m.keys))
		m.keys, m.inputs = append(m.keys, key), append(m.inputs, o)
		lifted := &ast.IdentifierNode{Value: key}
		lifted.SetLocation(extent(node))
		return lifted
	}
	if items, ok := node.(*ast.ArrayNode); ok && !literal(items) {
		node = numbers(items)
	}
	return children(node, func(child ast.Node) ast.Node { return c.lift(m, child) })
}

// numbers is a list with the whole numbers in it as numbers like the others,
// because the library gives up on the type of a list that has both.
func numbers(items *ast.ArrayNode) ast.Node {
	made := children(items, func(item ast.Node) ast.Node {
		if v, ok := integer(item); ok {
			number := &ast.FloatNode{Value: float64(v)}
			number.SetLocation(item.Location())
			return number
		}
		return item
	})
	return made
}

// liftable compiles a subtree that may be an input: a scalar that uses nothing
// of the list around it. Literals and whole-number arithmetic on them
// stay, because an index wants whole numbers.
func (c *compilation) liftable(node ast.Node) (operand, bool) {
	if list(node) || literal(node) || open(node) {
		return operand{}, false
	}
	switch n := node.(type) {
	case *ast.IdentifierNode, *ast.UnaryNode, *ast.ConditionalNode, *ast.CallNode, *ast.BinaryNode:
	case *ast.BuiltinNode:
		if n.Name == "int" {
			return operand{}, false // it is the way to a whole number
		}
		if _, ok := c.scalar(n); !ok {
			return operand{}, false
		}
	default:
		return operand{}, false
	}
	problems := len(c.problems)
	o := c.operand(node)
	if o.bad {
		c.problems = c.problems[:problems] // the library will say it, if it is one in this place
	}
	return o, !o.bad && !o.vm
}

// open says whether a subtree asks for an item of the list around it.
func open(node ast.Node) bool {
	return contains(node, func(n ast.Node) bool { _, item := n.(*ast.PointerNode); return item })
}

// literal says whether a subtree is arithmetic on whole numbers as written.
func literal(node ast.Node) bool {
	return !contains(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IntegerNode, *ast.UnaryNode, *ast.ArrayNode:
			return false
		case *ast.BinaryNode:
			return n.Operator == "/" || n.Operator == "**" || n.Operator == "^"
		}
		return true
	})
}

// contains says whether a node of the tree is as asked.
func contains(node ast.Node, asked func(ast.Node) bool) bool {
	s := search{asked: asked}
	ast.Walk(&node, &s)
	return s.found
}

type search struct {
	asked func(ast.Node) bool
	found bool
}

func (s *search) Visit(node *ast.Node) { s.found = s.found || s.asked(*node) }

// run is the result of an evaluation, nil when it is unknown.
func (m *machine) run(e *Env) any {
	for i, in := range m.inputs {
		v := in.asNumber()(e)
		if v != v {
			return nil
		}
		switch in.typ {
		case Bool:
			m.env[m.keys[i]] = v == 1
		case Duration:
			d, err := lasting(v)
			if err != nil {
				return nil
			}
			m.env[m.keys[i]] = d
		case Text:
			m.env[m.keys[i]] = m.symbols.Text(v)
		default:
			m.env[m.keys[i]] = v
		}
	}
	result, err := m.vm.Run(m.program, m.env)
	if err != nil {
		return nil
	}
	return result
}

// lasting is a duration as the library counts it, which ends at 292 years.
func lasting(seconds float64) (time.Duration, error) {
	if !(math.Abs(seconds) < math.MaxInt64/1e9) {
		return 0, errUnknown
	}
	return time.Duration(seconds * 1e9), nil
}

// numberOf is the machine's result as it would stand in a slot.
func (m *machine) numberOf(t Type) func(*Env) float64 {
	return func(e *Env) float64 {
		switch v := m.run(e).(type) {
		case float64:
			return finite(v)
		case int:
			return float64(v)
		case bool:
			return truthOf(v).number()
		case time.Duration:
			return v.Seconds()
		case string:
			if t == Text {
				return m.symbols.ID(v)
			}
		}
		return math.NaN()
	}
}
