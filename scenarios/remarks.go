package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// tooLate names the faults that begin when all is over.
func (s *Scenario) tooLate() (lines []string) {
	for _, x := range s.Faults {
		if x.At >= s.Duration {
			lines = append(lines, fmt.Sprintf("the fault %s at %s has no effect: the run ends at %s",
				x.Fault.Name, units.FormatDuration(x.At), units.FormatDuration(s.Duration)))
		}
	}
	return lines
}

// remarks are what a reader of the report must know to judge it.
func (r *Run) remarks() (list []string) {
	if r.live != nil && r.live.outages != nil {
		list = append(list, fmt.Sprintf("the broker %s is not ours: readings are believed to be of our things and commands of our platform, "+
			"and whoever it lets publish on %s/things/# could forge them", strings.TrimSuffix(r.Script.Broker.URL, "/"), broker.Root))
	}
	list = append(list, r.intrusions()...)
	orders, _ := r.orders()
	list = append(append(append(list, r.Script.tooLate()...), r.silence()...), r.phoneRemarks()...)
	return append(append(list, orders...), r.arrival()...)
}

// got is what has got through of a stranger, in words.
var got = map[string]string{
	"rogue_client":      "it was let in %d times in the name of a device, with a password that it had guessed",
	"spoofed_identity":  "%d readings that it made up in the names of devices were passed on",
	"replay":            "%d readings that it had heard were passed on once more",
	"command_injection": "%d commands that it made up were passed on to devices",
	"flood":             "%d messages of rubbish in the names of devices were passed on",
	"snooping":          "it listened, and %d messages came to it",
}

// intrusions tells which strangers got through.
func (r *Run) intrusions() (list []string) {
	at := "the run's own broker, where broker.users says who may come in,"
	if r.Script.Broker.URL != "" {
		at = "the broker " + strings.TrimSuffix(r.Script.Broker.URL, "/")
	}
	for _, a := range r.timeline.Accounts() {
		if a.Area == sim.Attackers && a.Through > 0 {
			list = append(list, fmt.Sprintf("%s did not keep a stranger out: %s: "+got[a.Name], at, strings.TrimSpace(a.Name+" of "+a.Where), a.Through))
		}
	}
	return list
}

// arrival tells how long things took to connect, if somebody had to wait for it.
func (r *Run) arrival() []string {
	l := r.live
	if l == nil || l.connecting < time.Second {
		return nil
	}
	return []string{fmt.Sprintf("%d sessions were up after %s, %.0f a second",
		l.connected, l.connecting.Round(time.Millisecond), float64(l.connected)/l.connecting.Seconds())}
}
