package reports

import (
	"fmt"
	"strings"

	"github.com/twinbed/twinbed/sim"
)

// Ledger is the proof that nothing got lost unseen:
//
//	readings  sent = delivered + lost by cause + in flight at the end
//	messages  sent = came + lost by cause + in flight at the end
//	deeds     issued = closed by outcome + open at the end
//	turns     decided = closed by outcome + open at the end
//
// each side counted for itself. What is left over is unexplained.
type Ledger struct {
	Balanced bool           `json:"balanced"`
	Readings []ReadingsBook `json:"readings"`
	Commands DeedsBook      `json:"commands"`
	Tasks    DeedsBook      `json:"tasks"`
	Turns    DeedsBook      `json:"turns"`
	Messages []MessagesBook `json:"messages"` // commands, tasks and acks on the wires; what came of the deeds stands above
	Suspects []Suspect      `json:"suspects"`
}

// ReadingsBook is the account of one kind's readings, each counted once.
type ReadingsBook struct {
	Kind        string `json:"kind"`
	Sent        uint64 `json:"sent"`
	Delivered   uint64 `json:"delivered"`
	Lost        []Loss `json:"lost"`
	InFlight    uint64 `json:"in_flight"`
	Unexplained int64  `json:"unexplained"` // negative: more came than was sent
	Duplicates  uint64 `json:"duplicates"`
	Late        uint64 `json:"late"`    // overtaken on the way
	Foreign     uint64 `json:"foreign"` // of those delivered; what they sent is what their own numbers claim
}

// Loss counts messages that did not arrive, by cause.
type Loss struct {
	Medium string `json:"medium"`
	Cause  string `json:"cause"`
	Count  uint64 `json:"count"`
}

// DeedsBook is the account of commands, of tasks or of turns.
type DeedsBook struct {
	Issued      uint64   `json:"issued"`
	Resent      uint64   `json:"resent"`
	Closed      Outcomes `json:"closed"`
	Open        uint64   `json:"open"`
	Unexplained int64    `json:"unexplained"`
	Twice       uint64   `json:"twice"`   // issued or closed a second time
	Unknown     uint64   `json:"unknown"` // closed and never issued
}

// Suspect is a reading that may be what is unexplained.
type Suspect struct {
	Thing string `json:"thing"`
	Seq   uint32 `json:"seq"` // 0: not known
	Why   string `json:"why"`
}

// Window is the books of the readings that were due between two cuts, where
// faults begin or end. Readings in flight at the end count for the last windows.
type Window struct {
	From     Number         `json:"from"` // seconds of scenario time
	To       Number         `json:"to"`
	Faults   []string       `json:"faults"`
	Readings []ReadingsBook `json:"readings"`
}

func (r *Recorder) inFlight(kind int) uint64 {
	if kind < len(r.flights.Readings) {
		return r.flights.Readings[kind]
	}
	return 0
}

// ledger draws up the books of the whole run.
func (r *Recorder) ledger() Ledger {
	l := Ledger{
		Commands: r.deeds.commands.account(), Tasks: r.deeds.tasks.account(), Turns: r.turnsBook(),
		Readings: []ReadingsBook{}, Suspects: []Suspect{},
	}
	for k, kind := range r.setup.Roster.Kinds {
		total := r.total(k)
		b := total.account(kind.Name, r.inFlight(k))
		b.Foreign = r.kinds[k].foreign
		l.Readings = append(l.Readings, b)
		l.Suspects = append(l.Suspects, r.suspectsIn(uint16(k), b.Unexplained)...)
	}
	if o := r.flights.Open; o != nil {
		l.Commands.Unexplained = int64(l.Commands.Open) - int64(o.Commands)
		l.Tasks.Unexplained = int64(l.Tasks.Open) - int64(o.Tasks)
		l.Commands.Open, l.Tasks.Open = o.Commands, o.Tasks
	}
	// Ids are of one series, so what is wrong with them is of deeds in general.
	l.Commands.Twice = r.deeds.closedTwice + r.deeds.issuedTwice
	l.Commands.Unknown = r.deeds.unknown
	l.Messages = r.messageBooks()
	l.Balanced = len(r.imbalances(l)) == 0
	return l
}

