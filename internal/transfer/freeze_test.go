package transfer

import (
	"testing"

	"pgsluice/internal/pgtest"
)

// Who looks at an empty table of the target does not hold the copy up.
func TestFreezeDoesNotWait(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+smallTables("first")+"ALTER TABLE first ADD CHECK (gate(id + 50)); CREATE TABLE wide AS SELECT i AS id, repeat('x', 200) AS v FROM generate_series(1, 40000) AS i")
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, TOCOrder: true, SplitAbove: -1})
	until(t, dst, atGate) // the schema is there, and wide is not begun
	reader := openSession(t, dst)
	reader.exec("BEGIN; SELECT count(*) FROM wide")
	open()
	c.ok()
	reader.exec("COMMIT")
	sameTables(t, src, dst)
	if pgtest.Scalar[bool](t, dst, "SELECT relallvisible > 0 FROM pg_class WHERE relname = 'wide'") {
		t.Error("the rows are frozen")
	}
}

// Rows that go into what is no table of the target's own are never sent in binary, and a view is refused.
func TestDataOnlyIntoOtherRelations(t *testing.T) {
	t.Parallel()
	t.Run("foreign table", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, "CREATE TABLE a (i int, f float8, ts timestamp); INSERT INTO a VALUES (1, 1, '2020-01-01')")
		pgtest.Exec(t, dst, `CREATE TABLE behind (i int, f int8, ts timestamptz); CREATE EXTENSION postgres_fdw;
			CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '`+pgtest.Scalar[string](t, dst, "SELECT current_setting('port')")+`',
				dbname '`+pgtest.Scalar[string](t, dst, "SELECT current_database()")+`');
			CREATE USER MAPPING FOR current_user SERVER loop OPTIONS (user 'postgres');
			CREATE FOREIGN TABLE a (i int, f int8, ts timestamptz) SERVER loop OPTIONS (table_name 'behind')`)
		copyOK(t, Options{Source: src, Target: dst, DataOnly: true})
		if f := pgtest.Scalar[int](t, dst, "SELECT f FROM behind"); f != 1 {
			t.Errorf("1 arrived as %d", f)
		}
	})
	t.Run("view", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, "CREATE TABLE a (i int); INSERT INTO a VALUES (1)")
		pgtest.Exec(t, dst, "CREATE TABLE behind (i int); CREATE VIEW a AS SELECT * FROM behind")
		_, err := Copy(t.Context(), Options{Source: src, Target: dst, DataOnly: true})
		refusedKeeping(t, err, "public.a is a view, and --data-only fills tables")
	})
}

// What pg_dump writes is run with standard strings, whatever the source's database has.
func TestStringsOfTheSourceAreNotStandard(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database()); END $$")
	pgtest.Exec(t, src, `SET standard_conforming_strings = on; CREATE VIEW v AS SELECT E'x\\y'::text AS t; CREATE TABLE d (t text DEFAULT E'\\'); COMMENT ON TABLE d IS E'a\\b'`)
	copyOK(t, Options{Source: src, Target: dst})
	for _, sql := range []string{"SELECT length(t) FROM v", "SELECT length(obj_description('d'::regclass))"} {
		if n := pgtest.Scalar[int](t, dst, sql); n != 3 {
			t.Errorf("%s: %d", sql, n)
		}
	}
}
