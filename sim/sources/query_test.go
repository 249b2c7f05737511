package sources_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/sources"
	"github.com/twinbed/twinbed/sim/wall"
)

const customers = `create table customers (site text, visits int, mean real, gold bool, note);
insert into customers values ('north', 12, 3.5, true, 'a'), ('south', null, 2, false, null);`

func query(text, key string) *sources.Query {
	return &sources.Query{Query: text, Key: key, Every: time.Minute, Timeout: 5 * time.Second, Script: "c.sql"}
}

func TestAScriptFillsADatabaseThatIsAskedAgainAndAgain(t *testing.T) {
	d := newDesk(t, map[string]string{"c.sql": customers})
	d.opens(query("select site, visits, mean, gold, note from customers order by site", "site"))
	row := []string{`north visits=12 mean=3.5 gold=1 note="a"`, `south visits unknown mean=2 gold=0 note=""`}
	require.Equal(t, []string{"0s " + row[0] + " as of 0s", "0s " + row[1] + " as of 0s"}, d.told(59*time.Second))
	require.Equal(t, []string{"1m0s " + row[0] + " as of 1m0s", "1m0s " + row[1] + " as of 1m0s"}, d.told(119*time.Second))
}

func TestAQueryWithoutAKeyTakesTheFirstRow(t *testing.T) {
	d := newDesk(t, map[string]string{"c.sql": customers})
	d.opens(query("with x as (select sum(visits) as n, count(*) as m from customers) select * from x", ""))
	require.False(t, d.source.Keyed())
	require.Equal(t, []string{"0s  n=12 m=2 as of 0s"}, d.told(0))
}

func TestAQueryCanOnlyRead(t *testing.T) {
	for _, text := range []string{
		"with x as (select 1) insert into customers (site) select 'west'", "with x as (select 1) delete from customers",
		"select * from customers; drop table customers", "select load_extension('x')", "with x as (select 1) update customers set visits = 0",
	} {
		d := newDesk(t, map[string]string{"c.sql": customers})
		_, err := query(text, "").Open(d.Site)
		if err == nil { // only what stands before the semicolon was asked
			d.opens(query("select count(*) as n from customers", ""))
			require.Equal(t, []string{"0s  n=2 as of 0s"}, d.told(0), text)
		}
	}
}

func TestWrongQueriesAreExplained(t *testing.T) {
	d := newDesk(t, map[string]string{"c.sql": customers, "bad.sql": "create tabel x", "text.sqlite": "not a database, only a text of some length"})
	set := func(change func(q *sources.Query)) *sources.Query {
		q := query("select site, visits from customers", "site")
		change(q)
		return q
	}
	d.env["HOLDS"] = "mysql://me:secret@db/x"
	for want, q := range map[string]*sources.Query{
		"query: a query only reads: it begins with select, with or values":                                       set(func(q *sources.Query) { q.Query = "delete from customers" }),
		"query: a query is asked of one of database, script and dsn_env; here are 2 of them":                     set(func(q *sources.Query) { q.Database = "x.sqlite" }),
		`key: there is no column "sit" (did you mean site?); there are site, visits`:                             set(func(q *sources.Query) { q.Key = "sit" }),
		`script: there is no file "none.sql"`:                                                                    set(func(q *sources.Query) { q.Script = "none.sql" }),
		"database: text.sqlite is not an SQLite database":                                                        set(func(q *sources.Query) { q.Script, q.Database = "", "text.sqlite" }),
		"dsn_env: the environment variable NOWHERE is not set; it holds the postgres:// address of the database": set(func(q *sources.Query) { q.Script, q.DSNEnv = "", "NOWHERE" }),
		"dsn_env: the environment variable HOLDS does not hold a postgres:// address":                            set(func(q *sources.Query) { q.Script, q.DSNEnv = "", "HOLDS" }),
	} {
		d.refuses(q, want)
	}
	for _, q := range []*sources.Query{
		set(func(q *sources.Query) { q.Script, q.DSNEnv = "", "postgres://me:secret@db/x" }),
		set(func(q *sources.Query) { q.Script, q.Database = "", "postgres://me:secret@db/x" }),
	} {
		_, err := q.Open(d.Site)
		require.ErrorContains(t, err, "never stands in a scenario")
		require.NotContains(t, err.Error(), "secret")
	}
	for _, q := range []*sources.Query{
		set(func(q *sources.Query) { q.Query = "select visits from nowhere" }), set(func(q *sources.Query) { q.Script = "bad.sql" }),
		set(func(q *sources.Query) { q.Query = "select site, site from customers" }),
	} {
		_, err := q.Open(d.Site)
		require.Error(t, err)
		require.Len(t, sim.Wrongs(err), 1)
	}
}

