package sim

import (
	"errors"
	"fmt"

	"github.com/twinbed/twinbed/sim/formula"
)

// Wrong is one mistake in a scenario, told by whoever understands that part of it.
type Wrong struct {
	Path    string // where: "decisions.too hot.when"; list items by number from 0: "process.change bearing.2.skill"
	Offset  int    // bytes into the text that stands there, 0 for its beginning
	Message string // lower case, what was read and what is possible
}

// Error is the path and the message.
func (w *Wrong) Error() string { return w.Path + ": " + w.Message }

// Wrongf makes a Wrong.
func Wrongf(path, format string, args ...any) *Wrong {
	return &Wrong{Path: path, Message: fmt.Sprintf(format, args...)}
}

// Wrongs lists the mistakes that an error joins, in order; an error of another
// sort counts as one without a path.
func Wrongs(err error) []*Wrong {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Wrong
		for _, e := range many.Unwrap() {
			all = append(all, Wrongs(e)...)
		}
		return all
	}
	if w, ok := errors.AsType[*Wrong](err); ok {
		return []*Wrong{w}
	}
	return []*Wrong{{Message: err.Error()}}
}

// Worded is a piece of configuration that can also be written as one text
// instead of a mapping: "normal mean 65 sd 6" for a signal.
type Worded interface {
	// FromWords reads the text; its error is one sentence.
	FromWords(text string) error
	// WordsPattern is a regular expression for the text's shape, for the schema.
	WordsPattern() string
}

// WrongFormula places what is wrong with a formula at the text it stands in.
func WrongFormula(path string, err error) error {
	f, ok := errors.AsType[*formula.Error](err)
	if !ok {
		return &Wrong{Path: path, Message: err.Error()}
	}
	all := []error{&Wrong{Path: path, Offset: f.Offset, Message: f.Message}}
	for _, more := range f.More {
		all = append(all, &Wrong{Path: path, Offset: more.Offset, Message: more.Message})
	}
	return errors.Join(all...)
}
