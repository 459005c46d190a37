package transfer

import (
	"errors"
	"net/url"
	"os"
	osexec "os/exec" // exec is this package's own
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// owned makes a database on c that role owns, and returns its URL as that role and as the superuser.
func owned(t *testing.T, c *cluster.Cluster, role string) (asOwner, asSuperuser string) {
	t.Helper()
	super := pgtest.DatabaseOn(t, c, "OWNER "+role)
	return strings.Replace(super, "postgres@", role+":ks_limited@", 1), super
}

// An ordinary role that owns the database on both sides copies all that it may own.
func TestCopyLimited(t *testing.T) {
	t.Parallel()
	runFile(t, pgtest.Server(t).URL("postgres"), "testdata/roles.sql")
	runFile(t, pgtest.Second(t).URL("postgres"), "testdata/roles.sql")
	src, srcAll := owned(t, pgtest.Server(t), "ks_limited")
	dst, dstAll := owned(t, pgtest.Second(t), "ks_limited")
	runFile(t, src, "testdata/kitchensink-limited.sql")
	tracker := progress.New()
	result := copyOK(t, Options{Source: src, Target: dst, Jobs: 4, NoOwner: true, NoACL: true, Progress: tracker})
	if result.Source.User != "ks_limited" || result.Target.User != "ks_limited" {
		t.Errorf("copied by %s to %s", result.Source.User, result.Target.User)
	}
	for _, w := range tracker.Snapshot().Warnings {
		if strings.Contains(w.Message, "wal_level is insufficient") { // the server's own word on the publication
			continue
		}
		t.Errorf("warning: %s %s", w.Object, w.Message)
	}
	pgtest.DBDiff(t, srcAll, dstAll, "-n")
	const properties = `
		SELECT string_agg(unnest, ';' ORDER BY unnest) || shobj_description(d.oid, 'pg_database')
		  FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0, unnest(setconfig)
		 WHERE datname = current_database() GROUP BY d.oid`
	if got, want := pgtest.Scalar[string](t, dstAll, properties), pgtest.Scalar[string](t, srcAll, properties); got != want {
		t.Errorf("the database's own: %s\nwant %s", got, want)
	}
	// again, over what is there: as owner of the database he may drop all of it
	before := installed(t, dstAll)
	copyOK(t, Options{Source: src, Target: dst, NoOwner: true, NoACL: true, Clean: true, Confirm: databaseName(dst)})
	pgtest.DBDiff(t, srcAll, dstAll, "-n")
	if installed(t, dstAll) != before {
		t.Error("extensions were made anew")
	}
}

// restoreAs lets role make what it may of an archive: pg_restore leaves out what fails.
func restoreAs(t *testing.T, asRole, archive string) {
	t.Helper()
	program, err := pgtest.Programs(t).Path("pg_restore")
	if err != nil {
		t.Fatal(err)
	}
	out, err := osexec.CommandContext(t.Context(), program, "--no-owner", "--no-acl", "--dbname="+asRole, archive).CombinedOutput()
	if exit := new(osexec.ExitError); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "errors ignored on restore")) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// The regression database, as far as an ordinary role may own it: what only a superuser can make is missing on the
// source.
func TestCopyLimitedRegression(t *testing.T) {
	t.Parallel()
	for _, c := range []*cluster.Cluster{pgtest.Server(t), pgtest.Second(t)} {
		runFile(t, c.URL("postgres"), "testdata/roles.sql")
	}
	src, srcAll := owned(t, pgtest.Server(t), "ks_limited")
	dst, dstAll := owned(t, pgtest.Second(t), "ks_limited")
	restoreAs(t, src, "testdata/regression15.dump")
	for kind, least := range map[string]int{
		"pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384": 550, "pg_largeobject_metadata": 3, "pg_trigger WHERE NOT tgisinternal": 50,
		"pg_constraint WHERE contype = 'f'": 15, "pg_publication": 1, "pg_proc WHERE oid >= 16384": 150, "pg_policy": 5,
	} {
		if n := number(t, srcAll, "SELECT count(*) FROM "+kind); n < least {
			t.Errorf("the source has %d of %s", n, kind)
		}
	}
	if n := number(t, srcAll, "SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relkind <> 't' AND relowner <> 'ks_limited'::regrole"); n > 0 {
		t.Errorf("%d relations are not the role's", n)
	}
	unforce(t, src, srcAll, dst)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 4, NoOwner: true, NoACL: true})
	pgtest.DBDiff(t, srcAll, dstAll, "-n")
}

