package hardware_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/hardware/hardwaretest"
)

func TestBlueprintConforms(t *testing.T) {
	hardwaretest.Suite(t, func(t *testing.T) hardwaretest.Bench {
		folder, away := filepath.Join(t.TempDir(), "device"), filepath.Join(t.TempDir(), "away")
		require.NoError(t, os.Mkdir(folder, 0o755))
		return hardwaretest.Bench{
			Config:   &hardware.Blueprint{Folder: folder},
			Signals:  []string{"temperature", "pressure", "absent"},
			Missing:  "absent",
			Commands: map[string]bool{"reset": false, "set_speed": true},
			Show: func(x float64) {
				for _, name := range []string{"temperature", "pressure"} {
					require.NoError(t, os.WriteFile(filepath.Join(folder, name), fmt.Append(nil, x), 0o644))
				}
			},
			Shown:  func(values []float64) (float64, bool) { return values[0], values[0] == values[1] },
			Unplug: func() { require.NoError(t, os.Rename(folder, away)) },
			Plug:   func() { require.NoError(t, os.Rename(away, folder)) },
		}
	})
}
