package reports

// idState is what is known of an id.
type idState uint8

const (
	idNew idState = iota
	idOpen
	idClosed
)

// idSet remembers the state of each id in two bits, in pages, so that a series
// of ids costs a quarter of a byte each.
type idSet struct {
	pages map[uint64]*idPage
	last  *idPage // ids come in order
	at    uint64
}

type idPage [128]uint64 // 4096 ids

func (s *idSet) page(id uint64) *idPage {
	n := id / 4096
	if s.last != nil && s.at == n {
		return s.last
	}
	p := s.pages[n]
	if p == nil {
		if s.pages == nil {
			s.pages = map[uint64]*idPage{}
		}
		p = &idPage{}
		s.pages[n] = p
	}
	s.last, s.at = p, n
	return p
}

func (s *idSet) state(id uint64) idState {
	n := id % 4096
	return idState(s.page(id)[n/32] >> (n % 32 * 2) & 3)
}

func (s *idSet) set(id uint64, to idState) {
	n := id % 4096
	w := &s.page(id)[n/32]
	*w = *w&^(3<<(n%32*2)) | uint64(to)<<(n%32*2)
}
