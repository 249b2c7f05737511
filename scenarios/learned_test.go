//go:build !race

package scenarios_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
)

// The claim of docs/detectors.md: what is learned of each pump finds wear sooner than
// a rule that looks back, and sends nobody in vain.
func TestALearnedDecisionBeatsARuleThatLooksBack(t *testing.T) {
	s, err := scenarios.Load("../docs/examples/pumps.yaml", scenarios.Options{Sets: []string{"duration=40 days"}})
	require.NoError(t, err)
	defer s.Close()
	result, err := s.Compare(context.Background(), scenarios.CompareOptions{Replications: 4, Cores: 1})
	require.NoError(t, err)
	seen := 0
	for _, row := range result.Rows {
		if row.Name == "worn" || row.Name == "needless" {
			seen++
			learned := row.Cells[2].Difference
			require.Less(t, learned.Mean+learned.Half, 0.0, row.Name)
		}
	}
	require.Equal(t, 2, seen)
}
