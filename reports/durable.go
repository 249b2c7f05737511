package reports

import (
	"fmt"
	"time"
)

// Durable is what of a run outlived its process, and what did not.
type Durable struct {
	Journal  bool   `json:"journal"`
	Records  uint64 `json:"records"`  // in the journal
	Syncs    uint64 `json:"syncs"`    // of it in this process, each for all that had gathered
	Refusals uint64 `json:"refusals"` // times the disk would not take what was written
	Numbered uint64 `json:"numbered"` // readings of things outside that came, each number once
	Missing  uint64 `json:"missing"`  // numbers up to each thing's newest that never came
	Resumed  []Life `json:"resumed"`  // once for each process after the first
}

// Life is a process that went on with a run.
type Life struct {
	At       Number `json:"at"`       // scenario time at which it did
	Down     Number `json:"down"`     // scenario time since the last that is known of the one before
	Took     Number `json:"took"`     // wall time to recover: to repeat the run up to here
	Records  uint64 `json:"records"`  // of the journal
	Readings uint64 `json:"readings"` // of those recovered in the twins
	Late     uint64 `json:"late"`     // messages in the journal that the platform had not taken up
	Reissued uint64 `json:"reissued"` // commands that were sent again, as nobody knew how they had ended
	Torn     uint64 `json:"torn"`     // bytes at the journal's end that were no whole record, and never acknowledged
}

// Seconds is a duration as reports write it.
func Seconds(d time.Duration) Number { return Number(d.Seconds()) }

func (t *text) durable() {
	d := t.x.Durable
	if d == nil {
		return
	}
	t.title("durability")
	if d.Journal {
		fmt.Fprintf(t, "  journal: %s records, %s syncs by this process", grouped(d.Records), grouped(d.Syncs))
		if d.Refusals > 0 {
			fmt.Fprintf(t, ", refused %s times by the disk", grouped(d.Refusals))
		}
		t.WriteString("\n")
	} else {
		t.WriteString("  no journal: what was acknowledged before this process began is not here\n")
	}
	for _, l := range d.Resumed {
		fmt.Fprintf(t, "  resumed at %.3f s, %.3f s after the last that is known: %s readings recovered in %.3f s, %s taken up late,\n    %s commands sent again\n",
			float64(l.At), float64(l.Down), grouped(l.Readings), float64(l.Took), grouped(l.Late), grouped(l.Reissued))
	}
	fmt.Fprintf(t, "  readings by number: %s came, %s are missing\n", grouped(d.Numbered), grouped(d.Missing))
}
