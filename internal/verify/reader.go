package verify

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

// reader is a session in a transaction under the side's snapshot.
type reader struct{ conn *pgconn.PgConn }

// textSettings are what the text of values depends on beyond a Reader's own settings. They last as long as the transaction.
const textSettings = `SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex'; SET LOCAL lc_monetary = 'C'; SET LOCAL lc_numeric = 'C';
SET LOCAL lc_time = 'C'; SET LOCAL xmlbinary = 'base64'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 3; SET LOCAL search_path = ''; SET LOCAL row_security = off; SET LOCAL jit = off;
SET LOCAL standard_conforming_strings = on`

func (s *Side) openReader(ctx context.Context, open Opener) (*reader, error) {
	return openReader(ctx, open, s.options.Encoding)
}

func openReader(ctx context.Context, open Opener, encoding Encoding) (*reader, error) {
	conn, err := open(ctx)
	if err != nil {
		return nil, err
	}
	r := &reader{conn}
	sql := textSettings
	if encoding.Client != "" {
		sql += "; SET LOCAL client_encoding = " + catalog.Literal(encoding.Client)
	}
	// what follows runs under a savepoint each, so that an error of one question leaves the snapshot
	if err := r.exec(ctx, sql+"; SAVEPOINT settled"); err != nil {
		r.close(ctx)
		return nil, fmt.Errorf("session settings: %w", err)
	}
	return r, nil
}

func (r *reader) close(ctx context.Context) { catalog.Close(ctx, r.conn) }

func (r *reader) exec(ctx context.Context, sql string) error {
	_, err := r.conn.Exec(ctx, sql).ReadAll()
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// rows asks, and takes back the locks that asking took, so that the lock table of a server with many tables is not filled.
func (r *reader) rows(ctx context.Context, sql string, args ...string) ([][]string, error) {
	rows, err := catalog.Rows(ctx, r.conn, sql, args...)
	if back := r.back(ctx); err == nil {
		err = back
	}
	return rows, err
}

// back returns to the savepoint: locks taken since are given back, and an error is forgotten.
func (r *reader) back(ctx context.Context) error {
	if r.conn.IsClosed() {
		return errLost
	}
	return r.exec(ctx, "ROLLBACK TO SAVEPOINT settled")
}

var errLost = errors.New("the connection is lost")

// unreadable says that err concerns the object that was asked for, and the session can ask for others.
func (r *reader) unreadable(ctx context.Context, err error) bool {
	var refused *pgconn.PgError
	return ctx.Err() == nil && !r.conn.IsClosed() && (errors.As(err, &refused) || errors.Is(err, errRewritten))
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // the server wrote it
	return n
}

// probeText is hashed on both servers: hashes depend on the byte order of the machine (hash_bytes_extended, hashfn.c).
const probeText = "pgsluice verify"

func (s *Side) readFacts(ctx context.Context, r *reader) error {
	rows, err := r.rows(ctx, `
SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_database(), pg_catalog.pg_is_in_recovery(),
       `+hash("'"+probeText+"'::text", 0)+`, coalesce((SELECT nspowner::pg_catalog.regrole::text FROM pg_catalog.pg_namespace WHERE nspname = 'public'), ''),
       EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '_pgsluice')`)
	if err != nil {
		return fmt.Errorf("server facts: %w", err)
	}
	f := rows[0]
	s.Version, s.Database, s.InRecovery, s.probe = int(number(f[0])), f[1], f[2] == "t", f[3]
	s.state.publicOwner = f[4]
	if f[5] == "t" {
		s.Notes = append(s.Notes, Remark{"database " + s.Database, "it is the target of a copy that is not complete: see pgsluice status"})
	}
	return nil
}

// Encoding is how the text of two databases is made comparable.
type Encoding struct {
	// Client is the sessions' client_encoding, as the server spells it.
	Client string
	// Convert says that the databases' encodings differ, so that text is hashed as it is in UTF8.
	Convert bool
}

// CommonEncoding serves two databases with these encodings. Of SQL_ASCII nobody knows what its bytes mean: they are compared as
// they are.
func CommonEncoding(a, b string) Encoding {
	const bytesOnly = "SQL_ASCII"
	switch {
	case a == b || b == bytesOnly:
		return Encoding{Client: a}
	case a == bytesOnly:
		return Encoding{Client: b}
	}
	return Encoding{Client: "UTF8", Convert: true}
}
