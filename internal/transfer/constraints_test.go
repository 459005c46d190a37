package transfer

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

const orphans = `
CREATE TABLE b (id int PRIMARY KEY, x int, y int, UNIQUE (x, y));
CREATE TABLE parted_b (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parted_b1 PARTITION OF parted_b FOR VALUES FROM (0) TO (100);
CREATE TABLE "a list" (id int PRIMARY KEY, b int REFERENCES b, "full x" int, y int, self int REFERENCES "a list", late int REFERENCES b (id) DEFERRABLE INITIALLY DEFERRED,
	old int, p int REFERENCES parted_b, FOREIGN KEY ("full x", y) REFERENCES b (x, y) MATCH FULL);
ALTER TABLE "a list" ADD CONSTRAINT never_valid FOREIGN KEY (old) REFERENCES b NOT VALID;
CREATE TABLE parted_a (b int REFERENCES b) PARTITION BY RANGE (b);
CREATE TABLE parted_a1 PARTITION OF parted_a DEFAULT;
COMMENT ON CONSTRAINT "a list_b_fkey" ON "a list" IS 'stays';
COMMENT ON CONSTRAINT parted_a_b_fkey ON parted_a IS 'has nothing to stand on';
SET session_replication_role = replica;
INSERT INTO b SELECT n, n, n FROM generate_series(1, 50) n;
INSERT INTO parted_b SELECT generate_series(1, 50);
INSERT INTO "a list" SELECT n, n, n, n, n, n, n, n FROM generate_series(1, 53) n;
INSERT INTO "a list" (id, "full x") VALUES (60, 1); -- not all of it is null: MATCH FULL does not allow that
UPDATE "a list" SET self = 1000 WHERE id = 1;
INSERT INTO parted_a SELECT generate_series(1, 51)`

// A source can hold rows that its own foreign keys forbid. All else arrives; each key is left NOT VALID, or is absent
// where it can't be that, and the report says how many rows it is about and how to find them.
func TestViolatedForeignKeys(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, src, orphans)
	tracker := progress.New()
	result, err := Copy(t.Context(), Options{Source: src, Target: dst, Progress: tracker})
	if err != nil {
		t.Fatal(err)
	}
	failures := tracker.Snapshot().Failures
	if result.Failed != 7 || len(failures) != 7 { // six keys, and a comment on one that is absent
		t.Errorf("%d failed: %+v", result.Failed, failures)
	}
	query := regexp.MustCompile(`To see them: (SELECT .*); the server says`)
	for key, want := range map[string]struct {
		rows  int
		state string
	}{
		"a list_b_fkey": {3, "left NOT VALID"}, "a list_self_fkey": {1, "left NOT VALID"}, "a list_late_fkey": {3, "left NOT VALID"},
		"a list_full x_y_fkey": {4, "left NOT VALID"}, "a list_p_fkey": {3, "absent"}, "parted_a_b_fkey": {1, "absent"},
	} {
		said := ""
		for _, f := range failures {
			switch {
			case !strings.Contains(f.Task.Name, key):
			case f.Task.Kind == "COMMENT":
				if !strings.HasPrefix(f.Error, "left out: it needs fk constraint") {
					t.Errorf("the comment on %s: %s", key, f.Error)
				}
			default:
				said = f.Error
			}
		}
		m := query.FindStringSubmatch(said)
		if m == nil || !strings.Contains(said, want.state) || !strings.Contains(said, "SQLSTATE 23503") ||
			!strings.HasPrefix(said, fmt.Sprintf("%d row", want.rows)) {
			t.Errorf("%s: %q", key, said)
			continue
		}
		if rows := pgtest.Query(t, dst, m[1]); len(rows) != want.rows {
			t.Errorf("%s: the query that is offered finds %d rows, not %d", key, len(rows), want.rows)
		}
		const state = "SELECT coalesce((SELECT CASE WHEN convalidated THEN 'valid' ELSE 'left NOT VALID' END FROM pg_constraint WHERE conname = $$%s$$ AND conparentid = 0), 'absent')"
		if got := pgtest.Scalar[string](t, dst, fmt.Sprintf(state, key)); got != want.state {
			t.Errorf("%s is %s on the target", key, got)
		}
	}
	for what, sql := range map[string]string{
		"the key that is not valid on the source":    "SELECT NOT convalidated FROM pg_constraint WHERE conname = 'never_valid'",
		"the comment on a key that is not validated": `SELECT obj_description(oid, 'pg_constraint') = 'stays' FROM pg_constraint WHERE conname = 'a list_b_fkey'`,
		"all rows": `SELECT count(*) = 54 FROM "a list"`,
	} {
		if !pgtest.Scalar[bool](t, dst, sql) {
			t.Errorf("%s is not there", what)
		}
	}
}

