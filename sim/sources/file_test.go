package sources_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/sources"
	"github.com/twinbed/twinbed/sim/wall"
)

func TestATableIsKnownFromTheBeginning(t *testing.T) {
	d := newDesk(t, map[string]string{"o.csv": "\xef\xbb\xbf site , open, note, code\nnorth, 3, \"a, b\", 7\nsouth, , , x\n"})
	d.opens(&sources.File{File: "o.csv", Key: "site"})
	require.True(t, d.source.Keyed())
	require.Equal(t, []string{
		`0s north open=3 note="a, b" code="7" as of 0s`,
		`0s south open unknown note="" code="x" as of 0s`,
	}, d.told(100*hour))
}

func TestColumnsCanBeChosen(t *testing.T) {
	d := newDesk(t, map[string]string{"o.csv": "site,open,note\nnorth,3,a\n"})
	d.opens(&sources.File{File: "o.csv", Key: "site", Columns: []string{"note", "site"}})
	require.Equal(t, []string{`0s north note="a" site="north" as of 0s`}, d.told(hour))
}

// The twins write the attribute they look up by in the same way.
func TestKeysThatAreNumbersAreWrittenAsNumbers(t *testing.T) {
	d := newDesk(t, map[string]string{"a.csv": "k,v\n007,1\n1000000,2\n", "b.csv": "k,v\n007,1\nA1,2\n"})
	d.opens(&sources.File{File: "a.csv", Key: "k"})
	d.opens(&sources.File{File: "b.csv", Key: "k"})
	require.Equal(t, []string{"0s 7 v=1 as of 0s", "0s 1e+06 v=2 as of 0s", "0s 007 v=1 as of 0s", "0s A1 v=2 as of 0s"}, d.told(hour))
}

func TestATimelineHoldsFromItsTimesOn(t *testing.T) {
	d := newDesk(t, map[string]string{"o.csv": "at,site,open\n2h,north,3\n0h,south,4\n90m,south,5\n0h,north,1\n"})
	d.opens(&sources.File{File: "o.csv", Key: "site", Time: "at"})
	require.Equal(t, []string{"0s south open=4 as of 0s", "0s north open=1 as of 0s"}, d.told(90*time.Minute-1))
	require.Equal(t, []string{"1h30m0s south open=5 as of 1h30m0s", "2h0m0s north open=3 as of 2h0m0s"}, d.told(1000*hour))
	require.Zero(t, d.clock.Pending())
}

func TestRowsCanFollowEachOtherAtADistance(t *testing.T) {
	d := newDesk(t, map[string]string{"o.csv": "open\n3\n1\n4\n"})
	d.opens(&sources.File{File: "o.csv", Every: hour})
	require.False(t, d.source.Keyed())
	require.Equal(t, []string{"0s  open=3 as of 0s", "1h0m0s  open=1 as of 1h0m0s", "2h0m0s  open=4 as of 2h0m0s"}, d.told(100*hour))
}

func TestAWeeksTimetableGoesRound(t *testing.T) {
	d := newDesk(t, map[string]string{"p.csv": "from,shop,price\nMon 06:00,a,10\nFri 18:00,a,7\nSun 00:00,b,1\nWed 12:00,b,2\n"})
	d.Calendar = monday(t, "Wed 12:00")
	d.opens(&sources.File{File: "p.csv", Key: "shop", Time: "from"})
	require.Equal(t, []string{"0s a price=10 as of -54h0m0s", "0s b price=2 as of 0s"}, d.told(0))
	require.Equal(t, []string{
		"54h0m0s a price=7 as of 54h0m0s", "84h0m0s b price=1 as of 84h0m0s", "114h0m0s a price=10 as of 114h0m0s", "168h0m0s b price=2 as of 168h0m0s",
	}, d.told(168*hour))
	require.Equal(t, []string{
		"222h0m0s a price=7 as of 222h0m0s", "252h0m0s b price=1 as of 252h0m0s", "282h0m0s a price=10 as of 282h0m0s", "336h0m0s b price=2 as of 336h0m0s",
	}, d.told(336*hour))
}

