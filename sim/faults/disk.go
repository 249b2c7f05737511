package faults

import (
	"errors"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Faults.Add("disk_full", "the journal's disk takes nothing: nothing is acknowledged meanwhile, and senders wait", func() sim.Fault { return &DiskFull{} })
	sim.Faults.Add("slow_disk", "the journal's disk takes longer for each write: what gathers meanwhile is written at once", func() sim.Fault { return &SlowDisk{} })
}

// onDisk is a fault that strikes the journal at the broker's gate.
type onDisk struct{ ours }

// Check wants a journal.
func (f onDisk) Check(w *sim.World, where sim.Selection) error {
	if err := f.ours.Check(w, where); err != nil {
		return err
	}
	if !w.Journaled {
		return errors.New("this run writes nothing to a disk: durable: journal has it do so")
	}
	return nil
}

// DiskFull has the disk refuse.
type DiskFull struct{ onDisk }

// Begin fills it until undone.
func (f *DiskFull) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return w.Wires.HarmDisk(true, nil, where.Hits)
}

// SlowDisk delays it.
type SlowDisk struct {
	onDisk
	By chance.Distribution `required:"true" unit:"s" doc:"time more for each write"`
}

// Begin slows it down until undone.
func (f *SlowDisk) Begin(w *sim.World, where sim.Selection) (func(), error) {
	draws, n, speed := luck(w, "slow_disk"), uint64(0), w.Clock.Speed()
	return w.Wires.HarmDisk(false, func() time.Duration { // one write at a time
		n++
		return time.Duration(float64(sim.Seconds(f.By.Quantile(draws.Uniform(0, n)))) / speed)
	}, where.Hits)
}
