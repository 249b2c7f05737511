package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("dropout", "devices leave readings out, alone or in gaps", func() sim.Fault { return &Dropout{} })
}

var lostToDropout = sim.NewCause("fault: dropout")

// Dropout leaves readings out, in gaps whose length is geometric (Gilbert's model
// of bursts, 1960): in the long run the share is left out, a gap has Gap readings
// in the mean.
type Dropout struct {
	onThings
	Share float64 `required:"true" unit:"%" above:"0" max:"1" doc:"share of the readings that is left out"`
	Gap   float64 `default:"1" min:"1" max:"1000000" doc:"readings of a gap, in the mean" source:"plain"`
}

// Begin leaves readings out until undone.
func (f *Dropout) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := w.Seed.Stream("fault dropout")
	gap := map[sim.ThingID]bool{}
	ends := 1 / f.Gap
	begins := 1.0
	if f.Share < 1 {
		begins = min(1, ends*f.Share/(1-f.Share))
	} else {
		ends = 0
	}
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		u := luck.Uniform(uint32(x.Thing), uint64(x.Seq))
		in, known := gap[x.Thing]
		switch {
		case !known:
			in = u < f.Share
		case in:
			in = u >= ends
		default:
			in = u < begins
		}
		if gap[x.Thing] = in; in && !x.Lost {
			x.Lost, x.Cause = true, lostToDropout
			where.Hits.Add()
		}
	}), nil
}
