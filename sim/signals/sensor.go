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
	Noise      Noise   `doc:"what the sensor adds to the truth at each reading: a number is the standard deviation of a normal error, words are any distribution"`
	Resolution float64 `min:"0" doc:"smallest step the sensor shows; 0 for none"`
	stream     chance.Stream
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
	drawNoise   = 0
	drawTruth   = 1 << 40
	drawInitial = 2 << 40
)

func (s *Sensor) at(site *sim.Site) { s.stream = site.Stream }

// Measure adds the sensor's error to a truth and rounds it to what it can show.
func (s *Sensor) Measure(i int, n uint32, truth float64) float64 {
	if s.Noise.Distribution != nil {
		truth += s.Noise.Quantile(s.stream.Uniform(uint32(i), drawNoise+uint64(n)))
	}
	if s.Resolution > 0 {
		truth = math.Round(truth/s.Resolution) * s.Resolution
	}
	return truth
}
