package formula

import "github.com/expr-lang/expr/ast"

// children is a copy of a node with each child replaced by what f makes of it.
func children(node ast.Node, f func(ast.Node) ast.Node) ast.Node {
	some := func(child ast.Node) ast.Node {
		if child == nil {
			return nil
		}
		return f(child)
	}
	all := func(nodes []ast.Node) []ast.Node {
		made := make([]ast.Node, len(nodes))
		for i := range nodes {
			made[i] = f(nodes[i])
		}
		return made
	}
	switch n := node.(type) {
	case *ast.UnaryNode:
		made := *n
		made.Node = f(n.Node)
		return &made
	case *ast.BinaryNode:
		made := *n
		made.Left, made.Right = f(n.Left), f(n.Right)
		return &made
	case *ast.ChainNode:
		made := *n
		made.Node = f(n.Node)
		return &made
	case *ast.MemberNode:
		made := *n
		made.Node, made.Property = f(n.Node), f(n.Property)
		return &made
	case *ast.SliceNode:
		made := *n
		made.Node, made.From, made.To = f(n.Node), some(n.From), some(n.To)
		return &made
	case *ast.CallNode:
		made := *n
		made.Arguments = all(n.Arguments)
		return &made
	case *ast.BuiltinNode:
		made := *n
		made.Arguments = all(n.Arguments)
		return &made
	case *ast.PredicateNode:
		made := *n
		made.Node = f(n.Node)
		return &made
	case *ast.ConditionalNode:
		made := *n
		made.Cond, made.Exp1, made.Exp2 = f(n.Cond), f(n.Exp1), f(n.Exp2)
		return &made
	case *ast.ArrayNode:
		made := *n
		made.Nodes = all(n.Nodes)
		return &made
	}
	return leaf(node)
}

func leaf(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		made := *n
		return &made
	case *ast.IntegerNode:
		made := *n
		return &made
	case *ast.FloatNode:
		made := *n
		return &made
	case *ast.BoolNode:
		made := *n
		return &made
	case *ast.StringNode:
		made := *n
		return &made
	case *ast.PointerNode:
		made := *n
		return &made
	}
	return poison(node.Location())
}
