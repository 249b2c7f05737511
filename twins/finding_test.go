package twins_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/twins"
)

// finds acknowledges a task with what a person has measured of signal 0.
func (s *stage) finds(task int, value float64) {
	now := s.World.Clock.Stamp()
	s.Ack(&sim.Ack{ID: s.tasks[task].ID, Thing: s.tasks[task].Thing, Outcome: sim.Done, Delivered: now, Done: now,
		Found: []sim.Finding{{Signal: 0, Value: value}}})
}

var inspect = twins.Step{Task: "look", Skill: "inspection", Finds: []string{"vibration"}}

func TestAFindingStandsInTheTwinUntilTheNextReading(t *testing.T) {
	s := newStage(t).steps(inspect, twins.Step{If: "vibration > 8", Then: list(word("stop")), Else: list(word("resume"))})
	s.reads(0, 0, 9, 0)
	require.Equal(t, []int{0}, s.tasks[0].Finds)
	s.until(5 * second)
	s.finds(0, 6)
	require.Equal(t, s.press.Command("resume"), s.commands[0].Name, "the next step sees what was found")
	twin, _ := s.Twin(0)
	require.Equal(t, 6.0, twin.Signals[0])
	s.reads(10*second, 0, 9.1, 0)
	require.Equal(t, 9.1, twin.Signals[0], "the sensor has the last word")
}

func TestATrendGoesOnFromAFinding(t *testing.T) {
	s := newStage(t).play(twins.Config{Decisions: []twins.Decision{
		{Name: "ask", When: "vibration > 8", Do: list(inspect)},
		{Name: "mean", When: "mean(vibration, minutes(10)) < 7", Do: list(word("stop"))},
	}})
	s.reads(0, 0, 9, 0)
	s.finds(0, 3)
	s.reads(10*second, 0, unknown, 1)
	require.Len(t, s.commands, 1, "the mean of 9 and 3 is 6")
}

func TestWhatNobodyCouldFindChangesNothing(t *testing.T) {
	s := newStage(t).steps(inspect)
	s.reads(0, 0, 9, 0)
	s.finds(0, unknown)
	twin, _ := s.Twin(0)
	require.Equal(t, 9.0, twin.Signals[0])
}

func TestAFindingCorrectsTheTwinForGood(t *testing.T) {
	s := newStage(t).play(twins.Config{Decisions: []twins.Decision{
		{Name: "ask", When: "vibration > 8 or temperature > 0", Do: list(inspect)},
		{Name: "bad", When: "vibration * correction(vibration) > 8", Do: list(word("stop"))},
	}})
	s.reads(0, 0, 7, 0)
	s.reads(10*second, 0, 7, 1) // somebody looks: the sensor shows four fifths of what there is
	s.finds(0, 8.75)
	twin, _ := s.Twin(0)
	require.Equal(t, 7.0, twin.Signals[0], "the signal stays as the sensor shows it")
	s.reads(20*second, 0, 6, 0)
	require.Empty(t, s.commands, "6 · 1.25 is 7.5")
	s.reads(30*second, 0, 6.5, 0)
	require.Len(t, s.commands, 1, "6.5 · 1.25 is above 8")

	s.reads(0, 1, 7.9, 0)
	require.Len(t, s.commands, 1, "each thing has its own")

	s.reads(40*second, 0, 6.5, 1)
	s.finds(1, 6.5) // the sensor has been mended
	s.reads(50*second, 0, 7, 0)
	s.obeys()
	s.answers(s.commands[0].ID, 0, sim.Done)
	s.reads(60*second, 0, 7, 0)
	require.Len(t, s.commands, 1, "7 · 1 is not above 8")
}

func TestNoFactorComesFromASensorThatShowsNothing(t *testing.T) {
	for _, shown := range []float64{0, -1, unknown} {
		s := newStage(t).play(twins.Config{Decisions: []twins.Decision{
			{Name: "ask", When: "temperature > 0", Do: list(inspect)},
			{Name: "bad", When: "correction(vibration) > 1 or correction(vibration) < 1", Do: list(word("stop"))},
		}})
		s.reads(0, 0, shown, 1)
		s.finds(0, 5)
		s.reads(10*second, 0, 5, 1)
		require.Empty(t, s.commands, "%v", shown)
	}
}

func TestAnAlarmThatStillStandsRingsAgain(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8", Again: 5 * time.Minute})
	s.reads(0, 0, 9, 0)
	s.until(time.Minute)
	s.answers(1, 0, sim.Done) // from here five minutes, not from the beginning
	for n := 1; n <= 34; n++ {
		s.reads(time.Minute+time.Duration(n)*10*second, 0, 9, 0)
		want := 1
		if n >= 30 {
			want = 2
		}
		require.Len(t, s.commands, want, "after %v", time.Duration(n)*10*second)
	}
	s.until(time.Hour)
	require.Len(t, s.commands, 2, "not while its turn is not closed")
}

func TestAnAlarmThatHasCeasedDoesNotRingAgainByItself(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8", Until: "vibration < 5", Again: 5 * time.Minute})
	s.obeys()
	s.reads(0, 0, 9, 0)
	s.reads(10*second, 0, 7, 0) // has ceased, and is not armed by until
	s.until(time.Hour)
	require.Len(t, s.commands, 1)
	s.reads(time.Hour, 0, 9, 0)
	require.Len(t, s.commands, 2, "again has armed it, though until has not held")

	s.reads(time.Hour+10*second, 0, 4, 0)
	s.reads(time.Hour+20*second, 0, 9, 0) // armed by until: a third turn begins
	require.Len(t, s.commands, 3)
	s.reads(time.Hour+30*second, 0, 7, 0)
	s.until(time.Hour + 5*time.Minute + 5*second) // the second turn's wait is over, and no longer counts
	s.reads(time.Hour+5*time.Minute+6*second, 0, 9, 0)
	require.Len(t, s.commands, 3)
}
