package verify

import (
	"context"
	"slices"
	"strings"

	"pgsluice/internal/archive"
)

// tablesQuery lists what has rows of its own, and what has none but should be spoken of (foreign tables). Extensions' tables are
// theirs unless they are configuration (pg_extension_config_dump), of which the condition picks the user's rows.
const tablesQuery = `
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispopulated, coalesce(am.amname = 'heap', false),
       coalesce(pg_catalog.pg_table_size(c.oid), 0),
       coalesce(pg_catalog.pg_relation_size(c.oid, 'main'), 0) / pg_catalog.current_setting('block_size')::int8,
       coalesce(e.condition, '')
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
  LEFT JOIN (SELECT u.oid, min(u.condition) AS condition
               FROM pg_catalog.pg_extension x, ROWS FROM (pg_catalog.unnest(x.extconfig), pg_catalog.unnest(x.extcondition)) AS u (oid, condition)
              WHERE x.extconfig IS NOT NULL GROUP BY u.oid) e ON e.oid = c.oid
 WHERE c.relkind IN ('r', 'm', 'f') AND c.relpersistence <> 't' AND n.nspname <> '_pgsluice'
   AND (e.oid IS NOT NULL OR n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'))`

const columnsQuery = `
SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid = 'pg_catalog.bytea'::pg_catalog.regtype,
       a.atttypid IN ('pg_catalog.text'::pg_catalog.regtype, 'pg_catalog.varchar'::pg_catalog.regtype)
  FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'`

// keysQuery gives the columns of each unique key without NULLs, the primary key first, then those of fewer columns.
const keysQuery = `
SELECT i.indrelid, i.indexrelid, a.attname
  FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place), pg_catalog.pg_attribute a
 WHERE i.indrelid = ANY ($1::oid[]) AND a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.place <= i.indnkeyatts
   AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
   AND NOT EXISTS (SELECT FROM pg_catalog.unnest(i.indkey::int2[]) AS n (attnum), pg_catalog.pg_attribute b
                    WHERE b.attrelid = i.indrelid AND b.attnum = n.attnum AND (NOT b.attnotnull OR b.attgenerated = 'v'))
 ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts, i.indexrelid, k.place`

func (s *Side) readTables(ctx context.Context, r *reader) error {
	rows, err := r.rows(ctx, tablesQuery)
	if err != nil {
		return err
	}
	byOID := map[string]*Table{}
	oids := make([]string, 0, len(rows))
	for _, f := range rows {
		t := &Table{
			Name: archive.QualifiedName(f[1], f[2]), oid: uint32(number(f[0])), kind: f[3][0], persistence: f[4][0], populated: f[5] == "t",
			heap: f[6] == "t", Bytes: number(f[7]), pages: number(f[8]), filter: f[9],
		}
		byOID[f[0]] = t
		oids = append(oids, f[0])
		s.Tables[t.Name] = t
	}
	of := "{" + strings.Join(oids, ",") + "}"
	if rows, err = r.rows(ctx, columnsQuery, of); err != nil {
		return err
	}
	for _, f := range rows {
		t := byOID[f[0]]
		t.Columns = append(t.Columns, Column{Name: f[1], Type: f[2], Bytea: f[3] == "t", Text: f[4] == "t"})
	}
	for _, t := range byOID {
		// inherited columns stand elsewhere in a child that was restored: the order of names is the same everywhere
		slices.SortFunc(t.Columns, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	}
	if rows, err = r.rows(ctx, keysQuery, of); err != nil {
		return err
	}
	index := ""
	for _, f := range rows {
		t := byOID[f[0]]
		if f[1] != index {
			index = f[1]
			t.keys = append(t.keys, nil)
		}
		t.keys[len(t.keys)-1] = append(t.keys[len(t.keys)-1], f[2])
	}
	return nil
}

// defaultPartPages is how much of a heap is read at once: 128 MiB in pages of 8 kB, seconds of work. So several sessions share a big
// table, and one can see that it goes on.
const defaultPartPages = 16384

// tableJobs makes the reading of all tables into jobs.
func (s *Side) tableJobs() []job {
	var jobs []job
	for _, t := range s.Tables {
		switch {
		case t.kind == 'f':
			s.note("foreign table "+t.Name, "its rows are elsewhere and were not compared")
			continue
		case t.persistence == 'u' && s.InRecovery:
			s.note(t.object(), "its rows were not compared: it is unlogged, and a standby does not have them")
			s.skipped++
			continue
		case t.kind == 'm' && !t.populated:
			continue
		}
		parts := s.parts(t)
		t.partsPending = len(parts)
		for _, where := range parts {
			jobs = append(jobs, job{t.Bytes/int64(len(parts)) + 1, func(ctx context.Context, r *reader) error { return s.readPart(ctx, r, t, where) }})
		}
	}
	return jobs
}
