package reports

import "math"

// Estimate is a figure with the interval that holds the true one in 95 % of
// cases; what the measurements do not tell is not known.
type Estimate struct {
	At   Number `json:"at"`
	Low  Number `json:"low"`
	High Number `json:"high"`
}

// FitKnee estimates the rate at which half of the runs hold, from runs of which
// each held or did not. Near its capacity a system holds by chance, more rarely
// the higher the rate: the chance is taken to fall as a logistic function of the
// logarithm of the rate,
//
//	P(holds at r) = (1 − lapse) / (1 + exp((ln r − ln knee) / s)),
//
// where a run lapses because of what else the machine had to do. That is how
// thresholds are measured that can only be tried (Watson and Pelli, QUEST, 1983;
// Kuss, Jäkel and Wichmann, Bayesian inference for psychometric functions, 2005).
// Estimate and interval are median and percentiles of what is then believed of
// the knee, with no belief beforehand about the magnitude of knee and s. Unlike a
// bootstrap the interval is not empty where all runs at a rate agreed: how far it
// reaches beyond them says how few they were.
func FitKnee(runs []Sample) Estimate {
	if len(runs) == 0 {
		return Estimate{Unknown, Unknown, Unknown}
	}
	return believe(runs).told()
}

// knee is what is believed of where it is, and between which rates runs were played:
// beyond them it is a guess.
type knee struct{ at, low, high, first, last float64 }

// told is what of it the runs tell.
func (k *knee) told() Estimate {
	within := func(rate float64) Number {
		if rate < k.first || rate > k.last {
			return Unknown
		}
		return Number(rate)
	}
	return Estimate{within(k.at), within(k.low), within(k.high)}
}

// believe works out what is believed after some runs.
func believe(runs []Sample) *knee {
	first, last := math.Inf(1), math.Inf(-1)
	tried := byRate(runs)
	for _, t := range tried {
		first, last = min(first, t.rate), max(last, t.rate)
	}
	place := func(i int) float64 { return first - margin + (last-first+2*margin)*float64(i)/kneePlaces }
	var all [][kneePlaces + 1]float64 // by s
	best := math.Inf(-1)
	for s := sharpest; s < bluntest; s *= 1.4 {
		var l [kneePlaces + 1]float64
		for i := range l {
			l[i] = likelihood(tried, place(i), s)
			best = max(best, l[i])
		}
		all = append(all, l)
	}
	var belief [kneePlaces + 1]float64
	sum := 0.0
	for _, l := range all {
		for i := range l {
			b := math.Exp(l[i] - best)
			belief[i] += b
			sum += b
		}
	}
	percentile := func(p float64) float64 {
		so, i := 0.0, 0
		for ; i < kneePlaces; i++ {
			if so += belief[i]; so >= p*sum {
				break
			}
		}
		return math.Exp(place(i))
	}
	return &knee{percentile(0.5), percentile((1 - confidence) / 2), percentile((1 + confidence) / 2), math.Exp(first), math.Exp(last)}
}

const (
	kneePlaces = 1200 // from the lowest to the highest rate, and margin beyond
	margin     = 1.0  // of the logarithm
	sharpest   = 0.01 // s: a run-to-run scatter of 2 % of the knee
	bluntest   = 0.3  // s: one by half
	lapse      = 0.03 // share of the runs that something else spoils
)

// trials are the runs at one rate.
type trials struct {
	rate        float64 // its logarithm
	held, broke float64
}

// byRate counts runs.
func byRate(runs []Sample) (list []trials) {
	at := map[Number]int{}
	for i := range runs {
		n, known := at[runs[i].Rate]
		if !known {
			n = len(list)
			at[runs[i].Rate] = n
			list = append(list, trials{rate: math.Log(float64(runs[i].Rate))})
		}
		if runs[i].Holds {
			list[n].held++
		} else {
			list[n].broke++
		}
	}
	return list
}

// likelihood is the logarithm of how likely the runs are.
func likelihood(runs []trials, knee, s float64) (sum float64) {
	for _, t := range runs {
		p := (1 - lapse) / (1 + math.Exp((t.rate-knee)/s))
		if t.held > 0 {
			sum += t.held * math.Log(p)
		}
		if t.broke > 0 {
			sum += t.broke * math.Log(1-p)
		}
	}
	return sum
}
