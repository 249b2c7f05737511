package formula

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// call resolves a call that is not of a function of the library: one of the
// scope's, which becomes a slot, or one of [functions].
func (c *compilation) call(n *ast.CallNode, lets *let) ast.Node {
	name, where, ok := path(n.Callee)
	if !ok {
		c.wrong(extent(n), "only a function can be called")
		return poison(n.Location())
	}
	if f, ok := c.scope.Function(name); ok {
		return c.bind(name, f, n, where, lets)
	}
	if _, ours := findFunction(name); ours {
		return children(n, func(child ast.Node) ast.Node { return c.resolve(child, lets) })
	}
	if _, known := c.scope.Name(name); known {
		c.wrong(where, "%q is a name, not a function", name)
	} else {
		c.wrong(where, "unknown function %q%s", name, suggestion(name, c.functions()))
	}
	return poison(where)
}

// bind makes a call of a function of the scope a slot, once for each
// different call.
func (c *compilation) bind(name string, f Function, n *ast.CallNode, where span, lets *let) ast.Node {
	args, ok := c.arguments(name, f, n, where, lets)
	if !ok {
		return poison(where)
	}
	c.calls = append(c.calls, name)
	text := canonical(name, f, args)
	if i := slices.IndexFunc(c.inputs, func(in input) bool { return in.name == text }); i >= 0 {
		return c.input(text, c.inputs[i].ref, where)
	}
	ref, err := f.Bind(args)
	if err != nil {
		c.wrong(where, "%s", err)
		return poison(where)
	}
	ref.Type = f.Result
	return c.input(text, ref, where)
}

func (c *compilation) arguments(name string, f Function, n *ast.CallNode, where span, lets *let) ([]Arg, bool) {
	if len(n.Arguments) > len(f.Params) {
		c.wrong(extent(n.Arguments[len(f.Params)]), "too much: it is %s", signature(name, f))
		return nil, false
	}
	args, good := make([]Arg, len(f.Params)), true
	for i, param := range f.Params {
		switch {
		case i < len(n.Arguments):
			arg, ok := c.argument(name, param, n.Arguments[i], lets)
			args[i], good = arg, good && ok
		case !param.Optional:
			c.wrong(where, "%s is missing: it is %s", param.Name, signature(name, f))
			return nil, false
		}
	}
	return args, good
}

func (c *compilation) argument(name string, param Param, node ast.Node, lets *let) (Arg, bool) {
	if param.Kind == NameOf {
		text, where, ok := path(node)
		if !ok || isVariable(text, lets) {
			c.wrong(extent(node), "%s of %s is a name, such as that of a signal", param.Name, name)
			return Arg{}, false
		}
		if _, known := c.scope.Name(text); !known {
			c.wrong(where, "unknown name %q%s", text, suggestion(text, c.scope.Names()))
			return Arg{}, false
		}
		c.names = append(c.names, text)
		return Arg{Name: text, Given: true}, true
	}
	inputs := len(c.inputs)
	value := c.operand(c.resolve(node, lets))
	want := map[ParamKind]Type{ConstantNumber: Number, ConstantDuration: Duration, ConstantText: Text}[param.Kind]
	switch {
	case value.bad:
		return Arg{}, false
	case value.typ != want:
		c.wrong(extent(node), "%s of %s is %v, and this is %v%s", param.Name, name, want, value.typ, durationHint(want, value.typ))
		return Arg{}, false
	case !value.known || len(c.inputs) > inputs || math.IsNaN(value.value):
		c.wrong(extent(node), "%s of %s is a constant: it must be known before the run", param.Name, name)
		return Arg{}, false
	case want == Text:
		return Arg{Text: c.scope.Symbols().Text(value.value), Given: true}, true
	}
	return Arg{Value: value.value, Given: true}, true
}

// durationHint says how to write a duration to who wrote a number for one.
func durationHint(a, b Type) string {
	if a == Duration && b == Number || a == Number && b == Duration {
		return ": a duration is written hours(12), minutes(5), seconds(30)"
	}
	return ""
}

// signature shows a function to the user, as in reaches(signal, level).
func signature(name string, f Function) string {
	var params []string
	for _, p := range f.Params {
		if p.Optional {
			p.Name += "?"
		}
		params = append(params, p.Name)
	}
	return fmt.Sprintf("%s(%s)", name, strings.Join(params, ", "))
}

// canonical is the same text for calls that mean the same.
func canonical(name string, f Function, args []Arg) string {
	var given []string
	for i, arg := range args {
		switch {
		case !arg.Given:
			given = append(given, "")
		case f.Params[i].Kind == NameOf:
			given = append(given, arg.Name)
		case f.Params[i].Kind == ConstantText:
			given = append(given, strconv.Quote(arg.Text))
		default:
			given = append(given, strconv.FormatFloat(arg.Value, 'g', -1, 64))
		}
	}
	return fmt.Sprintf("%s(%s)", name, strings.Join(given, ", "))
}
