package transfer

import (
	"fmt"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// A name that is given to another table between the snapshot and the locks must not bring that one's rows.
func TestNameSwappedBeforeLocks(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a", "b"))
	app := openSession(t, src)
	app.exec("BEGIN; LOCK TABLE a, b IN ACCESS EXCLUSIVE MODE")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
	until(t, src, dumpWaits)
	for _, sql := range []string{"ALTER TABLE a RENAME TO c", "ALTER TABLE b RENAME TO a", "ALTER TABLE c RENAME TO b", "COMMIT"} {
		app.exec(sql)
	}
	c.ok()
	c.warned("new snapshot")
	sameTables(t, src, dst)
}

// Schemas can be swapped under our locks, which are on the tables. That is noticed: no table gets another's rows.
func TestSchemasSwappedInMidCopy(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, `CREATE SCHEMA live; CREATE SCHEMA staging;
		CREATE TABLE live.big AS SELECT g AS id, repeat('x', 100) AS v FROM generate_series(1, 100000) g; CREATE TABLE live.t AS SELECT 'live' AS v;
		CREATE TABLE staging.big AS SELECT 1 AS id, 'y' AS v; CREATE TABLE staging.t AS SELECT 'staging' AS v`)
	limiter := NewLimiter(1e6)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, Limiter: limiter})
	until(t, src, "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'COPY live.big%' AND application_name = 'pgsluice copy-out'")
	app := openSession(t, src)
	app.exec("BEGIN")
	for _, sql := range []string{"ALTER SCHEMA live RENAME TO x", "ALTER SCHEMA staging RENAME TO live", "ALTER SCHEMA x RENAME TO staging", "COMMIT"} {
		app.exec(sql)
	}
	limiter.SetRate(0)
	c.fails(`^table live\.big: copy-out: .*another table's`)
	for _, row := range pgtest.Query(t, dst, "SELECT v FROM live.t") {
		if row[0] != "live" {
			t.Errorf("live.t has the rows of %s", row[0])
		}
	}
}

// Schema public made anew, the usual way to empty a database, is no object in the way, and stays when all is dropped.
func TestPublicMadeAnew(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a"))
	pgtest.Exec(t, dst, "DROP SCHEMA public CASCADE")
	_, err := Copy(t.Context(), Options{Source: src, Target: dst})
	refused(t, err, "no schema public")
	pgtest.Exec(t, dst, "CREATE SCHEMA public")
	copyOK(t, Options{Source: src, Target: dst})
	copyOK(t, Options{Source: src, Target: dst, Clean: true, Confirm: databaseName(dst)})
	sameTables(t, src, dst)
}

// Two transfers into one database would both see it empty.
func TestTwoTransfersIntoOneTarget(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a"))
	other := openSession(t, dst)
	other.exec("SELECT pg_advisory_lock(8099569364512629605)")
	_, err := Copy(t.Context(), Options{Source: src, Target: dst})
	refused(t, err, "another pgsluice")
	other.exec("SELECT pg_advisory_unlock(8099569364512629605)")
	copyOK(t, Options{Source: src, Target: dst})
}

// A table that is plain at the source may be partitioned at the target: it is not empty if a partition has rows.
func TestDataOnlyIntoPartitions(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT 1 AS id")
	pgtest.Exec(t, dst, "CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE TABLE t1 PARTITION OF t DEFAULT; INSERT INTO t VALUES (1)")
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, DataOnly: true})
	refused(t, err, "public.t is not empty")
	pgtest.Exec(t, dst, "TRUNCATE t")
	copyOK(t, Options{Source: src, Target: dst, DataOnly: true})
}

// What the target's role may not do is said before --clean has dropped anything.
func TestRightsBeforeClean(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	server := pgtest.Second(t)
	owner, user, reader := pgtest.Role(t, server, "owner"), pgtest.Role(t, server, "user"), "no_such_role_on_the_target"
	pgtest.Exec(t, pgtest.Server(t).URL("postgres"), fmt.Sprintf("CREATE ROLE %s; CREATE ROLE %s", reader, owner))
	pgtest.Exec(t, src, fmt.Sprintf("CREATE TABLE a (); ALTER TABLE a OWNER TO %s", owner))
	dst := pgtest.DatabaseOn(t, server)
	pgtest.Exec(t, dst, fmt.Sprintf("ALTER DATABASE %s OWNER TO %s; SET ROLE %[2]s; CREATE SCHEMA kept", databaseName(dst), user))
	as := strings.Replace(dst, "postgres://postgres@", "postgres://"+user+"@", 1)
	clean := Options{Source: src, Target: as, Clean: true, Confirm: strings.Trim(databaseName(dst), `"`)}
	_, err := Copy(t.Context(), clean)
	refused(t, err, owner, "membership")
	pgtest.Exec(t, src, fmt.Sprintf("CREATE POLICY p ON a TO %s USING (true)", reader))
	clean.NoOwner, clean.NoACL = true, true
	_, err = Copy(t.Context(), clean)
	refused(t, err, reader, "policies")
	if pgtest.Scalar[int64](t, dst, "SELECT count(*) FROM pg_namespace WHERE nspname = 'kept'") != 1 {
		t.Error("the target was cleaned before the refusal")
	}
}

// A setting's value may be a secret: it is not shown when the setting fails.
func TestSettingsAreNotShown(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	server := pgtest.Second(t)
	user := pgtest.Role(t, server, "user")
	pgtest.Exec(t, src, "ALTER DATABASE "+databaseName(src)+" SET app.jwt_secret = 'hush-hush'")
	dst := pgtest.DatabaseOn(t, server)
	pgtest.Exec(t, dst, "ALTER DATABASE "+databaseName(dst)+" OWNER TO "+user)
	as := strings.Replace(dst, "postgres://postgres@", "postgres://"+user+"@", 1)
	tracker := progress.New()
	result, err := Copy(t.Context(), Options{Source: src, Target: as, NoOwner: true, NoACL: true, Progress: tracker})
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprint(tracker.Snapshot().Failures, tracker.Snapshot().Warnings)
	if strings.Contains(said, "hush-hush") {
		t.Errorf("the value is shown: %s", said)
	}
	if result.Failed > 0 && !strings.Contains(said, "app.jwt_secret") {
		t.Errorf("the setting is not named: %s", said)
	}
}
