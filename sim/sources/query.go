package sources

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	Sources.Add("query", "rows of an SQL database, asked again and again: SQLite within the scenario's folder, or PostgreSQL", func() Config { return &Query{} })
}

// Query is a select statement and the database it is asked of.
type Query struct {
	Query    string        `required:"true" doc:"one select statement; it cannot write"`
	Key      string        `doc:"the column that rows are looked up by; without it the first row counts"`
	Every    time.Duration `default:"1m" min:"100ms" doc:"how often it is asked, on the scenario's clock"`
	Timeout  time.Duration `default:"5s" above:"0s" doc:"longest wait for an answer, in wall time"`
	Database string        `doc:"an SQLite file in the scenario's folder; it is only read"`
	Script   string        `file:"true" doc:"a file of SQL statements that fill an SQLite database in memory"`
	DSNEnv   string        `key:"dsn_env" doc:"the environment variable with the postgres:// address of a PostgreSQL database"`
}

// Open connects and asks once, so that a wrong query is told before the run.
func (c *Query) Open(s Site) (sim.Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.Timeout)
	defer cancel()
	db, err := c.connect(ctx, s)
	if err != nil {
		return nil, err
	}
	x, err := c.learn(ctx, s, db)
	if err == nil {
		return x, nil
	}
	_ = db.close() // the reason is known
	if w, ok := errors.AsType[*sim.Wrong](err); ok {
		return nil, w
	}
	return nil, sim.Wrongf("query", "%v", err)
}

var (
	reads       = regexp.MustCompile(`(?i)^\s*(?:select|with|values)\b`)
	environment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// check holds the configuration to what makes sense without a database. It never
// repeats what might be an address with a password.
func (c *Query) check() error {
	given := slices.DeleteFunc([]string{c.Database, c.Script, c.DSNEnv}, func(x string) bool { return x == "" })
	const instead = "an address with its password never stands in a scenario: put it into an environment variable and name that in dsn_env"
	switch {
	case strings.Contains(c.Database, "://"):
		return sim.Wrongf("database", instead)
	case c.DSNEnv != "" && !environment.MatchString(c.DSNEnv):
		return sim.Wrongf("dsn_env", "this is no name of an environment variable; "+instead)
	case len(given) != 1:
		return sim.Wrongf("query", "a query is asked of one of database, script and dsn_env; here are %d of them", len(given))
	case !reads.MatchString(c.Query):
		return sim.Wrongf("query", "a query only reads: it begins with select, with or values")
	}
	return nil
}

// learn asks for the first time and finds out the columns.
func (c *Query) learn(ctx context.Context, s Site, db database) (*snapshot, error) {
	t, err := c.ask(ctx, db)
	if err != nil {
		return nil, err
	}
	shape, err := shapeOf(t, c.Key, nil)
	if err != nil {
		return nil, err
	}
	x := &snapshot{shape: shape, site: s, every: c.Every, timeout: c.Timeout, release: db.close}
	if x.rows, err = x.read(t); err != nil {
		return nil, err
	}
	x.ask = func(ctx context.Context) (*table, error) {
		again, err := c.ask(ctx, db)
		if err == nil && !slices.Equal(again.names, t.names) { // select * from what has been altered
			err = fmt.Errorf("the columns were %s, and are %s", strings.Join(t.names, ", "), strings.Join(again.names, ", "))
		}
		return again, err
	}
	return x, nil
}

// ask runs the query once, in a transaction that cannot write.
func (c *Query) ask(ctx context.Context, db database) (*table, error) {
	tx, err := db.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	rows, err := tx.QueryContext(ctx, c.Query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	t := &table{}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	for _, x := range types {
		if x.Name() == "" || slices.Contains(t.names, x.Name()) {
			return nil, fmt.Errorf("two columns are called %q; each needs a name of its own: select … as …", x.Name())
		}
		t.names, t.declared = append(t.names, x.Name()), append(t.declared, declared(x.DatabaseTypeName()))
	}
	return t, c.scan(rows, t)
}

func (c *Query) scan(rows *sql.Rows, t *table) error {
	into := make([]any, len(t.names))
	for rows.Next() {
		if len(t.cells) == maxRows || len(t.cells)*len(t.names) > maxCells {
			return fmt.Errorf("the answer is too large: %d rows and %d cells are possible", maxRows, maxCells)
		}
		cells := make([]any, len(t.names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i := range cells {
			cells[i] = plain(cells[i])
		}
		t.cells = append(t.cells, cells)
		if c.Key == "" {
			return nil
		}
	}
	return rows.Err()
}

var numericType = regexp.MustCompile(`(?i)^(?:(?:big|small|tiny|medium)?int(?:eger)?[248]?|(?:float|real|double|numeric|decimal|bool).*)$`)

// declared is what a type's name says; SQLite has columns without one.
func declared(typeName string) sort {
	switch {
	case typeName == "":
		return untold
	case numericType.MatchString(typeName):
		return numeric
	}
	return textual
}

// plain is a cell as a float64, a string or nil.
func plain(cell any) any {
	switch x := cell.(type) {
	case nil, float64, string:
		return x
	case float32:
		return float64(x)
	case int64:
		return float64(x)
	case int32:
		return float64(x)
	case int16:
		return float64(x)
	case bool:
		if x {
			return 1.0
		}
		return 0.0
	case []byte:
		return string(x)
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(cell)
}