func TestATableThatIsTakenAsNewIsAsOfThen(t *testing.T) {
	d := newDesk(t, map[string]string{"o.csv": "site,open\nnorth,3\n"})
	d.opens(&sources.File{File: "o.csv", Key: "site", Every: hour})
	require.Equal(t, []string{"0s north open=3 as of 0s", "1h0m0s north open=3 as of 1h0m0s", "2h0m0s north open=3 as of 2h0m0s"}, d.told(2*hour))
}

// In a live run somebody edits the file; what cannot be read leaves the old rows as
// old as they are.
func TestALiveRunReadsTheFileAgain(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) { require.NoError(t, os.WriteFile(filepath.Join(dir, "o.csv"), []byte(text), 0o600)) }
	write("site,open\nnorth,3\nsouth,4\n")
	d := newDeskIn(t, dir)
	d.Live = true
	synctest.Test(t, func(t *testing.T) {
		d.TB = t
		d.clock = sim.NewLiveClock(1, wall.NewTimer())
		d.opens(&sources.File{File: "o.csv", Key: "site", Every: 10 * time.Second})
		require.Equal(t, []string{"0s north  open=3 as of 0s", "0s south  open=4 as of 0s"}, spaced(d.told(9*time.Second)))
		write("site,open\nnorth,5\nwest,6\n")
		require.Equal(t, []string{"10s south gone as of 10s", "10s north  open=5 as of 10s", "10s west  open=6 as of 10s"}, spaced(d.told(19*time.Second)))
		for _, broken := range []struct{ text, why string }{
			{"site,open\nnorth,many\n", `o.csv:2: open is "many", and was a number`},
			{"site,open\nnorth,inf\n", "o.csv:2: open is inf, and numbers are finite: leave the cell empty where nothing is known"},
			{"site,open\nnorth\n", "o.csv:2: here are 1 cells and in the header 2"},
			{"site,closed\nnorth,2\n", "o.csv:1: the columns were site, open, and are site, closed"},
		} {
			write(broken.text)
			now := d.clock.Now().Duration().Truncate(10*time.Second) + 10*time.Second
			require.Equal(t, []string{now.String() + " data source does not answer: " + broken.why}, d.told(now+9*time.Second))
			require.Empty(t, d.told(now+19*time.Second), "told once")
			write("site,open\nnorth,5\n")
			after := now + 20*time.Second
			lines := d.told(after + 9*time.Second)
			require.Equal(t, after.String()+" data source answers again: ", lines[0])
			require.Equal(t, after.String()+" north open=5 as of "+after.String(), lines[len(lines)-1])
		}
	})
}

// spaced makes the first row's lines comparable whatever they hold.
func spaced(lines []string) (all []string) {
	for _, l := range lines {
		all = append(all, strings.Replace(l, " open", "  open", 1))
	}
	return all
}