// sqliteFile makes a database file that somebody else goes on writing.
func sqliteFile(t *testing.T) (dir string, db *sql.DB) {
	dir = t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "shop.sqlite"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(customers)
	require.NoError(t, err)
	return dir, db
}

func TestALiveRunSeesWhatOthersWriteAndKeepsOldRowsWhenItCannotAsk(t *testing.T) {
	dir, db := sqliteFile(t)
	d := newDeskIn(t, dir)
	d.Live = true
	d.clock = sim.NewLiveClock(1, wall.NewTimer())
	q := query("select site, visits from customers where visits > 0", "site")
	q.Script, q.Database, q.Every = "", "shop.sqlite", 100*time.Millisecond
	source, err := q.Open(d.Site)
	require.NoError(t, err)
	d.source = source
	seen := make(chan string, 100)
	d.Site.Noted = nil
	require.NoError(t, source.Start(d.clock, func(key string, values []float64, _ sim.Time) { seen <- key + " " + d.read(values) }))
	finished := make(chan error, 1)
	go func() { finished <- d.clock.Run(sim.Time(time.Hour)) }()
	await := func(want string) {
		for deadline := time.After(20 * time.Second); ; {
			select {
			case got := <-seen:
				if got == want {
					return
				}
			case <-deadline:
				require.Fail(t, "not seen", want)
			}
		}
	}
	await("north visits=12")
	_, err = db.Exec("update customers set visits = 13 where site = 'north'")
	require.NoError(t, err)
	await("north visits=13")
	_, err = db.Exec("delete from customers where site = 'north'")
	require.NoError(t, err)
	await("north gone")
	d.clock.Stop(nil)
	require.ErrorIs(t, <-finished, sim.ErrStopped)
	require.NoError(t, source.Close())
}

func TestAVirtualRunAsksOnTheClock(t *testing.T) {
	dir, db := sqliteFile(t)
	d := newDeskIn(t, dir)
	q := query("select site, visits from customers", "site")
	q.Script, q.Database = "", "shop.sqlite"
	d.opens(q)
	require.Len(t, d.told(0), 2)
	require.Len(t, d.told(time.Minute), 2)
	_ = db
}

// postgres starts a server of Debian's, or of whoever has put one on the path.
func postgres(t *testing.T) (dsn string) {
	bin := ""
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			bin = filepath.Dir(found[len(found)-1])
		}
	}
	if bin == "" {
		t.Skip("PostgreSQL is not installed")
	}
	dir, err := os.MkdirTemp("", "twinbed-pg")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := func(name string, args ...string) *exec.Cmd {
		if os.Getuid() != 0 {
			return exec.Command(filepath.Join(bin, name), args...)
		}
		return exec.Command("setpriv", append([]string{"--reuid=postgres", "--regid=postgres", "--clear-groups", filepath.Join(bin, name)}, args...)...)
	}
	if os.Getuid() == 0 { // the server refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("there is no user postgres to run the server as")
		}
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skip("there is no setpriv to run the server as another user with")
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		require.NoError(t, os.Chown(dir, uid, gid))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	out, err := as("initdb", "-D", dir+"/db", "-A", "trust", "-U", "postgres", "--no-sync").CombinedOutput()
	require.NoError(t, err, string(out))
	options := fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s -c fsync=off", port, dir)
	out, err = as("pg_ctl", "-D", dir+"/db", "-w", "-l", dir+"/log", "-o", options, "start").CombinedOutput()
	require.NoError(t, err, string(out))
	t.Cleanup(func() { _ = as("pg_ctl", "-D", dir+"/db", "-m", "immediate", "stop").Run() })
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
}

func TestPostgreSQLIsAskedAndCannotBeWritten(t *testing.T) {
	dsn := postgres(t)
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("create table customers (site text, visits int, mean numeric(8,2), gold bool); insert into customers values ('north', 12, 3.5, true), ('south', null, 2, false)")
	require.NoError(t, err)
	d := newDesk(t, nil)
	d.env["SHOP"] = dsn
	q := query("select site, visits, mean, gold from customers order by site", "site")
	q.Script, q.DSNEnv = "", "SHOP"
	d.opens(q)
	require.Equal(t, []string{"0s north visits=12 mean=3.5 gold=1 as of 0s", "0s south visits unknown mean=2 gold=0 as of 0s"}, d.told(0))
	_, err = db.ExecContext(context.Background(), "drop table customers")
	require.NoError(t, err)
	lines := d.told(time.Minute)
	require.Len(t, lines, 1, "the old rows stay, as old as they are")
	require.Contains(t, lines[0], "data source does not answer")
	q.Query = "with x as (insert into other values (1) returning 1) select * from x"
	_, err = db.Exec("create table other (n int)")
	require.NoError(t, err)
	_, err = q.Open(d.Site)
	require.ErrorContains(t, err, "read-only")
	require.False(t, errors.Is(err, context.DeadlineExceeded))
}
