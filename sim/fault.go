package sim

// Fault is something that goes wrong, as a scenario writes it. Begin does the
// harm and returns its own undo, which is called exactly once.
type Fault interface {
	Begin(w *World, where Selection) (undo func(), err error)
}

// Checked is a Fault that can tell before the run that it cannot apply.
type Checked interface {
	Check(w *World, where Selection) error
}

// Selection says whom a fault meets: a pattern over names, and the things that
// fit it. Workers and crews are looked up by the pattern.
type Selection struct {
	Pattern string
	Things  []ThingID
}

// Faults are the faults that scenarios can name.
var Faults = NewRegistry[Fault]("fault")
