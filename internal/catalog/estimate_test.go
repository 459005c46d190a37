package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
)

// shape is a table, and how far its estimate may be from what a COPY of it moves.
type shape struct {
	name, sql   string // "@" in sql stands for the name
	analyze     bool   // else nobody has ever looked at it
	least, most float64
}

// Random hexadecimal digits are text that can't be compressed.
const hexText = `(SELECT string_agg(md5(i::text || n), '') FROM generate_series(1, %d) n)`

var shapes = []shape{
	{"ints", "CREATE TABLE @ (a int, b bigint, c smallint); INSERT INTO @ SELECT i, i * 1000, i % 100 FROM generate_series(1, 50000) i", true, 0.9, 1.1},
	{"small_ints", "CREATE TABLE @ (a int, b bigint); INSERT INTO @ SELECT i, i FROM generate_series(1, 500) i", true, 0.5, 2.2},
	{"mixed", `CREATE TABLE @ (id bigint, at timestamptz, day date, price numeric(12,2), x float8, ok bool, u uuid, note text, e inet);
		INSERT INTO @ SELECT i, now() + i * interval '1 second', current_date + i % 1000, i * 1.25, random(), i % 2 = 0,
			md5(i::text)::uuid, repeat('note ', i % 10), '10.0.0.0'::inet + i FROM generate_series(1, 20000) i`, true, 0.9, 1.1},
	{"zeros", "CREATE TABLE @ (a int, b int); INSERT INTO @ SELECT 0, CASE WHEN i % 10 = 0 THEN i ELSE 7 END FROM generate_series(1, 50000) i", true, 0.75, 1.25},
	{"wide", "CREATE TABLE @ (id int, t text); INSERT INTO @ SELECT i, " + fmt.Sprintf(hexText, 30) + " FROM generate_series(1, 2000) i", true, 0.9, 1.1},
	{"nulls", `CREATE TABLE @ (id int, a text, b int, c jsonb); INSERT INTO @ SELECT i, CASE WHEN i % 5 = 0 THEN repeat('y', 100) END, NULL, NULL
		FROM generate_series(1, 30000) i`, true, 0.8, 1.25},
	{"enums", `CREATE TYPE @_kind AS ENUM ('small', 'medium', 'rather large'); CREATE DOMAIN @_id AS int;
		CREATE TABLE @ (id @_id, k @_kind, l varchar(10));
		INSERT INTO @ SELECT i, (enum_range(NULL::@_kind))[1 + i % 3], 'abcde' FROM generate_series(1, 30000) i`, true, 0.8, 1.25},
	{"toasted_hard", `CREATE TABLE @ (id int, j jsonb); INSERT INTO @ SELECT i, jsonb_build_object('k', ` + fmt.Sprintf(hexText, 200) + `)
		FROM generate_series(1, 300) i`, true, 0.8, 2},
	{"toasted_json", `CREATE TABLE @ (id int, j jsonb); INSERT INTO @ SELECT i, (SELECT jsonb_agg(jsonb_build_object('id', n * i, 'name', md5(n::text || i), 'state',
		'active', 'price', n * 1.5)) FROM generate_series(1, 100) n) FROM generate_series(1, 300) i`, true, 0.5, 1.25},
	{"toasted_external", `CREATE TABLE @ (id int, t text); ALTER TABLE @ ALTER t SET STORAGE EXTERNAL; INSERT INTO @ SELECT i, repeat('z', 50000)
		FROM generate_series(1, 100) i`, true, 0.9, 1.15},
	{"toasted_bytea", `CREATE TABLE @ (id int, b bytea); INSERT INTO @ SELECT i, decode(` + fmt.Sprintf(hexText, 300) + `, 'hex')
		FROM generate_series(1, 300) i`, true, 0.8, 1.25},
	{"toasted_deleted", `CREATE TABLE @ (id int, t text); ALTER TABLE @ SET (toast.autovacuum_enabled = off, autovacuum_enabled = off);
		INSERT INTO @ SELECT i, ` + fmt.Sprintf(hexText, 200) + ` FROM generate_series(1, 500) i; DELETE FROM @ WHERE id % 10 > 0`, true, 0.8, 2},
	{"bloated", `CREATE TABLE @ (id int, t text) WITH (autovacuum_enabled = off); INSERT INTO @ SELECT i, md5(i::text) FROM generate_series(1, 50000) i;
		DELETE FROM @ WHERE id % 10 > 0`, false, 0.5, 2},
	{"bloated_analyzed", `CREATE TABLE @ (id int, t text) WITH (autovacuum_enabled = off); INSERT INTO @ SELECT i, md5(i::text) FROM generate_series(1, 50000) i;
		DELETE FROM @ WHERE id % 10 > 0`, true, 0.8, 1.25},
	{"bloated_indexed", `CREATE TABLE @ (id int, t text) WITH (autovacuum_enabled = off); INSERT INTO @ SELECT i, md5(i::text) FROM generate_series(1, 50000) i;
		CREATE INDEX ON @ (id); DELETE FROM @ WHERE id % 10 > 0`, false, 0.5, 2},
	{"emptied", `CREATE TABLE @ (id int) WITH (autovacuum_enabled = off); INSERT INTO @ SELECT i FROM generate_series(1, 50000) i; DELETE FROM @`, false, 0, 0},
	{"fresh_ints", "CREATE TABLE @ (a int, b bigint) WITH (autovacuum_enabled = off); INSERT INTO @ SELECT i, i FROM generate_series(1, 50000) i", false, 0.8, 1.5},
	{"fresh_text", "CREATE TABLE @ (id int, t text, d text) WITH (autovacuum_enabled = off); INSERT INTO @ SELECT i, " + fmt.Sprintf(hexText, 10) +
		", NULL FROM generate_series(1, 3000) i", false, 0.8, 1.25},
	{"fresh_toasted", "CREATE TABLE @ (id int, t text) WITH (autovacuum_enabled = off); INSERT INTO @ SELECT i, " + fmt.Sprintf(hexText, 200) +
		" FROM generate_series(1, 300) i", false, 0.5, 2},
	{"generated", "CREATE TABLE @ (a int, b text GENERATED ALWAYS AS (repeat('g', 200)) STORED); INSERT INTO @ SELECT i FROM generate_series(1, 20000) i", true, 0.8, 1.25},
	{"wide_rows", "CREATE TABLE @ (" + columns(100, "c%d int DEFAULT 12345") + "); INSERT INTO @ (c1) SELECT i FROM generate_series(1, 3000) i", true, 0.8, 1.25},
	{"no_columns", "CREATE TABLE @ (); INSERT INTO @ SELECT FROM generate_series(1, 1000)", true, 0.9, 1.1},
	{"empty", "CREATE TABLE @ (id int, t text)", true, 0, 0},
}

