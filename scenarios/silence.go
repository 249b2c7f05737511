package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// ears note when each real thing was heard last.
type ears struct {
	sim.Silent
	heard   map[sim.ThingID]sim.Time // sim.Never before the first time
	outside []sim.ThingID            // those that outside clients play
}

// Mirrored notes a reading of a real thing.
func (e *ears) Mirrored(r *sim.Reading, _ sim.Arrival) {
	if _, real := e.heard[r.Thing]; real {
		e.heard[r.Thing] = r.Arrived.At
	}
}

// intervals is how many of its intervals a thing may say nothing before that is
// remarked upon: as many as its twin waits.
const intervals = 3

// silence names the real things that were never heard, and those that have been
// silent for long at the end.
func (r *Run) silence() (list []string) {
	if r.live == nil {
		return nil
	}
	for i, k := range r.World.Roster.Kinds {
		for _, d := range r.Script.Things[i].Hardware {
			id, _ := r.World.Roster.Lookup(d.Thing)
			by := fmt.Sprintf("%s by %s", d.Thing, d.Adapter.Name)
			switch quiet, never := r.quiet(id); {
			case never:
				list = append(list, fmt.Sprintf("%s was never heard, in %s", by, units.FormatDuration(quiet)))
			case quiet > intervals*k.Every:
				list = append(list, fmt.Sprintf("%s was silent for the last %s", by, units.FormatDuration(quiet)))
			}
		}
		list = append(list, r.outsiders(k)...)
	}
	return list
}

// quiet is how long a real thing had said nothing when the run ended.
func (r *Run) quiet(id sim.ThingID) (quiet time.Duration, never bool) {
	last := r.live.ears.heard[id]
	if last == sim.Never {
		return r.played.Duration(), true
	}
	return r.played.Sub(last), false
}

// namedOutsiders is how many silent things of a kind are named.
const namedOutsiders = 5

// outsiders says which of a kind's things no client has spoken for; one that has
// may send when it pleases.
func (r *Run) outsiders(k *sim.Kind) []string {
	of, unheard := 0, []string{}
	for _, id := range r.live.ears.outside {
		if !k.Holds(id) {
			continue
		}
		of++
		if _, never := r.quiet(id); never {
			unheard = append(unheard, r.World.Roster.Name(id))
		}
	}
	if len(unheard) == 0 {
		return nil
	}
	names := unheard
	if len(names) > namedOutsiders {
		names = append(names[:namedOutsiders:namedOutsiders], "…")
	}
	return []string{fmt.Sprintf("nothing came from %d of %d %s that outside clients play, in %s: %s",
		len(unheard), of, k.Name, units.FormatDuration(r.played.Duration()), strings.Join(names, ", "))}
}
