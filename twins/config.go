package twins

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// Config is what the platform is told to do.
type Config struct {
	Processes []Process  `key:"process" map:"Name" doc:"what is done step by step, by name"`
	Decisions []Decision `map:"Name" doc:"what is watched for and what is done then, by name"`
	Skills    []string   `key:"-"` // skills and crews that there are
}

// Decision fires once when its condition comes true, and is armed again only
// when the condition has ceased to hold and Until, if given, holds.
type Decision struct {
	Name     string         `key:"-"`
	When     sim.Expression `required:"true" doc:"the condition, over the twin of one thing"`
	For      time.Duration  `min:"0s" doc:"it must hold for so long without a break"`
	Until    sim.Expression `doc:"armed again only when this holds; without it, when the condition ceases"`
	Again    time.Duration  `min:"0s" doc:"fires again so long after its steps have ended, if the condition still holds; 0: once until it is armed again"`
	Do       []Step         `required:"true" doc:"steps, one after the other"`
	Of       string         `doc:"the kind of things it watches; needed where several kinds fit"`
	Check    time.Duration  `min:"0s" doc:"how often conditions that depend on time are looked at between readings; default: the kind's interval"`
	Priority int            `doc:"of its tasks; higher goes first"`
	Truth    sim.Expression `doc:"what it is to detect, over the ground truth of one thing, which the twin does not see: signals without noise, states, attributes, hour, weekday. The report then says how well it does"`
	Ahead    time.Duration  `min:"0s" doc:"an alarm so long before truth comes true is right, too"`
}

// Process is a named list of steps that decisions and other processes begin.
type Process struct {
	Name  string `key:"-"`
	Steps []Step `key:"steps,inline" doc:"steps, one after the other"`
}

// Step is one step of a process: exactly one of Command, Task, Wait, If,
// Parallel, Notify and Process, or a word that names a command or a process.
type Step struct {
	Word string `key:"-"`

	Command  string              `doc:"a command of the thing"`
	Task     string              `doc:"what a person is asked to do, in words"`
	Wait     chance.Distribution `unit:"s" doc:"let time pass"`
	If       sim.Expression      `doc:"a condition over the twin, for then and else; unknown is not true"`
	Then     []Step              `doc:"steps if the condition holds"`
	Else     []Step              `doc:"steps if it does not"`
	Parallel [][]Step            `doc:"lists of steps that run side by side; ends when all have ended, failed if one has"`
	Notify   string              `doc:"a message for whoever listens"`
	Process  string              `doc:"another process"`

	Value    sim.Expression      `doc:"argument of the command, or of what the task does"`
	Skill    string              `doc:"who can do the task"`
	Takes    chance.Distribution `unit:"s" doc:"time of work; default: the crew's own"`
	Uses     string              `doc:"a stock the task takes from; it waits until there is enough"`
	Count    int                 `min:"0" default:"1" doc:"how many it takes from the stock"`
	Does     string              `doc:"the command that the person's hands carry out when the work is done"`
	Finds    []string            `doc:"signals that the person measures; the twin takes the values up when the work is done, or, where a formula asks for correction(signal), by how much the sensor is off"`
	Priority *int                `doc:"higher goes first; default: the decision's"`
	Escalate *Escalate           `doc:"whom else to ask when nobody answers"`
	Topic    string              `doc:"where the message goes; default: the name of the process or decision"`

	Timeout   time.Duration `min:"0s" doc:"after so long an attempt has failed; 0: never"`
	Retry     *Retry        `doc:"try again after a failure or a timeout; what was refused is not tried again. A number of times, or {times: 3, backoff: 5s}; the pause doubles"`
	OnFailure []Step        `doc:"steps that put right what a failed step leaves behind; the process fails all the same"`
}

// FromWords reads a step that is one word: a command or a process.
func (s *Step) FromWords(text string) error {
	if s.Word = strings.TrimSpace(text); s.Word == "" {
		return fmt.Errorf("a step is a command, a process or a mapping, and this is empty")
	}
	return nil
}

// WordsPattern is any text that is not blank.
func (s *Step) WordsPattern() string { return `\S` }

// Retry says how often to try again.
type Retry struct {
	Times   int           `min:"1" max:"100" required:"true" doc:"attempts after the first"`
	Backoff time.Duration `min:"0s" doc:"pause before the second attempt, doubled for each further one"`
}

// FromWords reads a number of times.
func (r *Retry) FromWords(text string) error {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(text), " times"))
	if err != nil {
		return fmt.Errorf("%.60q is not a number of times, as in 3", text)
	}
	r.Times = n
	return nil
}

// WordsPattern is a whole number, with or without the word times.
func (r *Retry) WordsPattern() string { return `^\s*[0-9]+( times)?\s*$` }

// Escalate says who else is asked to do a task that nobody takes up.
type Escalate struct {
	After time.Duration `min:"0s" required:"true" doc:"when nobody has answered for so long"`
	To    string        `required:"true" doc:"a skill"`
}

// NamedSource is one source of context under the name that formulas use.
type NamedSource struct {
	Name   string
	Source sim.Source
	Key    string        // what a scenario calls join: the attribute that rows are looked up by, or "name" for the thing's own name; "" where the source has no key
	Fresh  time.Duration // values that are older are unknown; 0: they never age
}
