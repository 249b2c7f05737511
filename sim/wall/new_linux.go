package wall

// New is the most precise wall of this system.
func New() Closer {
	if w, err := NewPrecise(); err == nil {
		return w
	}
	return NewTimer()
}
