package scenarios

import (
	"fmt"
	"strings"

	"github.com/twinbed/twinbed/sim/people"
)

// connectPhones puts real people in the place of the workers who carry phones.
func (b *builder) connectPhones() {
	if b.live.crews == nil {
		return
	}
	for _, name := range people.Phones(b.scenario.People) {
		b.live.crews.Employ(name, b.live.hub.Phone(name, b.live.crews))
	}
}

// phoneRemarks name the crews whose tasks did not get to a phone, and whose
// phones nobody reads.
func (r *Run) phoneRemarks() (list []string) {
	if r.live == nil || r.live.crews == nil {
		return nil
	}
	for _, u := range r.live.crews.Use(r.World.Clock.Now()) {
		if u.Unreached > 0 {
			list = append(list, fmt.Sprintf("%s: tasks that found nobody at the phone: %d", u.Crew, u.Unreached))
		}
	}
	if away := r.live.crews.Unread(); len(away) > 0 {
		list = append(list, "at the end nobody has subscribed to the tasks of "+strings.Join(away, ", "))
	}
	return list
}
