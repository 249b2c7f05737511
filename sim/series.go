package sim

// Series says how readings of one thing fit into one another by their numbers.
type Series struct {
	Last   uint32 // the newest number
	recent uint32 // bit n: reading Last-n has come; 0: nothing has
}

// Begun says whether a reading has ever come.
func (s *Series) Begun() bool { return s.recent != 0 }

// Fit says how a reading fits into the series and takes note of it. The last 32
// numbers are remembered; older ones are late, or, from a device that we do not
// play, the beginning of a new series. 0 is no number at all.
func (s *Series) Fit(seq uint32, foreign bool) Arrival {
	behind := int64(s.Last) - int64(seq)
	switch {
	case s.recent == 0 || foreign && behind >= 32 && seq > 0:
		s.Last, s.recent = seq, 1
	case seq == 0:
	case behind < 0:
		s.Last, s.recent = seq, s.recent<<min(-behind, 32)|1
	case behind >= 32:
		return Late
	case s.recent>>behind&1 == 1:
		return Duplicate
	default:
		s.recent |= 1 << behind
		return Late
	}
	return Fresh
}
