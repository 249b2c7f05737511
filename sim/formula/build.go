package formula

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm/runtime"
)

var goType = map[Type]types.Type{
	Number: types.Float64, Bool: types.Bool, Text: types.String,
	Duration: types.TypeOf(time.Duration(0)),
}

// build has the library check and compile the machine's tree.
func (m *machine) build(source string, root ast.Node) (Type, *Error) {
	config, env := conf.CreateNew(), types.Map{}
	for i, key := range m.keys {
		env[key] = goType[m.inputs[i].typ]
	}
	config.WithEnv(env)
	for _, f := range functions {
		config.Functions[f.name] = f.forVM()
	}
	for name, signature := range guardSignatures {
		config.Functions[name] = &builtin.Function{Name: name, Func: guard, Types: signatureOf(signature)}
	}

	tree := &parser.Tree{Node: root, Source: file.NewSource(source)}
	if _, err := new(checker.Checker).Check(tree, config); err != nil {
		return Any, checked(source, root, err)
	}
	guards := guards{source: source, cache: &config.NtCache}
	ast.Walk(&tree.Node, &guards)
	if guards.problem != nil {
		return Any, guards.problem
	}
	if _, err := new(checker.Checker).Check(tree, config); err != nil {
		return Any, checked(source, root, err)
	}
	t := typeOf(root)
	if t == Any {
		return Any, at(source, extent(root), "this gives neither a number, nor true or false, nor a duration, nor a text")
	}
	program, err := compiler.Compile(tree, config)
	if err != nil {
		return Any, at(source, extent(root), "this cannot be computed")
	}
	m.program = program
	return t, nil
}

// checked puts an error of the library's checker into our words.
func checked(source string, root ast.Node, err error) *Error {
	var problem *file.Error
	if !errors.As(err, &problem) {
		return at(source, extent(root), "%s", plain(err.Error()))
	}
	if strings.HasPrefix(problem.Message, "invalid operation: % ") {
		return at(source, problem.Location, "%q of what is in a list wants whole numbers: write int(...) around them", "%")
	}
	return at(source, problem.Location, "%s", plain(problem.Message))
}

// typeOf is the type that the library found for a node. What it knows only
// when it runs is a number for the functions that make one of a list.
func typeOf(node ast.Node) Type {
	of := node.Nature()
	switch {
	case of.IsNumber():
		return Number
	case of.IsBool():
		return Bool
	case of.IsDuration():
		return Duration
	case of.IsString():
		return Text
	}
	if call, ok := node.(*ast.BuiltinNode); ok && slices.Contains([]string{"min", "max", "mean", "median"}, call.Name) {
		return Number
	}
	return Any
}

// forVM is the function as the library knows it.
func (f function) forVM() *builtin.Function {
	call := func(args ...any) (any, error) {
		numbers := make([]float64, len(args))
		for i := range args {
			numbers[i] = runtime.ToFloat64(args[i])
		}
		v, err := f.value(numbers...)
		if f.unit > 0 && err == nil {
			return lasting(v)
		}
		return v, err
	}
	made := &builtin.Function{Name: f.name, Func: call}
	switch {
	case f.unit > 0:
		made.Types = signatureOf(func(float64) time.Duration { return 0 })
	case f.f1 != nil:
		made.Types = signatureOf(func(float64) float64 { return 0 })
	case f.f2 != nil:
		made.Types = signatureOf(power)
	default:
		made.Types = signatureOf(f.f3)
	}
	return made
}

func signatureOf(f any) []reflect.Type { return []reflect.Type{reflect.TypeOf(f)} }
