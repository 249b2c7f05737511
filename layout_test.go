package twinbed_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/twinbed/twinbed"

// file is one Go file of the house, parsed.
type file struct {
	path, room string // from the root; the room is its folder
	test       bool
	source     []byte
	tree       *ast.File
	imports    []string
}

var files = sync()

func sync() (all []file) {
	tokens := token.NewFileSet()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && name != "." && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(name, ".go") || strings.HasPrefix(d.Name(), "_") {
			return nil
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(tokens, name, source, parser.ParseComments)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(name), test: strings.HasSuffix(name, "_test.go"), source: source, tree: tree}
		f.room = path.Dir(f.path)
		for _, i := range tree.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			f.imports = append(f.imports, name)
		}
		all = append(all, f)
		return nil
	})
	if err != nil {
		panic(err)
	}
	return all
}

// leaves may be imported by everybody: they know nothing of the house.
var leaves = []string{"sim/units", "sim/chance", "sim/formula"}

// rooms says which rooms of ours each room may import, besides the leaves.
var rooms = map[string][]string{
	".":                         {},
	"sim/units":                 {},
	"sim/chance":                {},
	"sim/formula":               {},
	"sim":                       {},
	"sim/wall":                  {},
	"sim/signals":               {"sim"},
	"sim/faults":                {"sim"},
	"sim/people":                {"sim"},
	"sim/sources":               {"sim"},
	"twins":                     {"sim"},
	"twins/external":            {"sim"},
	"broker/pipe":               {},
	"broker/journal":            {}, // bytes on a disk: what they mean is the gate's
	"broker/contained":          {"broker/pipe"},
	"broker":                    {"sim", "broker/contained", "broker/pipe", "broker/journal"},
	"hardware":                  {"sim"},
	"hardware/hardwaretest":     {"sim", "hardware"},
	"reports":                   {"sim"},
	"scenarios/language":        {"sim"},
	"scenarios/language/corpus": {"scenarios/language"},
	"scenarios":                 {"sim", "sim/wall", "sim/signals", "sim/faults", "sim/people", "sim/sources", "twins", "twins/external", "broker", "broker/contained", "broker/journal", "hardware", "reports", "scenarios/language"},
	"bench":                     {},
	"cmd/twinbed":               {"scenarios", "reports", "broker/contained"}, // the broker alone has no scenario
}

func TestEachRoomImportsOnlyWhatItMayKnow(t *testing.T) {
	for _, f := range files {
		may, known := rooms[f.room]
		require.True(t, known, "%s: the room %s is not in the table of rooms: say there what it may import", f.path, f.room)
		if f.test {
			continue // tests may set up a whole stage
		}
		for _, i := range f.imports {
			room, ours := strings.CutPrefix(i, module+"/")
			if ours && !slices.Contains(leaves, room) && !slices.Contains(may, room) {
				t.Errorf("%s imports %s: rooms meet in sim's messages and interfaces and do not know one another, or one cannot be changed without the other", f.path, room)
			}
		}
	}
}

// owners says which rooms may use a library: where it is known to one room
// alone, it can be replaced there.
var owners = map[string][]string{
	"go.yaml.in/yaml":                 {"scenarios/language"},
	"github.com/mochi-mqtt/":          {"broker", "broker/contained", "bench"},
	"github.com/eclipse/paho":         {"hardware", "broker", "bench"},
	"github.com/expr-lang/":           {"sim/formula"},
	"github.com/alecthomas/kong":      {"cmd/twinbed"},
	"github.com/HdrHistogram/":        {"reports"},
	"modernc.org/sqlite":              {"sim/sources"},
	"github.com/prometheus/":          {"reports"},
	"github.com/jackc/pgx":            {"sim/sources"},
	"github.com/gorilla/websocket":    {"broker/contained"},
	"github.com/santhosh-tekuri/":     {"scenarios/language/corpus"},
	"github.com/rogpeppe/go-internal": {},
	"github.com/stretchr/testify":     {"hardware/hardwaretest", "scenarios/language/corpus"},
}

func TestEachLibraryIsKnownToItsRoomAlone(t *testing.T) {
	for _, f := range files {
		if f.test {
			continue
		}
		for _, i := range f.imports {
			for library, allowed := range owners {
				if strings.HasPrefix(i, library) && !slices.Contains(allowed, f.room) {
					t.Errorf("%s imports %s, which only %v may know, so that it can be replaced in one place", f.path, i, allowed)
				}
			}
		}
	}
}

// wallClock is what a room on the clock may not ask.
var wallClock = regexp.MustCompile(`\btime\.(Now|Sleep|Since|Until|After|AfterFunc|Tick|NewTimer|NewTicker)\(`)

func TestTheStageAndThePlatformKnowNoClockButTheRuns(t *testing.T) {
	for _, f := range files {
		onClock := strings.HasPrefix(f.room, "sim") && f.room != "sim/wall" || f.room == "twins" || f.room == "reports"
		if !onClock || f.test {
			continue
		}
		for n, line := range strings.Split(string(f.source), "\n") {
			code, _, _ := strings.Cut(line, "//")
			if wallClock.MatchString(code) {
				t.Errorf("%s:%d asks the wall clock: what happens in a run is told by sim.Clock, or a virtual run is not the same run again", f.path, n+1)
			}
		}
		for _, i := range f.imports {
			if i == "math/rand" || i == "math/rand/v2" {
				t.Errorf("%s imports %s: chance comes from chance.Seed.Stream, so that variants share their luck", f.path, i)
			}
		}
	}
}

func TestOnlyTheBindingActsOnDevices(t *testing.T) {
	for _, f := range files {
		if f.test || f.room != "hardware" && f.room != "scenarios" {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Act" && f.path != "hardware/acting.go" && f.path != "hardware/session.go" {
				t.Errorf("%s calls an adapter's Act: only the binding does, behind its interlock", f.path)
			}
			return true
		})
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, f := range files {
		if lines := bytes.Count(f.source, []byte("\n")); lines > 400 {
			t.Errorf("%s has %d lines: more than 400 cannot be held in mind, so it holds two things", f.path, lines)
		}
	}
}

func TestFilesAreFormatted(t *testing.T) {
	for _, f := range files {
		formatted, err := format.Source(f.source)
		require.NoError(t, err, f.path)
		if !bytes.Equal(f.source, formatted) {
			t.Errorf("%s is not formatted: run gofmt -w %s", f.path, f.path)
		}
	}
}

func TestEachPackageSaysWhatItIsFor(t *testing.T) {
	told := map[string]bool{}
	for _, f := range files {
		if !f.test {
			told[f.room] = told[f.room] || f.tree.Doc != nil
		}
	}
	for room, ok := range told {
		require.True(t, ok, "the package in %s has no comment that says what it is for", room)
	}
}

func TestNothingIsLeftForLater(t *testing.T) {
	later := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	for _, f := range files {
		if at := later.Find(f.source); at != nil {
			t.Errorf("%s says %s: finish it, or open an issue", f.path, at)
		}
	}
}

func TestEachDependencyHasItsReasonInTheReadme(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, line := range strings.Split(string(mod), "\n") {
		parts := strings.Fields(line)
		if len(parts) != 2 || !strings.Contains(parts[0], "/") || parts[0] == "module" {
			continue
		}
		require.Contains(t, string(readme), "`"+parts[0]+"`", "the README's table of dependencies says why each is there")
		require.Contains(t, string(readme), parts[1], "and at which version: %s", parts[0])
	}
}
