package scenarios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/broker/journal"
	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
)

// Durable says what of a live run outlives its process.
type Durable struct {
	Keep string `default:"nothing" oneof:"nothing|numbers|journal" doc:"nothing; numbers: what of outside things' readings is missing is counted by their numbers; journal: readings and acks are acknowledged once they are in a journal on disk (in the folder of --out), from which run --resume goes on, and numbers are counted"`
}

const (
	keepNothing = "nothing"
	keepNumbers = "numbers"
	keepJournal = "journal"
)

// FromWords reads what is kept.
func (d *Durable) FromWords(text string) error {
	if text != keepNothing && text != keepNumbers && text != keepJournal {
		return fmt.Errorf("%.40q is nothing that can be kept; there are nothing, numbers and journal", text)
	}
	d.Keep = text
	return nil
}

// WordsPattern accepts the three.
func (Durable) WordsPattern() string { return `^(nothing|numbers|journal)$` }

func (d *Durable) journaled() bool { return d.Keep == keepJournal }

// keeping is what a run does to outlive its process. What happens in a run is a
// function of its scenario and of what came in over the wires, so what came in is all
// that is kept: going on is playing the same run again up to where it was.
type keeping struct {
	dir     string
	resume  bool
	file    *journal.Journal
	lives   []reports.Life
	numbers *numbers
}

const (
	journalFolder = "journal"
	lifeRecord    = 's' // a process begins or goes on
	endRecord     = 'e' // the run was played to its end
)

// life is what the journal says of a process that plays the run.
type life struct {
	Scenario string    `json:"scenario"` // SHA-256 of it as played
	Zero     time.Time `json:"zero"`     // when the run's time began
	reports.Life
}

// durable checks what a durable run needs, and prepares it.
func (b *builder) durable() {
	d := &b.scenario.Durable
	if d.Keep == "" || d.Keep == keepNothing || b.live == nil || b.Script.options.Only == OnlyFleet {
		return
	}
	b.keeping = &keeping{numbers: newNumbers(b.World.Roster.Size())}
	b.World.Observers = append(b.World.Observers, b.keeping.numbers)
	if !d.journaled() {
		return
	}
	refuse := func(format string, args ...any) { b.wrong(sim.Wrongf("durable", format, args...)) }
	if b.External != nil || b.scenario.Broker.URL != "" {
		refuse("it is the journal of our own broker and platform, and here another's are used")
	}
	for i := range b.scenario.Things {
		if t := &b.scenario.Things[i]; b.Script.connect(t) != "outside" || len(t.Hardware) > 0 && b.Script.options.Only == "" {
			refuse("things would end with this process: play %s in another, with run --only platform here and run --only fleet there", t.Name)
		}
	}
	for _, c := range b.scenario.People {
		if c.Phone && b.scenario.has("people") {
			refuse("what %s answer by phone is not kept: leave phone out", c.Name)
		}
	}
	for _, x := range b.scenario.Data {
		if x.Source.Name == "query" && b.scenario.has("data") {
			refuse("what the database %s answers is not kept, so the run could not be repeated", x.Name)
		}
	}
	if b.staging.Out == "" && len(b.wrongs) == 0 {
		b.failure = errors.New("a durable run keeps its journal beside its report: say where, with --out DIR")
	}
	b.keeping.dir, b.keeping.resume = filepath.Join(b.staging.Out, journalFolder), b.staging.Resume
}

// journaled says whether the run has a journal.
func (r *Run) journaled() bool { return r.keeping != nil && r.keeping.dir != "" }

// recall repeats what the journal holds and goes on in it. The platform has started;
// nothing has been opened.
func (r *Run) recall() error {
	k, began := r.keeping, time.Now()
	gate := r.live.hub.(*broker.Gate)
	played, err := r.Script.Played()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(played)
	now := life{Scenario: hex.EncodeToString(sum[:])}
	if err := k.fits(); err != nil {
		return err
	}
	readings := r.Platform.Counts().Readings
	r.live.wires.repeating = true
	j, found, err := journal.Open(k.dir, func(number uint64, record []byte) error {
		switch {
		case len(record) > 0 && record[0] == endRecord:
			return errors.New("this run has been played to its end: there is nothing to go on with")
		case len(record) > 0 && record[0] == lifeRecord:
			var before life
			if err := json.NewDecoder(bytes.NewReader(record[1:])).Decode(&before); err != nil {
				return err
			}
			if before.Scenario != now.Scenario {
				return errors.New("it is the journal of another scenario, or of this one with other settings")
			}
			now.Zero = before.Zero
			if before.Records > 0 {
				k.lives = append(k.lives, before.Life)
			}
			return nil
		}
		return gate.Recall(number, record)
	})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	k.file = j
	if found.Records == 0 {
		now.Zero = time.Now()
		r.live.kept.zero = now.Zero
		return r.goOn(gate, &now)
	}
	r.live.kept.zero = now.Zero
	clock := r.World.Clock
	stopped := clock.Now()
	clock.CatchUp(min(sim.Time(float64(time.Since(now.Zero))*clock.Speed()), sim.Time(r.Script.Duration)))
	now.At, now.Down = reports.Seconds(time.Duration(clock.Now())), reports.Seconds(clock.Now().Sub(stopped))
	now.Records, now.Torn = found.Records, uint64(found.Torn)
	for how, n := range r.Platform.Counts().Readings {
		now.Readings += n - readings[how]
	}
	now.Took = reports.Seconds(time.Since(began))
	return r.goOn(gate, &now)
}

