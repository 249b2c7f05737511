package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/twinbed/twinbed/scenarios/language"
)

//go:embed *.yaml */*.csv */*.sql
var library embed.FS

// Options are what a command line changes in a scenario.
type Options struct {
	Variant string
	Sets    []string // path=value, in order; checked like the file
	Only    string   // plays a part of the scenario, as OnlyFleet; "": all
	Broker  string   // address at which the parts meet
}

// Script is a scenario that has been read: the file, with a variant and settings
// laid over it.
type Script struct {
	Scenario
	Variant  string
	Question string // the first comment of the file: what the scenario asks
	document *language.Document
	base     *language.Document // without variant and settings
	folder   *language.Folder
	options  Options
	ref      string // by which it was found
}

// Mistakes is a scenario that is wrong, with all that is wrong in it.
type Mistakes []language.Problem

// Error is all problems with their lines.
func (m Mistakes) Error() string {
	var b strings.Builder
	for i, p := range m {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	return b.String()
}

// NotFound is a scenario, or a variant of one, that is not there.
type NotFound struct{ message string }

// Error says what there is.
func (n *NotFound) Error() string { return n.message }

func notFound(format string, args ...any) error { return &NotFound{fmt.Sprintf(format, args...)} }

// Library lists the scenarios that ship with the program.
func Library() (names []string) {
	files, _ := fs.Glob(library, "*.yaml")
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, ".yaml"))
	}
	sort.Strings(names)
	return names
}

// maxFile is the largest scenario file that is read at all.
const maxFile = 64 << 20

// Load reads a scenario: a file, or one of the Library by its name. The error is
// Mistakes when the scenario is wrong. Close the script after use.
func Load(ref string, o Options) (*Script, error) {
	name, source, folder, err := find(ref)
	if err != nil {
		return nil, err
	}
	s, err := Parse(name, source, folder, o)
	if err != nil {
		_ = folder.Close()
		return nil, err
	}
	s.ref = ref
	return s, nil
}

// Close gives the scenario's folder back.
func (s *Script) Close() error { return s.folder.Close() }

// find opens a scenario and the folder that its files are in.
func find(ref string) (name string, source []byte, folder *language.Folder, err error) {
	if source, err := library.ReadFile(ref + ".yaml"); err == nil {
		if about, err := os.Stat(ref); err != nil || about.IsDir() {
			return ref + ".yaml", source, language.NewFolder(library), nil
		}
	}
	about, err := os.Stat(ref)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, nil, notFound("there is no file %s, and no scenario of that name ships: there are %s", ref, strings.Join(Library(), ", "))
	case err != nil:
		return "", nil, nil, err
	case about.IsDir():
		return "", nil, nil, notFound("%s is a folder; a scenario is a file", ref)
	case !about.Mode().IsRegular(): // it might never end, or never begin
		return "", nil, nil, notFound("%s is no file on a disk, as a scenario has to be", ref)
	case about.Size() > maxFile:
		return "", nil, nil, notFound("%s has %d MB: that is no scenario", ref, about.Size()>>20)
	}
	if source, err = os.ReadFile(ref); err != nil {
		return "", nil, nil, err
	}
	folder, err = language.OpenFolder(filepath.Dir(ref))
	return ref, source, folder, err
}

// Parse reads the source of a scenario whose files are in a folder and lays the
// options over it. The error is as of Load.
func Parse(name string, source []byte, folder *language.Folder, o Options) (*Script, error) {
	base, problems := language.Read(name, source)
	if base == nil {
		return nil, Mistakes(problems)
	}
	base.Folder = folder
	s := &Script{Variant: o.Variant, Question: question(source), base: base, folder: folder, options: o}
	err := s.read()
	if m, ok := errors.AsType[Mistakes](err); ok {
		problems = append(problems, m...)
	} else if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, once(append(problems, s.further(problems)...))
	}
	return s, nil
}

// read lays variant and settings over the base document and decodes it. Settings of
// variants come first: what the others set holds in each variant.
func (s *Script) read() error {
	s.document = s.base.Copy()
	if err := s.set(true); err != nil {
		return err
	}
	if s.Variant != "" {
		var plain Scenario
		if problems := s.document.Decode(&plain); len(problems) > 0 {
			return Mistakes(problems)
		}
		v, ok := plain.Variants.find(s.Variant)
		if !ok {
			return notFound("there is no variant %q%s", s.Variant, oneOf(plain.Variants.names()))
		}
		s.document = s.document.Overlay(v.Changes)
	}
	if err := s.set(false); err != nil {
		return err
	}
	s.Scenario = Scenario{}
	if problems := s.document.Decode(&s.Scenario); len(problems) > 0 {
		return Mistakes(problems)
	}
	if problems := s.uncited(); len(problems) > 0 {
		return Mistakes(problems)
	}
	return s.part()
}

// set changes the document: in its variants, or in all else.
func (s *Script) set(variants bool) error {
	for _, set := range s.options.Sets {
		if strings.HasPrefix(set, "variants.") != variants {
			continue
		}
		if problems := s.document.Set(set); len(problems) > 0 {
			return Mistakes(problems)
		}
	}
	return nil
}

// WithVariant is the same script with another variant laid over it.
func (s *Script) WithVariant(name string) (*Script, error) {
	other := *s
	other.Variant = name
	return &other, other.read()
}

// Played is the scenario file as it is played, with variant and settings.
func (s *Script) Played() ([]byte, error) { return s.document.Bytes() }

// question is the first comment of a scenario, without its marks.
func question(source []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(source)), "\n")
	text, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	if !ok {
		return ""
	}
	return strings.TrimSpace(text)
}

func oneOf(names []string) string {
	if len(names) == 0 {
		return "; there are none"
	}
	return "; there are " + strings.Join(names, ", ")
}
