package units

import (
	"fmt"
	"strings"
)

// Nearest is the known name that a mistyped word most likely meant: the one with
// the fewest insertions, deletions, changes and swaps of neighbouring letters, if these
// are at most a third of the longer word's letters. Case does not count. Of equals one
// that begins as the word does wins, then the first known.
func Nearest(word string, known []string) (name string, ok bool) {
	if len(word) > 60 {
		return "", false
	}
	typed := []rune(strings.ToLower(word))
	best := 0
	for _, k := range known {
		letters := []rune(strings.ToLower(k))
		d := distance(typed, letters)
		allowed := max(len(letters), len(typed)) / 3
		if d <= allowed && (!ok || d < best || d == best && begins(letters, typed) && !begins([]rune(strings.ToLower(name)), typed)) {
			name, best, ok = k, d, true
		}
	}
	return name, ok
}

// begins says whether two words have their first letter in common.
func begins(a, b []rune) bool { return len(a) > 0 && len(b) > 0 && a[0] == b[0] }

// distance is the optimal string alignment distance.
func distance(a, b []rune) int {
	before, above := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above[j+1]+1, row[j]+1, above[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above = above, row
	}
	return above[len(b)]
}

// suggestion is the clause of an error that names the nearest known word, or nothing.
func suggestion(word string, known []string) string {
	if name, ok := Nearest(word, known); ok {
		return fmt.Sprintf(" (did you mean %s?)", name)
	}
	return ""
}
