package formula

// Symbols interns texts, so that comparing two is comparing two numbers. A
// run has one. The zero value is ready; id 0 is the empty text.
type Symbols struct {
	ids   map[string]float64
	texts []string
}

// ID is the number of a text, a new one when it is seen for the first time.
func (s *Symbols) ID(text string) float64 {
	if text == "" {
		return 0
	}
	id, known := s.ids[text]
	if !known {
		if s.ids == nil {
			s.ids = make(map[string]float64)
		}
		s.texts = append(s.texts, text)
		id = float64(len(s.texts))
		s.ids[text] = id
	}
	return id
}

// Text is the text of an id, and empty for what is no id (NaN, say).
func (s *Symbols) Text(id float64) string {
	if !(id >= 1 && id <= float64(len(s.texts))) {
		return ""
	}
	return s.texts[int(id)-1]
}
