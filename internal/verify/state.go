package verify

import (
	"context"
	"strconv"

	"pgsluice/internal/archive"
)

// state is what no entry of a table of contents has.
type state struct {
	publicOwner   string          // of schema public, "" if there is none
	invalid       map[string]bool // indexes that a failed build left behind; a dump leaves them out
	notValid      map[string]bool // "constraint c of s.t" that its rows were not checked against
	extensions    map[string]string
	locale        string // encoding and collation of the database
	databaseOwner string
}

const ofUser = `n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '_pgsluice')`

func (s *Side) readState(ctx context.Context, r *reader) error {
	st := &s.state
	st.invalid, st.notValid, st.extensions = map[string]bool{}, map[string]bool{}, map[string]string{}
	rows, err := r.rows(ctx, `
SELECT n.nspname, c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT (i.indisvalid AND i.indisready) AND `+ofUser)
	if err != nil {
		return err
	}
	for _, f := range rows {
		st.invalid[archive.QualifiedName(f[0], f[1])] = true
	}
	// what a partition has from its root is the root's affair: its name differs from server to server
	rows, err = r.rows(ctx, `
SELECT n.nspname, c.relname, k.conname FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT k.convalidated AND k.conparentid = 0 AND `+ofUser+` AND coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::bool, true)`)
	if err != nil {
		return err
	}
	for _, f := range rows {
		st.notValid[archive.FormatIdent(f[2])+" of "+archive.QualifiedName(f[0], f[1])] = true
	}
	if rows, err = r.rows(ctx, `SELECT extname, extversion FROM pg_catalog.pg_extension`); err != nil {
		return err
	}
	for _, f := range rows {
		st.extensions[f[0]] = f[1]
	}
	rows, err = r.rows(ctx, `
SELECT 'encoding ' || pg_catalog.getdatabaseencoding() || ', collation ' || d.datcollate || ', character types ' || d.datctype, d.datdba::pg_catalog.regrole
  FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`)
	if err != nil {
		return err
	}
	st.locale, st.databaseOwner = rows[0][0], rows[0][1]
	return nil
}

// major is the server's major version, as people say it.
func (s *Side) major() string { return strconv.Itoa(s.Version / 10000) }