func TestWrongFilesAreExplained(t *testing.T) {
	d := newDesk(t, map[string]string{
		"empty.csv": "", "header.csv": "a,b\n", "twice.csv": "a,a\n1,2\n", "unnamed.csv": "a,\n1,2\n",
		"short.csv": "a,b\n1,2\n3\n", "quote.csv": "a,b\n1,2\n\"3,4\n", "latin.csv": "a,b\n1,2\nM\xfcnchen,3\n",
		"keys.csv": "k,v\na,1\nb,2\na,3\n", "nokey.csv": "k,v\n,1\n", "only.csv": "k\na\n",
		"many.csv": "v\n1\n2\n", "when.csv": "at,v\n1h,1\nnoon,2\n", "mixed.csv": "at,v\n1h,1\nMon 06:00,2\n", "same.csv": "at,v\n1h,1\n60m,2\n",
		"ok.csv": "site,open\na,1\n", "nan.csv": "site,open\na,1\nb,\nc,NaN\n", "inf.csv": "open\n-inf\n", "huge.csv": "site,open\na,1\nb,1e999\n",
	})
	for _, x := range []struct {
		c    sources.File
		want string
	}{
		{sources.File{File: "none.csv"}, `file: there is no file "none.csv"`},
		{sources.File{File: "empty.csv"}, "file: empty.csv:1: there is no header"},
		{sources.File{File: "header.csv"}, "file: header.csv has no rows below its header"},
		{sources.File{File: "twice.csv"}, `file: twice.csv:1: column 2 is called "a"; each column needs a name of its own`},
		{sources.File{File: "unnamed.csv"}, `file: unnamed.csv:1: column 2 is called ""; each column needs a name of its own`},
		{sources.File{File: "short.csv"}, "file: short.csv:3: here are 1 cells and in the header 2"},
		{sources.File{File: "quote.csv"}, `file: quote.csv:3: extraneous or missing " in quoted-field`},
		{sources.File{File: "latin.csv"}, "file: latin.csv:3: this is not UTF-8 text"},
		{sources.File{File: "keys.csv", Key: "k"}, `file: keys.csv:4: the key "a" stands in keys.csv:2 already`},
		{sources.File{File: "nokey.csv", Key: "k"}, "file: nokey.csv:2: the key k is empty"},
		{sources.File{File: "only.csv", Key: "k"}, "file: there are no columns but k"},
		{sources.File{File: "many.csv"}, "file: many.csv has 2 rows and nothing says which one holds: name a key or a time column, or how long each is true with every"},
		{sources.File{File: "when.csv", Time: "at"}, `file: when.csv:3: at: "noon" is neither a time since the start, such as 8h, nor a moment of the week, such as Mon 06:00`},
		{sources.File{File: "mixed.csv", Time: "at"}, "file: mixed.csv:3: at: times since the start and moments of the week are mixed"},
		{sources.File{File: "same.csv", Time: "at"}, "file: same.csv:3: a row of the same time is there already"},
		{sources.File{File: "same.csv", Time: "at", Every: hour}, "every: the rows have times of their own: take every or time away"},
		{sources.File{File: "nan.csv", Key: "site"}, "file: nan.csv:4: open is NaN, and numbers are finite: leave the cell empty where nothing is known"},
		{sources.File{File: "inf.csv"}, "file: inf.csv:2: open is -inf, and numbers are finite: leave the cell empty where nothing is known"},
		{sources.File{File: "huge.csv", Key: "site"}, "file: huge.csv:3: open is 1e999, and numbers are finite: leave the cell empty where nothing is known"},
		{sources.File{File: "ok.csv", Key: "sight"}, `key: there is no column "sight"; there are site, open`},
		{sources.File{File: "ok.csv", Time: "at"}, `time: there is no column "at"; there are site, open`},
		{sources.File{File: "ok.csv", Columns: []string{"open", "opne"}}, `columns.1: there is no column "opne" (did you mean open?); there are site, open`},
	} {
		d.refuses(&x.c, x.want)
	}
}

func TestAFileIsBounded(t *testing.T) {
	d := newDesk(t, map[string]string{"o.csv": "v\n" + strings.Repeat("1\n", 1_000_001), "wide.csv": strings.Repeat("x", 65<<20)})
	d.refuses(&sources.File{File: "o.csv", Every: hour}, "file: o.csv:1000002: this table is too large: 1000000 rows and 10000000 cells are possible")
	d.refuses(&sources.File{File: "wide.csv"}, "file: wide.csv has more than 64 MiB")
}

// Whatever stands in a file: it is refused with its name, or plays with rows as wide
// as there are columns and never back in time.
func FuzzFile(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n", "at,k,v\n1h,x,2\n2h,y,\n", "at,v\nMon 06:00,1\nFri 18:00,2\n", "\xef\xbb\xbfa\n\"\n", "a,b\n1\n", "a\n\xff\n", "k,v\n1e400,NaN\n0x1p3,-0\n"} {
		f.Add(text, "k", "at")
		f.Add(text, "", "")
	}
	f.Fuzz(func(t *testing.T, text, key, at string) {
		d := newDesk(t, map[string]string{"f.csv": text})
		c := &sources.File{File: "f.csv", Key: key, Time: at}
		if at == "" {
			c.Every = hour
		}
		source, err := c.Open(d.Site)
		if err != nil {
			require.Len(t, sim.Wrongs(err), 1)
			require.NotEmpty(t, sim.Wrongs(err)[0].Path)
			return
		}
		require.NotEmpty(t, source.Columns())
		require.NoError(t, source.Start(d.clock, func(key string, values []float64, asOf sim.Time) {
			require.Len(t, values, len(source.Columns()))
			require.LessOrEqual(t, asOf, d.clock.Now())
			require.Equal(t, source.Keyed(), key != "")
		}))
		d.until(400 * hour)
		require.NoError(t, source.Close())
	})
}
