package formula

// Type is the type of a value: what a user calls a number, true or false, a
// duration, a text.
type Type uint8

// The types of values. Any is no value's type: it is what [Compile] is asked
// for when every type will do.
const (
	Number Type = iota
	Bool
	Duration
	Text
	Any
)

// String names the type as an error message does.
func (t Type) String() string {
	switch t {
	case Number:
		return "a number"
	case Bool:
		return "true or false"
	case Duration:
		return "a duration"
	case Text:
		return "a text"
	}
	return "anything"
}

// Space says which of the two arrays of an [Env] a slot is in.
type Space uint8

// Row is the array of one entity (a twin, a thing), World the one that all
// share.
const (
	Row Space = iota
	World
)

// Ref is where a value stands.
type Ref struct {
	Type  Type
	Space Space
	Slot  int
}

// Env is what a formula is evaluated over: durations in seconds, bools as 0
// or 1, texts as ids of [Symbols], NaN for what is not known. Both arrays are
// long enough for the slots of the scope.
type Env struct{ Row, World []float64 }

// Scope says what the names of a formula mean.
type Scope interface {
	// Name finds a name, also a dotted one ("orders.quantity").
	Name(name string) (Ref, bool)
	// Function finds a function, such as reaches in reaches(vibration, 9).
	Function(name string) (Function, bool)
	// Names and Functions list what there is.
	Names() []string
	Functions() []string
	// Symbols are the texts of the run.
	Symbols() *Symbols
}

// Function is a name with arguments that becomes a slot. Its arguments are
// names and constants, known when the formula is compiled; Bind is called
// once for each distinct call in a formula, and its error is shown to the user.
type Function struct {
	Doc    string
	Params []Param
	Result Type
	Bind   func(args []Arg) (Ref, error)
}

// Param is one parameter of a [Function]. Optional ones stand last.
type Param struct {
	Name     string
	Kind     ParamKind
	Optional bool
}

// ParamKind says what may stand for a [Param].
type ParamKind uint8

// NameOf takes a name of the scope (not its value), the others a constant.
const (
	NameOf ParamKind = iota
	ConstantNumber
	ConstantDuration
	ConstantText
)

// Arg is what was given for a [Param]: Name for a NameOf, Value for a number
// and for a duration (in seconds), Text for a text. Given is false for an
// optional one that was left out.
type Arg struct {
	Name  string
	Value float64
	Text  string
	Given bool
}

// Table is a [Scope] held in slices, in the order in which its names were
// added. A later entry of the same name hides the earlier one.
type Table struct {
	symbols   *Symbols
	names     []string
	refs      []Ref
	functions []string
	bodies    []Function
}

// NewTable is an empty table over symbols (nil for symbols of its own).
func NewTable(symbols *Symbols) *Table {
	if symbols == nil {
		symbols = new(Symbols)
	}
	return &Table{symbols: symbols}
}

// Add says where the value of name stands and returns the table.
func (t *Table) Add(name string, ref Ref) *Table {
	t.names, t.refs = append(t.names, name), append(t.refs, ref)
	return t
}

// AddFunction adds a function and returns the table.
func (t *Table) AddFunction(name string, f Function) *Table {
	t.functions, t.bodies = append(t.functions, name), append(t.bodies, f)
	return t
}

// Name finds a name.
func (t *Table) Name(name string) (Ref, bool) {
	if i := last(t.names, name); i >= 0 {
		return t.refs[i], true
	}
	return Ref{}, false
}

// Function finds a function.
func (t *Table) Function(name string) (Function, bool) {
	if i := last(t.functions, name); i >= 0 {
		return t.bodies[i], true
	}
	return Function{}, false
}

// Names are the names in the order they were added.
func (t *Table) Names() []string { return t.names }

// Functions are the names of the functions in the order they were added.
func (t *Table) Functions() []string { return t.functions }

// Symbols are the texts of the run.
func (t *Table) Symbols() *Symbols { return t.symbols }

func last(names []string, name string) int {
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == name {
			return i
		}
	}
	return -1
}