func columns(n int, format string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, i+1)
	}
	return strings.Join(all, ", ")
}

// copied is what a COPY of a table moves.
func copied(t *testing.T, conn *pgconn.PgConn, table string) Estimate {
	t.Helper()
	var n counter
	tag, err := conn.CopyTo(t.Context(), &n, "COPY "+table+" TO STDOUT")
	if err != nil {
		t.Fatal(err)
	}
	return Estimate{Rows: tag.RowsAffected(), Bytes: int64(n)}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// makeShapes makes those of the shapes that are wanted.
func makeShapes(t *testing.T, url string, wanted func(shape) bool) (made []shape) {
	t.Helper()
	for _, s := range shapes {
		if wanted(s) {
			pgtest.Exec(t, url, strings.ReplaceAll(s.sql, "@", s.name))
			made = append(made, s)
		}
	}
	// a session's counts arrive a moment after its end
	settled := func() bool {
		return pgtest.Scalar[bool](t, url, `SELECT count(*) = 0 FROM pg_stat_user_tables
			WHERE relname NOT IN ('no_columns', 'empty', 'root', 'leaf') AND n_tup_ins = 0`)
	}
	for deadline := time.Now().Add(20 * time.Second); !settled(); {
		if time.Now().After(deadline) {
			t.Fatal("the statistics never heard of all tables")
		}
	}
	for _, s := range made {
		if s.analyze {
			pgtest.Exec(t, url, "ANALYZE "+s.name)
		}
	}
	return made
}

// estimatesOf asks under a snapshot, as a transfer does.
func estimatesOf(t *testing.T, url string, tables ...string) map[string]Estimate {
	t.Helper()
	oids := make([]uint32, len(tables))
	for i, table := range tables {
		oids[i] = oidOf(t, url, table)
	}
	estimates, err := Estimates(t.Context(), under(t, url), oids)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]Estimate{}
	for i, table := range tables {
		e, ok := estimates[oids[i]]
		if !ok {
			t.Errorf("no estimate of %s", table)
		}
		named[table] = e
	}
	return named
}

