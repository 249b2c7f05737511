package sources

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"modernc.org/sqlite"

	"github.com/twinbed/twinbed/sim"
)

// database is a connection that is only read.
type database struct {
	begin func(context.Context) (*sql.Tx, error)
	close func() error
}

// connect opens the database that the query is asked of.
func (c *Query) connect(ctx context.Context, s Site) (db database, err error) {
	path := "database"
	switch {
	case c.DSNEnv != "":
		path = "dsn_env"
		db, err = postgres(s.Getenv(c.DSNEnv), c.DSNEnv)
	case c.Script != "":
		path = "script"
		db, err = fromScript(ctx, s, c.Script)
	default:
		db, err = fromFile(ctx, s, c.Database)
	}
	if err != nil {
		return db, sim.Wrongf(path, "%v", err)
	}
	return db, nil
}

// postgres holds an address and connects when asked. Its errors do not repeat it.
func postgres(dsn, variable string) (database, error) {
	if dsn == "" {
		return database{}, fmt.Errorf("the environment variable %s is not set; it holds the postgres:// address of the database", variable)
	}
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return database{}, fmt.Errorf("the environment variable %s does not hold a postgres:// address", variable)
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return database{}, fmt.Errorf("the address in %s cannot be read", variable)
	}
	db.SetMaxOpenConns(1)
	begin := func(ctx context.Context) (*sql.Tx, error) { return db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) }
	return database{begin, db.Close}, nil
}

// fromScript fills a database in memory.
func fromScript(ctx context.Context, s Site, name string) (database, error) {
	script, err := limited(s, name)
	if err != nil {
		return database{}, err
	}
	return openSQLite(ctx, ":memory:", name, func(c *sql.Conn) error {
		_, err := c.ExecContext(ctx, string(script))
		return err
	})
}

const magic = "SQLite format 3\x00"

// fromFile opens an SQLite file where it lies, so that a live run sees what others
// write into it. One that is not on disk, as in the program itself, is held in
// memory.
func fromFile(ctx context.Context, s Site, name string) (database, error) {
	f, err := s.Open(name)
	if err != nil {
		return database{}, err
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != magic {
		return database{}, fmt.Errorf("%s is not an SQLite database", name)
	}
	if file, ok := f.(*os.File); ok {
		dsn, err := readOnly(file.Name(), s.Live)
		if err != nil {
			return database{}, err
		}
		return openSQLite(ctx, dsn, name, nil)
	}
	rest, err := limitedOf(f, name)
	if err != nil {
		return database{}, err
	}
	content := append(head, rest...)
	return openSQLite(ctx, ":memory:", name, func(c *sql.Conn) error { return deserialize(c, content) })
}

// readOnly is how SQLite is told to open a file. Where nobody else writes, in a
// virtual run without a write-ahead log, it is immutable: neither locked nor
// touched.
func readOnly(path string, live bool) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	options := "?mode=ro&_pragma=busy_timeout(5000)"
	if log, err := os.Stat(path + "-wal"); !live && (err != nil || log.Size() == 0) {
		options += "&immutable=1"
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String() + options, nil
}

func deserialize(c *sql.Conn, content []byte) error {
	if len(content) < 100 {
		return errors.New("it ends within its header")
	}
	content[18], content[19] = 1, 1 // file format version: a write-ahead log cannot be kept in memory
	return c.Raw(func(raw any) error {
		return raw.(interface{ Deserialize([]byte) error }).Deserialize(content)
	})
}

// limitAttached is SQLITE_LIMIT_ATTACHED of sqlite3_limit.
const limitAttached = 7

// openSQLite opens and fills a database, which from then on can only be read. It
// is one connection for good: another would be another database in memory, and
// one without these bounds.
func openSQLite(ctx context.Context, dsn, name string, fill func(*sql.Conn) error) (database, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return database{}, err
	}
	bound := func() (c *sql.Conn, err error) {
		if c, err = db.Conn(ctx); err != nil {
			return nil, err
		}
		// No other file can be reached: not by attach, and not by vacuum into.
		if _, err = sqlite.Limit(c, limitAttached, 0); err == nil && fill != nil {
			err = fill(c)
		}
		if err == nil {
			err = c.Raw(func(raw any) error { return raw.(sqlite.AuthorizerRegisterer).RegisterAuthorizer(onlyReads) })
		}
		if err == nil {
			err = c.PingContext(ctx)
		}
		return c, err
	}
	c, err := bound()
	if err != nil {
		return database{}, errors.Join(fmt.Errorf("%s: %w", name, err), db.Close())
	}
	begin := func(ctx context.Context) (*sql.Tx, error) { return c.BeginTx(ctx, nil) }
	return database{begin, func() error { return errors.Join(c.Close(), db.Close()) }}, nil
}

// onlyReads lets statements select and nothing else.
func onlyReads(action sqlite.AuthorizerActionCode, _, _, _, _ string) sqlite.AuthorizerReturnCode {
	switch action {
	case sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthFunction, sqlite.AuthRecursive, sqlite.AuthTransaction:
		return sqlite.AuthorizerOK
	}
	return sqlite.AuthorizerDeny
}