func losses(m sim.Medium, counts []uint64) []Loss {
	list := []Loss{}
	for c, n := range counts {
		if n > 0 {
			list = append(list, Loss{m.String(), sim.Cause(c).String(), n})
		}
	}
	return list
}

func (b *book) account(kind string, inFlight uint64) ReadingsBook {
	return ReadingsBook{
		Kind: kind, Sent: b.sent, Delivered: b.delivered, Lost: losses(sim.ReadingMessage, b.causes), InFlight: inFlight,
		Unexplained: b.open() - int64(inFlight), Duplicates: b.duplicates, Late: b.late,
	}
}

func (b *deedBook) account() DeedsBook {
	return DeedsBook{Issued: b.issued, Resent: b.resent, Closed: b.outcomes, Open: b.issued - b.outcomes.Total()}
}

func (r *Recorder) turnsBook() DeedsBook {
	b := DeedsBook{Twice: r.trouble.closedTwice + r.trouble.firedTwice, Unknown: r.trouble.unknown}
	for d := range r.decisions {
		t, o := &r.decisions[d], &r.decisions[d].outcomes
		b.Issued += t.fired
		b.Closed.Done += o.Done
		b.Closed.Failed += o.Failed
		b.Closed.Refused += o.Refused
		b.Closed.TimedOut += o.TimedOut
		b.Closed.Withdrawn += o.Withdrawn
	}
	b.Open = b.Issued - b.Closed.Total()
	if o := r.flights.Open; o != nil {
		b.Unexplained = int64(b.Open) - int64(o.Turns)
		b.Open = o.Turns
	}
	return b
}

// suspectsIn are the suspects of a kind, as many as are unexplained.
func (r *Recorder) suspectsIn(kind uint16, unexplained int64) (list []Suspect) {
	for _, x := range r.suspects {
		if int64(len(list)) >= max(unexplained, -unexplained) {
			return list
		}
		if r.series[x.thing].kind == kind && (x.why == neverCame) == (unexplained > 0) {
			list = append(list, Suspect{r.setup.Roster.Name(x.thing), x.seq, x.why})
		}
	}
	return list
}

// unexplained is how much is wrong in the books, and of how many entries.
func (r *Recorder) unexplained() (wrong, of uint64) {
	l := r.ledger()
	size := func(n int64) uint64 { return uint64(max(n, -n)) }
	for _, b := range l.Readings {
		wrong, of = wrong+size(b.Unexplained), of+b.Sent
	}
	for _, b := range l.Messages {
		wrong += uint64(max(b.Unexplained, 0)) // below zero some came twice, as a wire may deliver them
	}
	for _, b := range []DeedsBook{l.Commands, l.Tasks, l.Turns} {
		wrong, of = wrong+size(b.Unexplained)+b.Twice+b.Unknown, of+b.Issued
	}
	return wrong + r.strangers, of
}

