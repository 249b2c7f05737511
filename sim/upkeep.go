package sim

// upkeep is the honest baseline: a thing that is down and that nobody has been
// sent to is found by somebody in the end.
type upkeep struct {
	attended []int16  // people sent to the thing
	turn     []uint32 // which wait is the valid one; odd while one is running
	load     int      // place of the states load and broken, -1 for none
	broken   int
}

func (f *Fleet) startUpkeep() {
	if f.upkeep.turn != nil {
		return
	}
	f.upkeep = upkeep{
		attended: make([]int16, f.Kind.Count), turn: make([]uint32, f.Kind.Count),
		load: f.Kind.State("load"), broken: f.Kind.State("broken"),
	}
}

func (f *Fleet) down(i int) bool {
	u := &f.upkeep
	return u.load >= 0 && *f.State(i, u.load) == 0 || u.broken >= 0 && *f.State(i, u.broken) != 0
}

// lookAfter starts or ends the wait for somebody to come by.
func (f *Fleet) lookAfter(i int) {
	if f.Unattended <= 0 {
		return
	}
	f.startUpkeep()
	u := &f.upkeep
	waiting, wanted := u.turn[i]&1 == 1, f.down(i) && u.attended[i] == 0
	if waiting == wanted {
		return
	}
	u.turn[i]++
	id, turn := f.Kind.First+ThingID(i), u.turn[i]
	if !wanted {
		f.world.Release(id)
		return
	}
	f.world.Hold(id)
	f.world.Clock.AmongAfter(f.Unattended, func() { f.comeBy(i, turn) })
}

// Attend says that somebody has been sent to the thing (+1) or left it (-1).
func (f *Fleet) Attend(id ThingID, people int) {
	if f.Unattended <= 0 {
		return
	}
	f.startUpkeep()
	i := int(id - f.Kind.First)
	f.upkeep.attended[i] += int16(people)
	f.lookAfter(i)
}

// comeBy makes all states of a thing as new.
func (f *Fleet) comeBy(i int, turn uint32) {
	if f.upkeep.turn[i] != turn {
		return
	}
	now := f.world.Clock.Now()
	f.world.Observers.Truth(f.Kind, i, now, f.carry(i, now))
	for at, s := range f.Kind.States {
		*f.State(i, at) = s.Initial
	}
	f.world.Observers.Noted(Event{At: now, What: "found unattended", Thing: f.Kind.First + ThingID(i), Subject: f.Kind.Name})
	f.Settle(i)
}
