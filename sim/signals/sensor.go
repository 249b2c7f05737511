// Package signals holds the signal models: how a quantity of a thing moves in
// truth, and what its sensor shows. One file a model.
package signals

import (
	"math"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

// Sensor is how a truth becomes a measured value; every model has it.
type Sensor struct {
	Calibration chance.Distribution `doc:"its error: what the sensor shows is the truth times a factor, drawn once for each thing; without it 1"`
	Noise       Noise               `doc:"what the sensor adds to the truth at each reading: a number is the standard deviation of a normal error, words are any distribution"`
	Resolution  float64             `min:"0" doc:"smallest step the sensor shows; 0 for none"`
	Hidden      bool                `doc:"no sensor shows it: the twin learns it from people who find it, if at all"`
	Artefact    *Artefact           `doc:"for a while now and then, the sensor shows something that is not so: a lead off, a hand in the beam"`
	stream      chance.Stream
	factor      []float64 // by thing, where Calibration is given
}

// Artefact spoils a share of a sensor's spells, all readings of one alike.
type Artefact struct {
	Share float64             `unit:"%" required:"true" min:"0" max:"1" doc:"of the spells that are spoiled"`
	Lasts int                 `default:"1" min:"1" doc:"readings in a spell" source:"plain"`
	Adds  chance.Distribution `required:"true" doc:"what is added to the truth, drawn for each spell"`
}

// off is what the artefact of thing i's n-th reading adds.
func (a *Artefact) off(s chance.Stream, i int, n uint32) float64 {
	spell := uint64(n) / uint64(a.Lasts)
	if s.Uniform(uint32(i), drawArtefact+2*spell) >= a.Share {
		return 0
	}
	return a.Adds.Quantile(s.Uniform(uint32(i), drawArtefact+2*spell+1))
}

// Noise is a measurement error.
type Noise struct {
	chance.Distribution `key:"-"`
}

// FromWords reads a standard deviation or a distribution.
func (n *Noise) FromWords(text string) error {
	if !strings.ContainsAny(text, " ") {
		sd, err := units.Parse(text, units.Number)
		if err != nil || sd == 0 {
			return err
		}
		text = "normal mean 0 sd " + text
	}
	d, err := chance.Parse(text, units.Number, nil)
	n.Distribution = d
	return err
}

// WordsPattern accepts a number or the words of a distribution.
func (Noise) WordsPattern() string { return chance.Pattern(units.Number) }

// Streams of one signal are told apart by the top bits of the draw number.
const (
	drawNoise       = 0
	drawTruth       = 1 << 40
	drawInitial     = 2 << 40
	drawArtefact    = 3 << 40
	drawCalibration = 6 << 40 // 4 and 5 are the flows'
	drawReach       = 7 << 40
)

func (s *Sensor) at(site *sim.Site) {
	s.stream, s.factor = site.Stream, nil
	if s.Calibration == nil {
		return
	}
	for i := range site.Kind.Count {
		s.factor = append(s.factor, s.Calibration.Quantile(s.stream.Uniform(uint32(i), drawCalibration)))
	}
}

// Measure adds the sensor's error to a truth and rounds it to what it can show;
// NaN where it shows nothing.
func (s *Sensor) Measure(i int, n uint32, truth float64) float64 {
	if s.Hidden {
		return math.NaN()
	}
	if s.factor != nil {
		truth *= s.factor[i]
	}
	if s.Artefact != nil {
		truth += s.Artefact.off(s.stream, i, n)
	}
	if s.Noise.Distribution != nil {
		truth += s.Noise.Quantile(s.stream.Uniform(uint32(i), drawNoise+uint64(n)))
	}
	if s.Resolution > 0 {
		truth = math.Round(truth/s.Resolution) * s.Resolution
	}
	return truth
}
