// Package chance provides random numbers that do not depend on who asked before,
// and distributions written in words.
//
// A draw is a pure function of seed, stream (the purpose, by name), entity and
// draw number. So nothing has to be kept, adding a thing moves nobody else's
// luck, two variants of a scenario differ by what was changed (common random
// numbers), and parts of a run can be computed in any order. Every variate costs
// exactly one uniform number, put through the inverse of its distribution:
//
//	takes, err := chance.Parse("lognormal median 4m p95 15m", units.Duration, nil)
//	luck := chance.Seed(7).Stream("mechanic takes")
//	seconds := takes.Quantile(luck.Uniform(worker, n))
package chance

import "math/bits"

// Seed is the one number a run's luck depends on.
type Seed uint64

// Stream is an endless supply of random numbers for each entity, for one purpose.
type Stream uint64

// The constants are those of wyhash (Wang Yi, public domain): odd, half of their
// bits set, and no two alike at any rotation.
const (
	wy0 = 0xa0761d6478bd642f
	wy1 = 0xe7037ed1a0b428db
	wy2 = 0x8ebc6af09c88c6e3
	wy3 = 0x589965cc75374cc3
)

// Replica is the seed of the n-th replication. Replica 0 is the seed itself, so
// that a single run is the first of many, and any replica can be run alone by its seed.
func (s Seed) Replica(n int) Seed {
	if n == 0 {
		return s
	}
	return Seed(scramble(uint64(s) + scramble(uint64(n)^wy3)))
}

// Stream is the supply for a purpose. The same name gives the same stream.
func (s Seed) Stream(name string) Stream {
	h := scramble(uint64(s) ^ wy2)
	for i := range len(name) {
		h = scramble(h + uint64(name[i]) + 1)
	}
	return Stream(scramble(h + wy1))
}

// scramble is the finaliser of splitmix64 (Steele, Lea and Flood 2014, Stafford's
// variant 13) after a Weyl step: a bijection in which every bit depends on every bit.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Bits is the n-th draw of an entity: 64 random bits. Two folded 128-bit
// multiplications, as in wyhash, mix stream, entity and number. The first factor
// must not be zero: with the constant, that is one stream in 2⁶⁴ and not the zero one.
func (s Stream) Bits(entity uint32, n uint64) uint64 {
	hi, lo := bits.Mul64(uint64(s)^uint64(entity)*wy2^wy3, n^wy1)
	hi, lo = bits.Mul64(lo^wy0, hi^uint64(s))
	return hi ^ lo
}

// Uniform is the n-th draw of an entity as a number strictly between 0 and 1: an
// odd multiple of 2⁻⁵³, so that 1-u is exact and strictly inside too.
func (s Stream) Uniform(entity uint32, n uint64) float64 {
	return (float64(s.Bits(entity, n)>>12) + 0.5) * 0x1p-52
}