func TestEstimates(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	makeShapes(t, url, func(shape) bool { return true })
	pgtest.Exec(t, url, `CREATE TABLE root (a int) PARTITION BY LIST (a); CREATE TABLE leaf PARTITION OF root DEFAULT;
		INSERT INTO root SELECT i FROM generate_series(1, 1000) i; ANALYZE root; CREATE VIEW seen AS SELECT 1`)
	tables := []string{"root", "leaf", "seen"}
	for _, s := range shapes {
		tables = append(tables, s.name)
	}
	got := estimatesOf(t, url, tables...)
	conn := connect(t, url)
	for _, s := range append(shapes, shape{name: "leaf", least: 0.5, most: 2}) {
		want, e := copied(t, conn, s.name), got[s.name]
		ratio := float64(e.Bytes) / max(1, float64(want.Bytes))
		t.Logf("%-18s rows %6d of %6d, bytes %8d of %8d: %.2f", s.name, e.Rows, want.Rows, e.Bytes, want.Bytes, ratio)
		if ratio < s.least || ratio > s.most {
			t.Errorf("%s: %d bytes estimated, %d copied: %.2f is not between %.2f and %.2f", s.name, e.Bytes, want.Bytes, ratio, s.least, s.most)
		}
		if r := float64(e.Rows) / max(1, float64(want.Rows)); (r < 0.9 || r > 1.1) && want.Rows+e.Rows > 0 {
			t.Errorf("%s: %d rows estimated, there are %d", s.name, e.Rows, want.Rows)
		}
	}
	if got["root"] != (Estimate{}) || got["seen"] != (Estimate{}) {
		t.Errorf("what has no rows of its own: %v, %v", got["root"], got["seen"])
	}
}

// After a crash the statistics have forgotten everything, and a few new rows must not pass for all.
func TestEstimatesAfterReset(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	names := []string{"ints", "mixed", "wide", "toasted_json", "no_columns", "empty"}
	made := makeShapes(t, url, func(s shape) bool { return slices.Contains(names, s.name) })
	for _, s := range made {
		pgtest.Exec(t, url, "ALTER TABLE "+s.name+" SET (autovacuum_enabled = off)") // it would look again
	}
	pgtest.Exec(t, url, "SELECT pg_stat_reset()")
	pgtest.Exec(t, url, "INSERT INTO mixed SELECT * FROM mixed LIMIT 500")
	got, conn := estimatesOf(t, url, names...), connect(t, url)
	for _, s := range made {
		want, e := copied(t, conn, s.name), got[s.name]
		if r := float64(e.Bytes) / max(1, float64(want.Bytes)); (r < 0.5 || r > 1.5) && want.Bytes+e.Bytes > 0 {
			t.Errorf("%s: %d bytes estimated, %d copied: %.2f", s.name, e.Bytes, want.Bytes, r)
		}
	}
}

// A role that may not read a table sees no statistics of its columns, but its rows and its size.
func TestEstimatesWithoutPrivileges(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	names := []string{"ints", "mixed", "wide", "bloated_analyzed"}
	made := makeShapes(t, url, func(s shape) bool { return slices.Contains(names, s.name) })
	stranger := strings.Replace(url, "postgres@", pgtest.Role(t, pgtest.Server(t), "stranger")+"@", 1)
	got, conn := estimatesOf(t, stranger, names...), connect(t, url)
	for _, s := range made {
		want := copied(t, conn, s.name)
		if r := float64(got[s.name].Bytes) / float64(want.Bytes); r < 0.5 || r > 2 {
			t.Errorf("%s: %d bytes estimated, %d copied: %.2f", s.name, got[s.name].Bytes, want.Bytes, r)
		}
	}
}

// A server that refuses to say anything costs neither the transaction nor its exported snapshot, and no setting is left behind.
func TestEstimatesRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE t AS SELECT 1 AS a")
	oids := []uint32{oidOf(t, url, "t")}
	other := strings.Replace(url, "postgres@", pgtest.Role(t, pgtest.Server(t), "refused")+"@", 1)
	conn := under(t, other)
	exported, err := Row(t.Context(), conn, "SELECT pg_export_snapshot()")
	if err != nil {
		t.Fatal(err)
	}
	if e, err := Estimates(t.Context(), conn, oids); err != nil || e[oids[0]].Rows > 1000 {
		t.Errorf("at first %v, error %v", e, err)
	}
	pgtest.Exec(t, url, "REVOKE SELECT ON pg_stats FROM public")
	if e, err := Estimates(t.Context(), conn, oids); err == nil || !strings.Contains(err.Error(), "permission denied for view pg_stats") {
		t.Errorf("then %v, error %v", e, err)
	}
	row, err := Row(t.Context(), conn, "SELECT current_setting('enable_nestloop')")
	if err != nil || row[0] != "on" {
		t.Errorf("the session's settings are %q, error %v", row, err)
	}
	execute(t, connect(t, other), "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '"+exported[0]+"'")
}
