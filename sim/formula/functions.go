package formula

import (
	"fmt"
	"math"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// allowed are the functions of the library. What is missing looks at the
// wall clock, depends on the order of a map, loses the type of what it is
// given, or makes so much out of little that it could take all memory.
var allowed = []string{
	"abs", "ceil", "floor", "round", "int", "max", "min", "mean", "median", "sum", "duration",
	"len", "trim", "trimPrefix", "trimSuffix", "upper", "lower", "string", "float",
	"indexOf", "lastIndexOf", "hasPrefix", "hasSuffix",
	"all", "none", "any", "one", "filter", "map", "count", "find", "findIndex", "findLast", "findLastIndex", "uniq",
}

// function is one that is computed without the library's VM: f1, f2 or f3 of
// numbers, unit the seconds in one of a duration, same for the ones that take
// durations as they do numbers.
type function struct {
	name, params string
	f1           func(x float64) float64
	f2           func(x, y float64) float64
	f3           func(x, y, z float64) float64
	unit         float64
	same, many   bool // many: any number of arguments from one on, by f2
}

var functions = []function{
	{name: "sqrt", params: "(x)", f1: math.Sqrt},
	{name: "exp", params: "(x)", f1: math.Exp},
	{name: "log", params: "(x)", f1: math.Log},
	{name: "sin", params: "(x)", f1: math.Sin},
	{name: "cos", params: "(x)", f1: math.Cos},
	{name: "pow", params: "(x, y)", f2: power},
	{name: "clamp", params: "(x, low, high)", f3: func(x, low, high float64) float64 { return min(max(x, low), high) }, same: true},
	{name: "days", params: "(n)", unit: 86400},
	{name: "hours", params: "(n)", unit: 3600},
	{name: "minutes", params: "(n)", unit: 60},
	{name: "seconds", params: "(n)", unit: 1},
}

// shared are functions that the library has too.
var shared = []function{
	{name: "abs", params: "(x)", f1: math.Abs, same: true},
	{name: "ceil", params: "(x)", f1: math.Ceil},
	{name: "floor", params: "(x)", f1: math.Floor},
	{name: "round", params: "(x)", f1: math.Round},
	{name: "int", params: "(x)", f1: math.Trunc},
	{name: "min", params: "(x, y, ...)", f2: func(x, y float64) float64 { return min(x, y) }, same: true, many: true},
	{name: "max", params: "(x, y, ...)", f2: func(x, y float64) float64 { return max(x, y) }, same: true, many: true},
}

func findFunction(name string) (function, bool) {
	i := slices.IndexFunc(functions, func(f function) bool { return f.name == name })
	if i < 0 {
		return function{}, false
	}
	return functions[i], true
}

func (f function) takes(n int) bool {
	switch {
	case f.many:
		return n >= 1
	case f.f2 != nil:
		return n == 2
	case f.f3 != nil:
		return n == 3
	}
	return n == 1
}

// apply is the function of operands.
func (c *compilation) apply(f function, n ast.Node, nodes []ast.Node) operand {
	if !f.takes(len(nodes)) {
		c.wrong(n.Location(), "%s takes %s, and here are %d", f.name, f.params, len(nodes))
		return operand{bad: true}
	}
	args, t := make([]operand, len(nodes)), Number
	for i, node := range nodes {
		if args[i] = c.operand(node); args[i].bad {
			return args[i]
		}
		if i == 0 && f.same && args[0].typ == Duration {
			t = Duration
		}
		if args[i].typ != t {
			c.wrong(extent(node), "%s wants %v here, and this is %v%s", f.name, t, args[i].typ, durationHint(t, args[i].typ))
			return operand{bad: true}
		}
	}
	if f.unit > 0 {
		return arithmetic(Duration, "*", args[0], constant(Number, f.unit))
	}
	return f.of(t, args)
}

func (f function) of(t Type, args []operand) operand {
	x := args[0].number
	switch {
	case f.many:
		o := args[0]
		for _, next := range args[1:] {
			o = function{f2: f.f2}.of(t, []operand{o, next})
		}
		return o
	case f.f1 != nil:
		return numeric(t, func(e *Env) float64 { return finite(f.f1(x(e))) }, args...)
	case f.f2 != nil:
		y := args[1].number
		return numeric(t, func(e *Env) float64 { return finite(f.f2(x(e), y(e))) }, args...)
	}
	y, z := args[1].number, args[2].number
	return numeric(t, func(e *Env) float64 { return finite(f.f3(x(e), y(e), z(e))) }, args...)
}

// value is the function for the library's VM, which has numbers as args.
func (f function) value(args ...float64) (float64, error) {
	v := math.NaN()
	switch {
	case f.unit > 0:
		v = args[0] * f.unit
	case f.f1 != nil:
		v = f.f1(args[0])
	case f.f2 != nil:
		v = f.f2(args[0], args[1])
	case f.f3 != nil:
		v = f.f3(args[0], args[1], args[2])
	}
	if v-v != 0 {
		return 0, fmt.Errorf("%s is not known here", f.name)
	}
	return v, nil
}