// windows draws up the books of each epoch; none where nothing cut the run.
func (r *Recorder) windows() []Window {
	list := []Window{}
	if len(r.epochs) == 1 {
		return list
	}
	left := make([]int64, len(r.kinds))
	for k := range left {
		left[k] = int64(r.inFlight(k))
	}
	end := r.end
	for e := len(r.epochs) - 1; e >= 0; e-- {
		x := &r.epochs[e]
		w := Window{From: Number(max(x.from, 0).Seconds()), To: Number(end.Seconds()), Faults: x.faults}
		if w.Faults == nil {
			w.Faults = []string{}
		}
		for k, kind := range r.setup.Roster.Kinds {
			flying := min(max(x.books[k].open(), 0), left[k])
			left[k] -= flying
			w.Readings = append(w.Readings, x.books[k].account(kind.Name, uint64(flying)))
		}
		list = append(list, w)
		end = x.from
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// imbalances says in words what does not add up.
func (r *Recorder) imbalances(l Ledger) (list []string) {
	for k, b := range l.Readings {
		if b.Unexplained != 0 {
			list = append(list, fmt.Sprintf("%s %s: sent %s, delivered %s, lost %s, in flight %s%s",
				counted(b.Unexplained, "reading"), "of "+b.Kind+" unexplained", grouped(b.Sent), grouped(b.Delivered),
				grouped(b.lost()), grouped(b.InFlight), r.named(l.Suspects, r.setup.Roster.Kinds[k])))
		}
	}
	for _, b := range l.Messages {
		// At QoS 1 what is not acknowledged in time is sent again, and may come twice.
		if b.Unexplained > 0 || b.Unexplained < 0 && !r.live {
			list = append(list, fmt.Sprintf("%s unexplained: sent %s, came %s, lost %s, in flight %s", counted(b.Unexplained, b.Medium),
				grouped(b.Sent), grouped(b.Came), grouped(sumOf(b.Lost)), grouped(b.InFlight)))
		}
	}
	if len(list) == 0 {
		list = r.windowImbalances()
	}
	for _, x := range []struct {
		sort string
		book DeedsBook
	}{{"command", l.Commands}, {"task", l.Tasks}, {"turn", l.Turns}} {
		if x.book.Unexplained != 0 {
			list = append(list, fmt.Sprintf("%s unexplained: %s issued, %s closed, %s open as the platform has it",
				counted(x.book.Unexplained, x.sort), grouped(x.book.Issued), grouped(x.book.Closed.Total()), grouped(x.book.Open)))
		}
	}
	for _, x := range []struct {
		n    uint64
		what string
	}{
		{r.deeds.issuedTwice, "deeds were issued twice"},
		{r.deeds.closedTwice, "deeds were closed twice"},
		{r.deeds.unknown, "deeds were closed that had never been issued"},
		{r.trouble.firedTwice, "turns began that had begun before, or of no known decision"},
		{r.trouble.closedTwice, "turns were closed twice"},
		{r.trouble.unknown, "turns were closed that had never begun"},
		{r.strangers, "messages were of things that the roster does not have"},
		{r.disordered, "loops had stamps that run backwards"},
	} {
		if x.n > 0 {
			list = append(list, fmt.Sprintf("%s %s", grouped(x.n), x.what))
		}
	}
	return list
}

// windowImbalances looks for readings that the whole hides: one too many in one
// window, one too few in another. A foreign client's numbers do not say when
// what they claim was due, so its kinds are left out.
func (r *Recorder) windowImbalances() (list []string) {
	for _, w := range r.windows() {
		for k, b := range w.Readings {
			if b.Unexplained != 0 && !r.mixed(k) {
				list = append(list, fmt.Sprintf("%s of %s unexplained between %s and %s",
					counted(b.Unexplained, "reading"), b.Kind, clockTime(w.From), clockTime(w.To)))
			}
		}
	}
	return list
}

// mixed says whether foreign clients have spoken for things of a kind.
func (r *Recorder) mixed(kind int) bool {
	k := r.setup.Roster.Kinds[kind]
	for i := range k.Count {
		if r.series[int(k.First)+i].mixed {
			return true
		}
	}
	return false
}

func (b *ReadingsBook) lost() uint64 { return sumOf(b.Lost) }

func sumOf(list []Loss) (sum uint64) {
	for _, l := range list {
		sum += l.Count
	}
	return sum
}

func counted(n int64, what string) string {
	n = max(n, -n)
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// named lists the first suspects of a kind.
func (r *Recorder) named(all []Suspect, k *sim.Kind) string {
	var list []string
	for _, x := range all {
		if id, ok := r.setup.Roster.Lookup(x.Thing); !ok || !k.Holds(id) {
			continue
		}
		if len(list) == 3 {
			list = append(list, "…")
			break
		}
		if x.Seq > 0 {
			list = append(list, fmt.Sprintf("%s's number %d", x.Thing, x.Seq))
		} else {
			list = append(list, x.Thing)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "; " + strings.Join(list, ", ")
}