// Indexes that are invalid on the source are left out and named; keys get their indexes under a weak lock, and are
// afterwards what they were.
func TestKeysAndInvalidIndexes(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, src, `
CREATE TABLE k (a int, b text COLLATE "C", c int, EXCLUDE USING gist (int4range(a, a + 1) WITH &&), UNIQUE (b, c) INCLUDE (a) DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE k ADD CONSTRAINT "K's key" PRIMARY KEY (a) WITH (fillfactor = 60);
ALTER TABLE k CLUSTER ON "K's key";
ALTER TABLE k REPLICA IDENTITY USING INDEX "K's key";
CREATE INDEX expression ON k ((a + c), lower(b));
ALTER INDEX expression ALTER COLUMN 1 SET STATISTICS 7;
INSERT INTO k SELECT n, n, n FROM generate_series(1, 1000) n`)
	pgtest.Exec(t, src, "INSERT INTO k SELECT 2000, 'x', 1")
	pgtest.Exec(t, src, "CREATE INDEX broken ON k (c)")
	pgtest.Exec(t, src, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
	tracker := progress.New()
	copyOK(t, Options{Source: src, Target: dst, Progress: tracker})
	s := tracker.Snapshot()
	if len(s.LeftOut) != 1 || s.LeftOut[0].Object != "index public.broken" || !strings.Contains(s.LeftOut[0].Reason, "invalid") {
		t.Errorf("left out: %+v", s.LeftOut)
	}
	kinds := map[string]int{}
	for _, f := range s.Finished {
		kinds[f.Task.Kind]++
		if f.Worker.Name == "" || f.Worker.TargetPID == 0 || (f.Worker.SourcePID != 0) != (f.Task.Kind == progress.TableData) {
			t.Errorf("%s %s was done by %+v", f.Task.Kind, f.Task.Name, f.Worker)
		}
	}
	if kinds["INDEX"] != 3 || kinds["CONSTRAINT"] != 3 || kinds["ALTER INDEX"] != 1 || kinds["ANALYZE"] != 1 {
		t.Errorf("done: %v", kinds)
	}
	pgtest.Exec(t, src, "DROP INDEX broken")
	pgtest.DBDiff(t, src, dst, "-S")
	for _, sql := range []string{
		"SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'k'",
		"SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'expression'", // ANALYZE came after it was built
		`SELECT indisclustered AND indisreplident FROM pg_index WHERE indexrelid = '"K''s key"'::regclass`,
	} {
		if !pgtest.Scalar[bool](t, dst, sql) {
			t.Errorf("not true: %s", sql)
		}
	}
}

// Row security that binds the owner, too, is switched on when the foreign keys are valid: the owner could not check them.
func TestForcedRowSecurity(t *testing.T) {
	t.Parallel()
	server := pgtest.Second(t)
	owner := pgtest.Role(t, server, "owner")
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, server)
	pgtest.Exec(t, dst, fmt.Sprintf("ALTER DATABASE %s OWNER TO %s; ALTER SCHEMA public OWNER TO %[2]s", databaseName(dst), owner))
	pgtest.Exec(t, src, `CREATE TABLE b (id int PRIMARY KEY, x text COLLATE "C" UNIQUE); CREATE TABLE a (id int REFERENCES b, x text COLLATE "POSIX" REFERENCES b (x));
		INSERT INTO b SELECT n, n FROM generate_series(1, 1000) n; INSERT INTO a SELECT n, n FROM generate_series(1, 1000) n;
		ALTER TABLE a ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (id < 10);
		ALTER TABLE b ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON b USING (id < 10)`)
	copyOK(t, Options{
		Source: src, Target: strings.Replace(dst, "postgres://postgres@", "postgres://"+owner+"@", 1), NoOwner: true, NoACL: true,
	})
	if n := pgtest.Scalar[int64](t, dst, "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated"); n != 2 {
		t.Errorf("%d foreign keys are valid", n)
	}
}

// A REINDEX that runs on the source, and locks its index, is in nobody's way.
func TestReindexOnTheSource(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT generate_series(1, 100) AS id; CREATE INDEX ti ON t (id)")
	app := openSession(t, src)
	app.exec("BEGIN; REINDEX INDEX ti")
	copyOK(t, Options{Source: src, Target: dst})
	app.exec("COMMIT")
	sameTables(t, src, dst)
}

// What the target's server warns of is passed on: here that somebody else's table can't be analyzed.
func TestServerWarnings(t *testing.T) {
	t.Parallel()
	server := pgtest.Second(t)
	role := pgtest.Role(t, server, "writer")
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, server)
	for _, url := range []string{src, dst} {
		pgtest.Exec(t, url, "CREATE TABLE t (id int)")
	}
	pgtest.Exec(t, src, "INSERT INTO t SELECT generate_series(1, 100)")
	pgtest.Exec(t, dst, "GRANT SELECT, INSERT ON t TO "+role+"; GRANT CREATE ON DATABASE "+databaseName(dst)+" TO "+role)
	c := beginCopy(t, Options{Source: src, Target: strings.Replace(dst, "postgres://postgres@", "postgres://"+role+"@", 1), DataOnly: true})
	c.ok()
	c.warned("skipping \"t\"")
}
