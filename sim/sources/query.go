package sources

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

func init() {
	Sources.Add("query", "rows of an SQL database, asked again and again: SQLite within the scenario's folder, or PostgreSQL", func() Config { return &Query{} })
}

// Query is a select statement and the database it is asked of.
type Query struct {
	Query    string        `required:"true" doc:"one select statement"`
	Key      string        `doc:"the column that rows are looked up by; without it the first row counts"`
	Every    time.Duration `default:"1m" min:"100ms" doc:"how often it is asked, on the scenario's clock"`
	Timeout  time.Duration `default:"5s" above:"0s" doc:"longest wait for an answer, in wall time"`
	Database string        `file:"true" doc:"an SQLite file in the scenario's folder; it is only read"`
	Script   string        `file:"true" doc:"a file of SQL statements that fill an SQLite database in memory"`
	DSNEnv   string        `key:"dsn_env" doc:"the environment variable with the address of a PostgreSQL database"`
}

// query is a Query in a run.
type query struct {
	site    Site
	config  Query
	db      *sql.DB
	clean   func() error
	columns []sim.Column
	first   answer
	clock   *sim.Clock
	join    func(string, []float64, sim.Time)
	stop    func()
	asking  bool
	cancel  context.CancelFunc
}

// answer is the rows of one asking.
type answer struct {
	keys   []string
	values [][]any // per column: float64, string or nil
}

// Open connects and asks once, so that a wrong query is told before the run.
func (c *Query) Open(s Site) (sim.Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	db, clean, path, err := c.connect(s)
	if err != nil {
		return nil, sim.Wrongf(path, "%v", err)
	}
	q := &query{site: s, config: *c, db: db, clean: clean}
	if err := q.learn(); err != nil {
		return nil, errors.Join(sim.Wrongf("query", "%v", err), q.Close())
	}
	return q, nil
}

// check holds the configuration to what makes sense without a database.
func (c *Query) check() error {
	given := 0
	for _, x := range [...]string{c.Database, c.Script, c.DSNEnv} {
		if x != "" {
			given++
		}
	}
	if given != 1 {
		return sim.Wrongf("query", "a query needs exactly one of database, script and dsn_env to be asked of")
	}
	if strings.Contains(c.DSNEnv, "://") || strings.Contains(c.DSNEnv, "=") {
		return sim.Wrongf("dsn_env", "this names an environment variable that holds the address; addresses and passwords never stand in a scenario")
	}
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(c.Query)), " ")
	if first = strings.TrimSpace(first); first != "select" && first != "with" {
		return sim.Wrongf("query", "a query only reads: it begins with select or with, not with %.20q", first)
	}
	return nil
}

// learn asks for the first time and finds out the columns.
func (q *query) learn() error {
	ctx, cancel := context.WithTimeout(context.Background(), q.config.Timeout)
	defer cancel()
	names, a, err := q.ask(ctx)
	if err != nil {
		return err
	}
	q.first = a
	for c, name := range names {
		column := sim.Column{Name: name}
		for _, row := range a.values {
			if row[c] != nil {
				_, column.Text = row[c].(string)
				break
			}
		}
		q.columns = append(q.columns, column)
	}
	if len(q.columns) == 0 {
		return errors.New("besides the key the query has no column")
	}
	return nil
}

// ask runs the query once. The key is not among the columns.
func (q *query) ask(ctx context.Context) (names []string, a answer, err error) {
	rows, err := q.db.QueryContext(ctx, q.config.Query)
	if err != nil {
		return nil, a, err
	}
	defer rows.Close()
	all, err := rows.Columns()
	if err != nil {
		return nil, a, err
	}
	key := -1
	for i, name := range all {
		if name == q.config.Key {
			key = i
		} else {
			names = append(names, name)
		}
	}
	if key < 0 && q.config.Key != "" {
		return nil, a, fmt.Errorf("the query has no column %q; there are %s", q.config.Key, strings.Join(all, ", "))
	}
	cells, into := make([]any, len(all)), make([]any, len(all))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if len(a.keys) == maxRows {
			return nil, a, fmt.Errorf("the query has more than %d rows", maxRows)
		}
		if err := rows.Scan(into...); err != nil {
			return nil, a, err
		}
		at := ""
		row := make([]any, 0, len(names))
		for i, cell := range cells {
			if i == key {
				at = fmt.Sprint(plain(cell))
			} else {
				row = append(row, plain(cell))
			}
		}
		a.keys, a.values = append(a.keys, at), append(a.values, row)
		if key < 0 {
			break
		}
	}
	return names, a, rows.Err()
}

// plain is a cell as a float64, a string or nil.
func plain(cell any) any {
	switch x := cell.(type) {
	case nil:
		return nil
	case float64:
		return x
	case float32:
		return float64(x)
	case int64:
		return float64(x)
	case bool:
		if x {
			return 1.0
		}
		return 0.0
	case []byte:
		return plain(string(x))
	case string:
		return x
	case time.Time:
		return x.UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(cell)
}

// value is a cell for a column; what does not fit is unknown.
func value(cell any, c sim.Column, symbols *formula.Symbols) float64 {
	switch x := cell.(type) {
	case float64:
		if c.Text {
			return symbols.ID(fmt.Sprint(x))
		}
		return x
	case string:
		if c.Text {
			return symbols.ID(x)
		}
		if v, ok := number(x); ok { // numerics of PostgreSQL come as texts
			return v
		}
	}
	return math.NaN()
}

// Columns are the query's, without the key.
func (q *query) Columns() []sim.Column { return q.columns }

// Keyed says whether rows are looked up by a key.
func (q *query) Keyed() bool { return q.config.Key != "" }

// Start joins the first answer and asks again each interval.
func (q *query) Start(clock *sim.Clock, join func(string, []float64, sim.Time)) error {
	q.clock, q.join = clock, join
	q.take(q.first, clock.Now())
	ctx, cancel := context.WithCancel(context.Background())
	q.cancel = cancel
	q.stop = clock.Every(q.config.Every, func() { q.refresh(ctx) })
	return nil
}

// refresh asks anew: at once in virtual time, at the edge in a live run.
func (q *query) refresh(ctx context.Context) {
	now := q.clock.Now()
	if q.asking {
		return
	}
	ask := func() (answer, error) {
		ctx, cancel := context.WithTimeout(ctx, q.config.Timeout)
		defer cancel()
		_, a, err := q.ask(ctx)
		return a, err
	}
	if !q.site.Live {
		a, err := ask()
		q.heard(a, err, now)
		return
	}
	q.asking = true
	go func() {
		a, err := ask()
		q.clock.Post(func() {
			q.asking = false
			q.heard(a, err, now)
		})
	}()
}

// heard takes an answer; after an error the old rows stay, and grow old.
func (q *query) heard(a answer, err error, asOf sim.Time) {
	if err != nil {
		if q.site.Noted != nil {
			q.site.Noted("data source does not answer", err.Error())
		}
		return
	}
	q.take(a, asOf)
}

func (q *query) take(a answer, asOf sim.Time) {
	for r, key := range a.keys {
		row := make([]float64, len(q.columns))
		for c := range row {
			row[c] = value(a.values[r][c], q.columns[c], q.site.Symbols)
		}
		q.join(key, row, asOf)
	}
}

// Close lets the database go.
func (q *query) Close() error {
	if q.cancel != nil {
		q.stop()
		q.cancel()
	}
	return errors.Join(q.db.Close(), q.clean())
}
