package language_test

import (
	"io/fs"
	"strings"
	"testing/fstest"
	"time"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

// plant is a configuration with everything that the convention knows.
type plant struct {
	Name      string        `required:"true" doc:"what it is called"`
	Duration  time.Duration `required:"true" above:"0s" max:"52 weeks" doc:"how long it is played"`
	Start     units.Moment  `default:"Mon 06:00"`
	Seed      uint64        `default:"1"`
	Watch     string        `default:"virtual" oneof:"virtual|realtime"`
	Verbose   bool
	Budget    *float64 `unit:"€" min:"0"`
	Payload   int      `unit:"B" default:"4kB"`
	Pillars   []string `default:"[things, people]" oneof:"things|people|data"`
	Network   network
	Uplink    *network
	Things    []thing `map:"Name" required:"true"`
	Data      []datum `map:"Name"`
	Crew      []crew  `map:"Name"`
	Faults    []incident
	Limits    []limit
	Variants  []variant `map:"Name"`
	Orders    string    `file:"true"`
	_         int
	Forgotten int `key:"-"`
}

type network struct {
	Latency chance.Distribution `unit:"s" default:"10ms" doc:"one way"`
	Loss    float64             `unit:"%" max:"1"`
}

type thing struct {
	Name        string              `key:"-"`
	Count       int                 `default:"1" min:"1" max:"1000000" doc:"how many"`
	Every       time.Duration       `required:"true" above:"0s" max:"1 week" doc:"between two readings"`
	Temperature float64             `default:"20" min:"-273" max:"5000" unit:"°C" source:"none, a room"`
	Position    []float64           `min:"0"`
	Life        chance.Distribution `unit:"s"`
	When        sim.Expression
	Signals     []signal  `map:"Name"`
	Commands    []command `map:"Name"`
	Parts       []thing   `map:"Name"`
	Upkeep      `key:",inline"`
}

// Upkeep has keys that stand among those of a thing.
type Upkeep struct {
	ComeBy time.Duration `default:"12h"`
}

type signal struct {
	Name  string
	Unit  string
	Model signalModel `key:",inline"`
}

// signalModel is a number, words or an entry of the registry.
type signalModel struct {
	name  string
	model model
}

func models() language.Named[model] {
	return language.Named[model]{Key: "model", Registry: modelRegistry, Number: "fixed.value", Words: "noise"}
}

func (m *signalModel) Decode(n *language.Node) (problems []language.Problem) {
	m.name, m.model, problems = models().Decode(n)
	return problems
}

func (m *signalModel) Schema(g *language.Generator) map[string]any { return models().Schema(g) }
func (m *signalModel) Sort() string                                { return models().Sort() }

type model interface{ isModel() }

type fixed struct {
	Value float64 `required:"true" max:"1000"`
}

type thermal struct {
	Ambient float64       `required:"true" doc:"at rest"`
	Tau     time.Duration `default:"20m" above:"0s"`
	Growth  string        `default:"line" oneof:"line|step"`
}

type noise struct {
	Value chance.Distribution `required:"true"`
}

func (*fixed) isModel()   {}
func (*thermal) isModel() {}
func (*noise) isModel()   {}

func (n *noise) FromWords(text string) (err error) {
	n.Value, err = chance.Parse(text, units.Number, nil)
	return err
}
func (*noise) WordsPattern() string { return chance.Pattern(units.Number) }

type command struct {
	Name  string
	Takes time.Duration
	Sets  []setting `key:",inline" map:"State"`
}

// setting is a state and what it is set to: a share, or the word value.
type setting struct {
	State string
	Value float64
}

func (s *setting) FromWords(text string) (err error) {
	s.Value, err = units.ParseShare(text)
	return err
}
func (*setting) WordsPattern() string { return units.Pattern(units.Share) }

type datum struct {
	Name   string
	Source dataSource `key:",inline"`
}

type dataSource struct {
	name   string
	source source
}

func (d *dataSource) Decode(n *language.Node) (problems []language.Problem) {
	d.name, d.source, problems = language.ByKey[source]{Registry: sourceRegistry}.Decode(n)
	return problems
}
func (d *dataSource) Schema(g *language.Generator) map[string]any {
	return language.ByKey[source]{Registry: sourceRegistry}.Schema(g)
}

type source interface{ isSource() }

type table struct {
	File  string `required:"true" file:"true"`
	Every time.Duration
}
type stock struct {
	Stock   int                 `required:"true" min:"0"`
	Restock chance.Distribution `unit:"s"`
}

func (*table) isSource() {}
func (*stock) isSource() {}

type crew struct {
	Name   string
	Skills []string `required:"true"`
	Shift  units.Shift
}

type incident struct {
	At    time.Duration `required:"true"`
	Where string        `required:"true"`
	Fault harm          `key:",inline"`
}

type harm struct {
	name  string
	fault fault
}

func (h *harm) Decode(n *language.Node) (problems []language.Problem) {
	h.name, h.fault, problems = language.Named[fault]{Key: "fault", Registry: faultRegistry}.Decode(n)
	return problems
}
func (h *harm) Schema(g *language.Generator) map[string]any {
	return language.Named[fault]{Key: "fault", Registry: faultRegistry}.Schema(g)
}

type fault interface{ isFault() }

type messageLoss struct {
	Rate float64 `required:"true" unit:"%" above:"0" max:"1" doc:"share that is lost"`
}
type partition struct{}

func (*messageLoss) isFault() {}
func (*partition) isFault()   {}

// limit can only be written as words.
type limit struct {
	words string
}

func (l *limit) FromWords(text string) error {
	if l.words = text; !strings.Contains(text, "<") {
		return &sim.Wrong{Offset: 4, Message: "no limit is named"}
	}
	return nil
}
func (*limit) WordsPattern() string { return `^.*<.*$` }

type variant struct {
	Name      string
	Overrides overrides `key:",inline"`
}

type overrides struct{ node *language.Node }

func (o *overrides) Decode(n *language.Node) []language.Problem { o.node = n; return nil }
func (o *overrides) Schema(g *language.Generator) map[string]any {
	return g.Partial(&plant{}, "variants")
}

var (
	modelRegistry  = sim.NewRegistry[model]("signal model")
	sourceRegistry = sim.NewRegistry[source]("data source")
	faultRegistry  = sim.NewRegistry[fault]("fault")
)

func init() {
	modelRegistry.Add("fixed", "does not move", func() model { return &fixed{} })
	modelRegistry.Add("thermal", "warms and cools", func() model { return &thermal{} })
	modelRegistry.Add("noise", "is drawn anew", func() model { return &noise{} })
	sourceRegistry.Add("file", "a table", func() source { return &table{} })
	sourceRegistry.Add("stock", "is used up", func() source { return &stock{} })
	faultRegistry.Add("message_loss", "loses messages", func() fault { return &messageLoss{} })
	faultRegistry.Add("partition", "loses all", func() fault { return &partition{} })
}

// anyName is a file system in which every name is an empty file.
type anyName struct{}

func (anyName) Open(string) (fs.File, error) {
	return fstest.MapFS{"x": {Data: []byte("1\n")}}.Open("x")
}