// goOn notes that this process plays the run from now on.
func (r *Run) goOn(gate *broker.Gate, now *life) error {
	k := r.keeping
	r.live.wires.repeating, r.live.wires.journal = false, k.file
	late, err := gate.Recalled(k.file)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if now.Records > 0 {
		now.Late, now.Reissued = uint64(late), uint64(r.Platform.Reissue())
		k.lives = append(k.lives, now.Life)
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return k.file.Wait(k.file.Append([]byte{lifeRecord}, text))
}

// fits says whether there is a journal exactly where one is expected.
func (k *keeping) fits() error {
	entries, err := os.ReadDir(k.dir)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case k.resume && len(entries) == 0:
		return fmt.Errorf("there is no journal in %s to go on with", k.dir)
	case !k.resume && len(entries) > 0:
		return fmt.Errorf("%s holds the journal of a run: go on with it (--resume), or take another folder", k.dir)
	}
	return nil
}

// close ends the journal; one whose run is over says so.
func (k *keeping) close(over bool) error {
	if k == nil || k.file == nil {
		return nil
	}
	if over {
		k.file.Append([]byte{endRecord})
	}
	return k.file.Close()
}

// report is what the run's report says of it.
func (k *keeping) report() *reports.Durable {
	if k == nil {
		return nil
	}
	d := &reports.Durable{Journal: k.file != nil, Resumed: k.lives, Numbered: k.numbers.taken(), Missing: k.numbers.missing()}
	if k.file != nil {
		d.Records = k.file.Last()
		d.Syncs, d.Refusals = k.file.Counts()
	}
	return d
}

// lifetime is the wall of a run that may go on in another process: the time between
// two of them has passed like any other. Before Start it shows what the clock does.
type lifetime struct {
	sim.Wall
	clock *sim.Clock
	zero  time.Time // when the run's time began
	base  time.Duration
	going bool
}

// Start has time pass.
func (w *lifetime) Start() {
	if x, ok := w.Wall.(interface{ Start() }); ok {
		x.Start()
	}
	w.base, w.going = time.Since(w.zero), true
}

// Elapsed is wall time since the run began, in whichever process.
func (w *lifetime) Elapsed() time.Duration {
	if !w.going {
		return time.Duration(float64(w.clock.Now()) / w.clock.Speed())
	}
	return w.base + w.Wall.Elapsed()
}

// Sleep sleeps until an elapsed time.
func (w *lifetime) Sleep(until time.Duration) { w.Wall.Sleep(until - w.base) }

// Close lets go of the wall behind.
func (w *lifetime) Close() error {
	if x, ok := w.Wall.(interface{ Close() error }); ok {
		return x.Close()
	}
	return nil
}

// numbers counts which readings of things outside came, by the things' own numbers.
type numbers struct {
	sim.Silent
	things []struct{ newest, came uint32 }
}

func newNumbers(things int) *numbers {
	return &numbers{things: make([]struct{ newest, came uint32 }, things)}
}

// Mirrored counts what came for the first time.
func (n *numbers) Mirrored(r *sim.Reading, how sim.Arrival) {
	if how == sim.Duplicate || int(r.Thing) >= len(n.things) {
		return
	}
	t := &n.things[r.Thing]
	t.came++
	t.newest = max(t.newest, r.Seq)
}

func (n *numbers) taken() (sum uint64) {
	for _, t := range n.things {
		sum += uint64(t.came)
	}
	return sum
}

// missing is how many numbers up to the newest never came.
func (n *numbers) missing() (sum uint64) {
	for _, t := range n.things {
		sum += uint64(t.newest) - min(uint64(t.came), uint64(t.newest))
	}
	return sum
}
