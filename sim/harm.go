package sim

import "fmt"

// Harmed says what faults have left behind in the world at present, in words; ""
// for nothing.
func (w *World) Harmed() string {
	switch p := w.Intake; {
	case len(w.Tampers.list) > 0:
		return fmt.Sprintf("%d still tamper with readings", len(w.Tampers.list))
	case len(w.Tampers.off) > 0:
		return fmt.Sprintf("%d things are still down", len(w.Tampers.off))
	case len(w.Link.impaired) > 0:
		return fmt.Sprintf("the link is still impaired %d times", len(w.Link.impaired))
	case w.Feeds != nil && w.Feeds.harmed():
		return "context is still harmed"
	case p != nil && (p.stalls > 0 || len(p.down)+len(p.slow)+len(p.poison)+len(p.narrow) > 0):
		return "the platform is still harmed"
	case w.Workforce != nil && w.Workforce.Disturbed() > 0:
		return fmt.Sprintf("%d workers are still disturbed", w.Workforce.Disturbed())
	}
	return ""
}

func (f *Feeds) harmed() bool {
	for _, x := range f.wired {
		if len(x.harms) > 0 {
			return true
		}
	}
	return false
}
