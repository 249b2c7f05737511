package scenarios_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
)

func TestThePageOfFaultsIsThatOfTheRegistry(t *testing.T) {
	const page = "../docs/faults.md"
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(page, []byte(faultsPage()), 0o644))
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, faultsPage(), string(text), "go test ./scenarios -run PageOfFaults -update")
}

// areas says what is common to the faults of an area, and what to expect of them.
var areas = map[sim.Area][2]string{
	sim.Things: {"devices and what their sensors show",
		"Meets things. The truth of the thing goes on: what changes is what the platform hears of it. In live runs on sockets a device that is down loses its connection without a DISCONNECT (behind a gateway it is silent), and odd payloads are really sent. Readings of real devices are changed like any others; commands to them are beyond any fault."},
	sim.NetworkOf: {"what lies between things and platform",
		"Meets things. In virtual time, and for what has no connection in a live run, the link does the harm, and what is lost is booked with the fault as its cause. Where things have MQTT connections in a live run it is done to their bytes, as a network does it, and TCP does what TCP does: a partition or flapping delays what it does not break, lost pieces are sent again (after 200 ms of wall time, then twice as long), `reset` is an RST, `half_open` is found out by keep-alives alone; what a broken connection took is booked as that. Behind a gateway all things share their wire and its harm. Clients that are not ours (`connect: outside`) are beyond reach, and check says so."},
	sim.BrokerOf:   {"the broker", "Meets all who are connected; there is no where. In virtual time there is no broker: of `broker_down` and `broker_kill` it has that nothing passes the link meanwhile, whatever the QoS; of `queue_overflow` that what would have to wait for the platform is lost (one that is stalled or slow, or whatever comes with no room at all); of the others nothing, and check says so. In live runs sessions and queues are those of the real broker: messages of QoS 1 and 2 wait with their senders and come late. Things with `connect: bus` are not met, nor is a broker that is not ours."},
	sim.PlatformOf: {"whoever decides", "There is one, and no where. A platform that is not ours is beyond reach: harm it where it runs."},
	sim.PeopleOf:   {"workers and crews", "Meets a crew, a worker, or all whom a pattern fits. In variants without people it is left out. Real people with phones are met as far as they are ours to move: who is absent is not called."},
	sim.DataOf:     {"context", "Meets sources by their names. In variants without data it is left out. Another thing's twin is no source of its own: harm the thing."},
	sim.HardwareOf: {"real devices, between adapter and device", "Meets things: in live runs the readings of real devices, in virtual time those of whoever plays them. A fault never touches a command to a real device: limits hold whatever is injected."},
	sim.Attackers:  {"strangers who mean harm", "Real clients with real sockets that attack the run's broker while it goes on. In virtual time there is no broker: check says so."},
}

// faultsPage is docs/faults.md: what can go wrong, from the registry.
func faultsPage() string {
	var b strings.Builder
	b.WriteString(`# What can go wrong

An entry of ` + "`faults:`" + ` is a fault, when it comes, how long it lasts and whom it meets:

` + "```yaml" + `
faults:
  - {at: 8h, for: 10m, fault: message_loss, where: press-*, rate: 30%}                              # at a time
  - {every: exponential mean 2h, for: exponential mean 2m, at most: 3, fault: crash, where: press, pick: 1} # at random
  - {when: tasks_waiting > 5, for: 1h, fault: absent, where: mechanic-1}                             # when something holds
` + "```" + `

| key | what it says |
|---|---|
`)
	for _, f := range language.Describe(&scenarios.Incident{}) {
		fmt.Fprintf(&b, "| `%s` | %s%s |\n", f.Key, cell(f.Doc), brackets(f))
	}
	b.WriteString(`
Each fault is undone at the end of its window, whatever happened; the report counts what it hit (0 is told), and gives each window its account: what was lost
and where, when it was noticed, when all was back, what it cost beside the same run without faults (` + "`twinbed run`" + `, and with an interval ` + "`twinbed compare --no-faults`" + `).
` + "`twinbed chaos`" + ` plays many random plans of all of these and says whether what must hold does. ` + "`twinbed check`" + ` says where one cannot apply.
What faults cost is in [fault-costs.md](fault-costs.md).
`)
	for _, a := range sim.Areas {
		fmt.Fprintf(&b, "\n## %s: %s\n\n%s\n", a, areas[a][0], areas[a][1])
		for _, f := range sim.Faults.Entries() {
			entry := f.New()
			if entry.Area() != a {
				continue
			}
			fmt.Fprintf(&b, "\n**`%s`**: %s.\n", f.Name, f.Doc)
			if fields := language.Describe(entry); len(fields) > 0 {
				b.WriteString("\n| key | |\n|---|---|\n")
				for _, x := range fields {
					fmt.Fprintf(&b, "| `%s` | %s%s |\n", x.Key, cell(x.Doc), brackets(x))
				}
			}
		}
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// brackets are type, range and default of a key.
func brackets(f language.FieldDoc) string {
	parts := []string{f.Type}
	if f.Range != "" {
		parts = append(parts, f.Range)
	}
	switch {
	case f.Required:
		parts = append(parts, "needed")
	case f.Default != "":
		parts = append(parts, "default "+f.Default)
	}
	if f.Source.Mark != "" && f.Source.String() != string(sim.MarkPlain) {
		parts = append(parts, "source: "+f.Source.String())
	}
	return " (" + cell(strings.Join(parts, "; ")) + ")"
}
