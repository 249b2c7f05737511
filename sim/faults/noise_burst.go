package faults

import (
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("noise_burst", "what sensors show is noisier than usual", func() sim.Fault { return &NoiseBurst{} })
}

// NoiseBurst adds normal noise to what sensors show.
type NoiseBurst struct {
	onThings
	Channel `key:",inline"`
	SD      float64 `key:"sd" required:"true" above:"0" doc:"its standard deviation, in the signal's unit"`
}

// Check wants the signal.
func (f *NoiseBurst) Check(w *sim.World, where sim.Selection) error { return f.check(w, where) }

// Begin adds noise until undone.
func (f *NoiseBurst) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := w.Seed.Stream("fault noise_burst")
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		f.each(w, x, func(n int) {
			u := luck.Uniform(uint32(x.Thing), uint64(x.Seq)<<16|uint64(n))
			x.Values[n] += f.SD * distuv.UnitNormal.Quantile(u)
			where.Hits.Add()
		})
	}), nil
}
