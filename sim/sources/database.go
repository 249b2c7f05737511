package sources

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	_ "modernc.org/sqlite"             // the driver sqlite
)

// connect opens the database; path is the key that is wrong when it cannot.
func (c *Query) connect(s Site) (db *sql.DB, clean func() error, path string, err error) {
	switch {
	case c.DSNEnv != "":
		dsn := s.Getenv(c.DSNEnv)
		if dsn == "" {
			return nil, nil, "dsn_env", fmt.Errorf("the environment variable %s is not set; it holds the address of the PostgreSQL database", c.DSNEnv)
		}
		if db, err = sql.Open("pgx", dsn); err != nil {
			return nil, nil, "dsn_env", fmt.Errorf("the address in %s cannot be read", c.DSNEnv) // it may hold a password
		}
		db.SetMaxOpenConns(1)
		return db, func() error { return nil }, "", nil
	case c.Script != "":
		db, clean, err = fromScript(s, c.Script)
		return db, clean, "script", err
	}
	db, clean, err = fromFile(s, c.Database)
	return db, clean, "database", err
}

// fromScript fills a database in memory.
func fromScript(s Site, name string) (*sql.DB, func() error, error) {
	script, err := limited(s, name)
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1) // each further connection would be another database
	if _, err := db.Exec(string(script)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), db.Close())
	}
	_, err = db.Exec("pragma query_only = on")
	return db, func() error { return nil }, err
}

// fromFile opens a copy of a file, so that the original is safe and may stand in
// any folder, also one within the program.
func fromFile(s Site, name string) (*sql.DB, func() error, error) {
	content, err := limited(s, name)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "twinbed")
	if err != nil {
		return nil, nil, err
	}
	clean := func() error { return os.RemoveAll(dir) }
	copied := filepath.Join(dir, "copy.sqlite")
	if err := os.WriteFile(copied, content, 0o600); err != nil {
		return nil, nil, errors.Join(err, clean())
	}
	db, err := sql.Open("sqlite", "file:"+copied+"?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)")
	if err == nil {
		err = db.Ping()
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), clean())
	}
	db.SetMaxOpenConns(1)
	return db, clean, nil
}