// So is the kitchen sink.
func limitedSink(t *testing.T, source, target *cluster.Cluster) {
	dump := filepath.Join(t.TempDir(), "sink.dump")
	program, err := pgtest.Programs(t).Path("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := osexec.CommandContext(t.Context(), program, "--format=custom", "--file="+dump, source.URL("sink")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	src, srcAll := owned(t, source, "ks_limited")
	dst, dstAll := owned(t, target, "ks_limited")
	restoreAs(t, src, dump)
	unforce(t, src, srcAll, dst)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 4, NoOwner: true, NoACL: true})
	pgtest.DBDiff(t, srcAll, dstAll, "-n")
}

// unforce makes tables whose policies bind their owner, too, readable for him. Before, the copy is refused: it would
// lack rows.
func unforce(t *testing.T, src, srcAll, dst string) {
	t.Helper()
	const forced = "SELECT string_agg(oid::regclass::text, ', ' ORDER BY oid::regclass) FROM pg_class WHERE relforcerowsecurity AND relrowsecurity AND relkind = 'r'"
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, NoOwner: true, NoACL: true})
	refused(t, err, "source", "row-level security", "ks_limited", pgtest.Query(t, srcAll+"&search_path=", forced)[0][0], "BYPASSRLS")
	untouched(t, dst)
	for _, table := range pgtest.Query(t, srcAll, "SELECT oid::regclass FROM pg_class WHERE relforcerowsecurity") {
		pgtest.Exec(t, srcAll, "ALTER TABLE "+table[0]+" NO FORCE ROW LEVEL SECURITY")
	}
}

// A comment on an extension that somebody else owns is said, and stops nothing.
func TestCommentOnAnExtension(t *testing.T) {
	t.Parallel()
	for _, c := range []*cluster.Cluster{pgtest.Server(t), pgtest.Second(t)} {
		runFile(t, c.URL("postgres"), "testdata/roles.sql")
	}
	src, srcAll := owned(t, pgtest.Server(t), "ks_limited")
	dst, dstAll := owned(t, pgtest.Second(t), "ks_limited")
	pgtest.Exec(t, srcAll, "CREATE EXTENSION hstore; COMMENT ON EXTENSION hstore IS 'pairs'; CREATE EXTENSION citext; COMMENT ON EXTENSION citext IS NULL")
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT 'a=>1'::hstore AS h")
	pgtest.Exec(t, dstAll, "CREATE EXTENSION hstore; CREATE EXTENSION citext")
	tracker := progress.New()
	copyOK(t, Options{Source: src, Target: dst, NoOwner: true, NoACL: true, Progress: tracker})
	warnings := tracker.Snapshot().Warnings
	if len(warnings) != 1 || !strings.Contains(warnings[0].Object, "hstore") || !strings.Contains(warnings[0].Message, "must be owner of extension") {
		t.Errorf("warnings %+v", warnings)
	}
	if n := number(t, dstAll, "SELECT h->'a' FROM t"); n != 1 {
		t.Errorf("the row arrived as %d", n)
	}
}

// Without --no-owner an ordinary role can't give objects away: that is said before anything is made, or else of each.
func TestLimitedWithOwners(t *testing.T) {
	t.Parallel()
	for _, c := range []*cluster.Cluster{pgtest.Server(t), pgtest.Second(t)} {
		runFile(t, c.URL("postgres"), "testdata/roles.sql")
	}
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	dst, dstAll := owned(t, pgtest.Second(t), "ks_limited")
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT 1 AS id; ALTER TABLE t OWNER TO ks_owner; GRANT SELECT ON t TO ks_reader")
	_, err := Copy(t.Context(), Options{Source: src, Target: dst})
	refused(t, err, "target", "ks_limited", "ks_owner", "--no-owner")
	untouched(t, dst)
	result, err := Copy(t.Context(), Options{Source: src, Target: dst, OnError: Continue})
	if err != nil || result.Failed == 0 {
		t.Errorf("%d failed, error %v", result.Failed, err)
	}
	if n := number(t, dstAll, "SELECT sum(id) FROM t"); n != 1 {
		t.Errorf("the sum of t is %d", n)
	}
}

// The password of the limited role comes from wherever psql would find it.
func TestPasswordFile(t *testing.T) {
	c, _ := pgtest.TLSServer(t)
	src := pgtest.DatabaseOn(t, c)
	pgtest.Exec(t, src, "ALTER DATABASE "+databaseName(src)+" OWNER TO "+pgtest.TLSAny+"; CREATE TABLE t AS SELECT 1 AS id; ALTER TABLE t OWNER TO "+pgtest.TLSAny)
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	path := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(path, []byte("*:*:*:"+pgtest.TLSAny+":"+strings.ReplaceAll(pgtest.TLSPassword, ":", `\:`)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", path)
	u, err := url.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(pgtest.TLSAny)
	copyOK(t, Options{Source: u.String(), Target: dst, NoOwner: true, NoACL: true})
	if n := number(t, dst, "SELECT sum(id) FROM t"); n != 1 {
		t.Errorf("the sum of t is %d", n)
	}
}
