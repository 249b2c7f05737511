package sources_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/sources"
	"github.com/twinbed/twinbed/sim/units"
)

func shelf(t testing.TB, c *sources.Stock) (*desk, sim.Stock) {
	d := newDesk(t, nil).opens(c)
	d.lines = nil
	return d, d.source.(sim.Stock)
}

func (d *desk) wants(s sim.Stock, name string, n int) (cancel func()) {
	return s.Take(n, func() { d.say("%s has %d", name, n) })
}

var day = chance.Constant(86400)

func TestWhatIsTakenIsOrderedAnew(t *testing.T) {
	d, s := shelf(t, &sources.Stock{Stock: 3, Restock: day})
	d.wants(s, "a", 2)
	d.until(hour)
	d.wants(s, "b", 1)
	d.wants(s, "c", 2)
	d.wants(s, "d", 1) // first come, first served
	require.Equal(t, []string{
		"0s  left=1 as of 0s", "0s a has 2",
		"1h0m0s  left=0 as of 1h0m0s", "1h0m0s b has 1",
		"24h0m0s  left=2 as of 24h0m0s", "24h0m0s  left=0 as of 24h0m0s", "24h0m0s c has 2",
		"25h0m0s  left=1 as of 25h0m0s", "25h0m0s  left=0 as of 25h0m0s", "25h0m0s d has 1",
		"25h0m0s  left=2 as of 25h0m0s", "25h0m0s  left=3 as of 25h0m0s",
	}, d.told(1000*hour))
}

func TestOrderingCanWaitUntilFewAreLeft(t *testing.T) {
	d, s := shelf(t, &sources.Stock{Stock: 5, OrderBelow: 2, Restock: day})
	for range 3 {
		d.wants(s, "a", 1)
	}
	d.until(100 * hour)
	require.Equal(t, "0s a has 1", d.lines[len(d.lines)-1], "two are left: none ordered")
	d.lines = nil
	d.wants(s, "a", 1)
	require.Equal(t, []string{"100h0m0s  left=1 as of 100h0m0s", "100h0m0s a has 1", "124h0m0s  left=5 as of 124h0m0s"}, d.told(1000*hour))
}

func TestMoreThanTheStockHoldsIsOrderedFor(t *testing.T) {
	d, s := shelf(t, &sources.Stock{Stock: 2, Restock: day})
	d.wants(s, "a", 5)
	require.Equal(t, []string{"24h0m0s  left=7 as of 24h0m0s", "24h0m0s  left=2 as of 24h0m0s", "24h0m0s a has 5"}, d.told(1000*hour))
}

func TestWithoutRestockingOnlyWhatIsGivenBackHelps(t *testing.T) {
	d, s := shelf(t, &sources.Stock{Stock: 1})
	d.wants(s, "a", 1)
	d.wants(s, "b", 1)
	d.until(1000 * hour)
	d.lines = nil
	s.Give(1)
	require.Equal(t, []string{"1000h0m0s  left=1 as of 1000h0m0s", "1000h0m0s  left=0 as of 1000h0m0s", "1000h0m0s b has 1"}, d.told(1001*hour))
}

func TestACancelledClaimLetsThoseBehindItGo(t *testing.T) {
	d, s := shelf(t, &sources.Stock{Stock: 1})
	cancel := d.wants(s, "a", 2)
	served := d.wants(s, "b", 1)
	require.Empty(t, d.lines)
	cancel()
	cancel()
	require.Equal(t, []string{"0s  left=0 as of 0s", "0s b has 1"}, d.told(hour))
	served()
	require.Empty(t, d.told(2*hour), "what has been taken is not cancelled but given back")
}

func TestAClaimMayTakeAndGiveInTurn(t *testing.T) {
	d, s := shelf(t, &sources.Stock{Stock: 2})
	s.Take(1, func() {
		d.wants(s, "inner", 2)
		s.Give(1)
	})
	require.Equal(t, []string{"0s  left=1 as of 0s", "0s  left=2 as of 0s", "0s  left=0 as of 0s", "0s inner has 2"}, d.told(hour))
}

func TestAStockCannotBeOrderedBelowMoreThanItHolds(t *testing.T) {
	newDesk(t, nil).refuses(&sources.Stock{Stock: 2, OrderBelow: 3}, "order_below: 3 is more than the stock of 2 itself")
}

// Pieces are neither made nor lost: what is left and what is out is what there was and
// what has come; nobody is served before who came earlier; in the end all are.
func TestNoPieceIsLostInAnyOrderOfEvents(t *testing.T) {
	restock, err := chance.Parse("lognormal median 20h p95 60h", units.Duration, nil)
	require.NoError(t, err)
	for seed := range uint64(300) {
		luck := rand.New(rand.NewPCG(seed, 2))
		d := newDesk(t, nil)
		d.Seed = chance.Seed(seed)
		full := luck.IntN(6)
		c := &sources.Stock{Stock: full, Restock: restock, OrderBelow: luck.IntN(full + 1)}
		source, err := c.Open(d.Site)
		require.NoError(t, err)
		left := 0.0
		require.NoError(t, source.Start(d.clock, func(_ string, v []float64, _ sim.Time) {
			left = v[0]
			require.GreaterOrEqual(t, left, 0.0)
		}))
		s := source.(sim.Stock)
		asked, cancelled, last := 0, 0, -1
		served := map[int]bool{}
		for range 60 {
			d.clock.At(sim.Time(luck.Int64N(int64(500*time.Hour))), func() {
				n, me := 1+luck.IntN(4), asked
				asked++
				cancel := s.Take(n, func() {
					require.Greater(t, me, last)
					last, served[me] = me, true
				})
				switch luck.IntN(4) {
				case 0:
					d.clock.After(10*hour, func() {
						if !served[me] {
							cancelled++
						}
						cancel()
					})
				case 1:
					d.clock.After(10*hour, func() {
						if served[me] {
							s.Give(n)
						}
					})
				}
			})
		}
		d.until(10_000 * hour)
		require.Equal(t, asked, len(served)+cancelled, "seed %d", seed)
		require.GreaterOrEqual(t, left, float64(c.OrderBelow))
	}
}
