package twins

import (
	"slices"
	"strings"
)

// processes checks the processes and lists them; they are compiled for the
// kinds of the decisions that call them, and those that nobody calls are tried.
func (b *builder) processes() {
	for index, c := range b.cfg.Processes {
		path := "process." + c.Name
		b.p.processes = append(b.p.processes, ProcessInfo{Name: c.Name})
		if slices.ContainsFunc(b.cfg.Processes[:index], func(o Process) bool { return o.Name == c.Name }) {
			b.wrongf(path, "there are two processes of this name")
		}
		if len(c.Steps) == 0 {
			b.wrongf(path, "a process has at least one step")
		}
	}
	b.cycles()
	for index := range b.cfg.Processes {
		if k, _ := b.best(func(try *builder, k *twins) { try.routine(index, k) }); k != nil {
			probe := b.probing()
			probe.routine(index, k)
			b.wrong(probe.err())
		}
	}
}

// routine is a process compiled for a kind, once.
func (b *builder) routine(index int, k *twins) *routine {
	key := routineKey{index, k}
	r := b.routines[key]
	if r == nil {
		// Known before it is complete: one that calls itself is told elsewhere.
		r = &routine{}
		b.routines[key] = r
		c := &b.cfg.Processes[index]
		s := &stepper{builder: b, k: k, process: index, topic: c.Name}
		r.steps = s.steps("process."+c.Name, c.Steps, 0)
		b.p.processes[index].Steps = s.infos
	}
	return r
}

// cycles refuses processes that call themselves, through others or not.
func (b *builder) cycles() {
	var trail []string
	done := make([]bool, len(b.cfg.Processes))
	var visit func(index int)
	visit = func(index int) {
		name := b.cfg.Processes[index].Name
		if at := slices.Index(trail, name); at >= 0 {
			b.wrongf("process."+name, "this process calls itself: %s", strings.Join(append(slices.Clone(trail[at:]), name), " → "))
			return
		}
		if done[index] {
			return
		}
		trail = append(trail, name)
		for _, callee := range b.calls(b.cfg.Processes[index].Steps) {
			visit(callee)
		}
		trail = trail[:len(trail)-1]
		done[index] = true
	}
	for index := range b.cfg.Processes {
		visit(index)
	}
}

// calls are the processes that steps name, in order.
func (b *builder) calls(steps []Step) []int {
	var found []int
	for _, c := range steps {
		for _, name := range []string{c.Word, c.Process} {
			if at := b.processNamed(name); at >= 0 {
				found = append(found, at)
			}
		}
		for _, list := range append([][]Step{c.Then, c.Else, c.OnFailure}, c.Parallel...) {
			found = append(found, b.calls(list)...)
		}
	}
	return found
}

// processNamed finds a process; -1 if there is none.
func (b *builder) processNamed(name string) int {
	return slices.IndexFunc(b.cfg.Processes, func(c Process) bool { return c.Name == name })
}

func (b *builder) processNames() []string {
	var names []string
	for _, c := range b.cfg.Processes {
		names = append(names, c.Name)
	}
	return names
}
