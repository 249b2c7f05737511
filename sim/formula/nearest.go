package formula

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// suggestion completes the message about an unknown name: the nearest one
// there is, or all when they are few.
func suggestion(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(known))
	return " (there is " + strings.Join(slices.Compact(sorted), ", ") + ")"
}

// nearest is the known name with the fewest edits from name, the first in
// the alphabet of equals, or "" when none is near.
func nearest(name string, known []string) string {
	// Names may be as long as a formula: what is far in length is far.
	best, fewest := "", max(1, utf8.RuneCountInString(name)/3)+1
	for _, candidate := range known {
		if d := len(candidate) - len(name); d > 2*len(name)+8 || -d > fewest*utf8.UTFMax {
			continue
		}
		edits := distance(strings.ToLower(name), strings.ToLower(candidate))
		if len(name) >= 3 && strings.HasPrefix(candidate, name) {
			edits = min(edits, 1)
		}
		if edits < fewest || edits == fewest && best != "" && candidate < best {
			best, fewest = candidate, edits
		}
	}
	return best
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
