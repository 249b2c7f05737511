package hardware_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
)

func sources(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	texts := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		texts[f] = string(b)
	}
	return texts
}

func TestOnlyBindGivesCommandsToDevices(t *testing.T) {
	calls := 0
	for file, text := range sources(t, "*.go") {
		if !strings.HasSuffix(file, "_test.go") {
			n := strings.Count(text, ".Act(")
			calls += n
			require.True(t, n == 0 || file == "acting.go",
				"%s calls Act: a command that does not pass Bind does not pass the interlock", file)
		}
	}
	require.Equal(t, 1, calls, "one place gives commands to devices")
	for file, text := range sources(t, "../*/*.go") {
		if !strings.HasPrefix(file, "../hardware/") {
			require.NotContains(t, text, "hardware.Adapter)", "%s takes an Adapter in hand: use Bind", file)
		}
	}
}

func TestEachFileMeetsOnlyItsOwnWires(t *testing.T) {
	for file := range sources(t, "*.go") {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range f.Imports {
			path := strings.Trim(i.Path.Value, `"`)
			if strings.Contains(path, "paho") {
				require.Equal(t, "mqtt.go", file, "MQTT is known to one file")
			}
			if own, ok := strings.CutPrefix(path, "github.com/twinbed/twinbed/"); ok && !strings.HasSuffix(file, "_test.go") {
				require.True(t, own == "sim" || own == "sim/units", "%s imports %s: hardware meets the others in sim", file, own)
			}
		}
	}
}

func TestTheBlueprintWorksAsItStands(t *testing.T) {
	if os.Getenv("BLUEPRINT") != "" {
		t.Skip("this is the run with the blueprint")
	}
	program(t, "go")
	here, err := os.Getwd()
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(here, "blueprint.go"):      filepath.Join(here, "_blueprint.go"),
		filepath.Join(here, "blueprint_test.go"): filepath.Join(here, "_blueprint_test.go"),
	}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(file, overlay, 0o600))
	cmd := exec.Command("go", "test", "-overlay", file, "-run", "TestBlueprint", "-v", ".")
	cmd.Env = append(os.Environ(), "BLUEPRINT=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: TestBlueprintConforms/senses_what_the_device_shows")
}

// A device's own keys and those of the binding stand side by side in a scenario.
func TestKeysOfAdaptersAndBindingDoNotClash(t *testing.T) {
	binding := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[hardware.Binding]()) {
		binding[f.Name] = true
		require.NotEmpty(t, f.Tag.Get("doc"), f.Name)
	}
	for _, e := range hardware.Adapters.Entries() {
		require.NotEmpty(t, e.Doc)
		config := reflect.TypeOf(e.New()).Elem()
		embedded, ok := config.FieldByName("Binding")
		require.True(t, ok, "%s embeds Binding", e.Name)
		require.Equal(t, ",inline", embedded.Tag.Get("key"))
		for i := range config.NumField() {
			f := config.Field(i)
			require.False(t, binding[f.Name], "%s: the key of %s belongs to Binding", e.Name, f.Name)
			require.True(t, f.Anonymous || f.Tag.Get("doc") != "", "%s.%s has no doc", e.Name, f.Name)
		}
	}
}
