package formula

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What does nothing but compare slots with constants says where it can change; what
// reckons, compares slots with each other or looks into lists does not.
func TestAFormulaKnowsWhetherItHasEdges(t *testing.T) {
	for source, slots := range map[string]int{
		"vibration > 8.5": 1, "8.5 > vibration or not (load == 1)": 2, "1 < vibration < 10 and temperature <= 60": 2, "running == true": -1,
		"(vibration > 1) == (load > 1)": 2, "vibration > 2 ? 3 : 4": 1, "true": 0, "vibration > load": -1, "vibration * 1 > 8.5": -1,
		"vibration > 2 ? load : 4": -1, "vibration in [1, 2]": -1, "vibration": -1, "vibration > 2 and load * 2 > 1": -1,
	} {
		p, _ := compiled(t, source, Any)
		edges, ok := p.Edges()
		seen := map[Ref]bool{}
		for _, e := range edges {
			seen[e.Ref] = true
		}
		require.Equal(t, slots >= 0, ok, source)
		if ok {
			require.Len(t, seen, slots, source)
		}
	}
}
