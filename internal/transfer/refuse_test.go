package transfer

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgsluice/internal/catalog"
	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/preflight"
	"pgsluice/internal/progress"
)

// Whatever names lead to one database, it is not copied onto itself.
func TestSameDatabase(t *testing.T) {
	t.Parallel()
	c, _ := pgtest.TLSServer(t)
	src := pgtest.DatabaseOn(t, c)
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT 1 AS id")
	name := databaseName(src)
	for what, target := range map[string]string{
		"the same URL":    src,
		"by name":         strings.Replace(src, "127.0.0.1", "localhost", 1),
		"by socket":       fmt.Sprintf("host=%s port=%d user=postgres dbname=%s", c.Dir(), c.Port(), name),
		"with TLS":        fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=%s sslmode=require", c.Port(), name),
		"by another user": pgtest.TLSURL(c, pgtest.TLSAny, "127.0.0.1", name),
	} {
		_, err := Copy(t.Context(), Options{Source: src, Target: target, Jobs: 1, Clean: true, Confirm: name})
		refused(t, err, "source and target are the same database")
		if n := number(t, src, "SELECT count(*) FROM t"); n != 1 {
			t.Fatalf("%s: %d rows are left", what, n)
		}
	}
	// two databases of one server are two
	dst := pgtest.DatabaseOn(t, c)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1})
	if n := number(t, dst, "SELECT sum(id) FROM t"); n != 1 {
		t.Errorf("the sum of t is %d", n)
	}
}

func unusedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(port)
	return n
}

// secrets are what no message may hold: the password of the URLs below, and that of TLSURL in each of its spellings.
var secrets = []string{"sek:ret", "sek%3Aret", pgtest.TLSPassword, "sesame"}

// A side that can't be reached is refused with the side, the database and the reason, and never with the password.
func TestUnreachable(t *testing.T) {
	c, _ := pgtest.TLSServer(t)
	good := pgtest.Database(t)
	port, dead := c.Port(), unusedPort(t)
	passfile := filepath.Join(t.TempDir(), "pgpass")
	services := filepath.Join(t.TempDir(), "services")
	for path, text := range map[string]string{
		passfile: fmt.Sprintf("127.0.0.1:%d:*:%s:sek\\:ret\n", port, pgtest.TLSAny),
		services: fmt.Sprintf("[wrong]\nhost=127.0.0.1\nport=%d\nuser=%s\npassword=sek:ret\ndbname=postgres\n", port, pgtest.TLSAny),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wrong := fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=postgres", port, pgtest.TLSAny)
	for _, tt := range []struct {
		name, address string
		environment   map[string]string
		words         []string
	}{
		{"nothing listens", fmt.Sprintf("postgres://me:sek%%3Aret@127.0.0.1:%d/db", dead), nil, []string{"db at 127.0.0.1:", "connection refused"}},
		{"no such host", "postgres://me:sek%3Aret@nowhere.invalid/db", nil, []string{"nowhere.invalid"}},
		{"no such socket", "host=/nowhere dbname=db password='sek:ret'", nil, []string{"/nowhere"}},
		{"no such database", pgtest.TLSURL(c, pgtest.TLSAny, "127.0.0.1", "missing"), nil, []string{`database "missing" does not exist`}},
		{"wrong password in a URL", fmt.Sprintf("postgres://%s:sek%%3Aret@127.0.0.1:%d/postgres", pgtest.TLSAny, port), nil, []string{"password authentication failed"}},
		{"wrong password among keywords", wrong + " password=sek:ret", nil, []string{"password authentication failed"}},
		{"wrong password in PGPASSWORD", wrong, map[string]string{"PGPASSWORD": "sek:ret"}, []string{"password authentication failed"}},
		{"wrong password in a file", wrong, map[string]string{"PGPASSFILE": passfile}, []string{"password authentication failed"}},
		{"wrong password of a service", "service=wrong", map[string]string{"PGSERVICEFILE": services}, []string{"password authentication failed"}},
		{"no password", wrong, map[string]string{"PGPASSFILE": "/nowhere"}, []string{"no password was given"}},
		{"not a connection string", "postgres://me:sek:ret@h:x/db", nil, []string{"connection string"}},
		{"nor this", "host=h password=sek:ret sek:ret port=1", nil, []string{"connection string"}},
		{"a parameter that the server does not know", fmt.Sprintf("postgres://postgres:sek%%3Aret@127.0.0.1:%d/postgres?pasword=x", port), nil, []string{"pasword"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, value := range tt.environment {
				t.Setenv(name, value)
			}
			for side, opt := range map[string]Options{
				"source: ": {Source: tt.address, Target: good}, "target: ": {Source: good, Target: tt.address},
			} {
				_, err := Copy(t.Context(), opt)
				refused(t, err, append(tt.words, side)...)
				for _, secret := range secrets {
					if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err.Error()), secret) {
						t.Errorf("the password shows: %v", err)
					}
				}
			}
		})
	}
	untouched(t, good)
}

// standby makes a standby of c and returns the URL of a database on it.
func standby(t *testing.T, c *cluster.Cluster, database string) string {
	t.Helper()
	replica := pgtest.New(t, cluster.Options{Settings: map[string]string{"hot_standby": "on"}})
	program, err := c.Programs().Path("pg_basebackup")
	if err != nil {
		t.Fatal(err)
	}
	// by the primary's own account, which pg_basebackup's files must belong to
	data, backup := filepath.Join(replica.Dir(), "data"), filepath.Join(c.Dir(), "standby")
	pgtest.Shell(t, c.URL("postgres"), fmt.Sprintf("%s --pgdata=%s --write-recovery-conf --checkpoint=fast --wal-method=fetch --host=127.0.0.1 --port=%d --username=postgres 2>&1",
		program, backup, c.Port()))
	pgtest.Shell(t, c.URL("postgres"), fmt.Sprintf("cd %s && cp postgresql.conf pg_hba.conf pgsluice.conf %s", data, backup))
	if err := errors.Join(replica.Stop(t.Context()), os.RemoveAll(data), os.Rename(backup, data)); err != nil {
		t.Fatal(err)
	}
	if err := replica.Restart(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return replica.URL(database)
}

// A standby can be read, and not written.
func TestStandby(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t, cluster.Options{})
	pgtest.Exec(t, primary.URL("postgres"), `
		CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 1000) g; CREATE INDEX ON t (id); CREATE UNLOGGED TABLE unlogged AS SELECT 1 AS id; SELECT lo_from_bytea(7, '\x01')`)
	pgtest.Exec(t, primary.URL("postgres"), "CREATE DATABASE other")
	there := standby(t, primary, "postgres")
	src := pgtest.Database(t)
	_, err := Copy(t.Context(), Options{Source: src, Target: there, Jobs: 1})
	refused(t, err, "target", "is a standby", "primary")
	_, err = Copy(t.Context(), Options{Source: primary.URL("postgres"), Target: there})
	refused(t, err, "same database")
	_, err = Copy(t.Context(), Options{Source: there, Target: primary.URL("postgres"), Jobs: 1, Clean: true, Confirm: "postgres"})
	refused(t, err, "same database")
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	tracker := progress.New()
	copyOK(t, Options{Source: there, Target: dst, Jobs: 1, Progress: tracker})
	pgtest.DBDiff(t, primary.URL("postgres"), dst, "-s")
	if said := fmt.Sprint(tracker.Snapshot().Warnings); !strings.Contains(said, "public.unlogged") {
		t.Errorf("nothing is said of the unlogged table: %s", said)
	}
	o := dryRun(t, Options{Source: there, Target: pgtest.DatabaseOn(t, pgtest.Second(t))})
	found(t, o, preflight.Warning, "source", "does not have the rows of unlogged tables: public.unlogged", "primary")
	found(t, o, preflight.Warning, "source", "max_standby_streaming_delay = 30s", "hot_standby_feedback")
	found(t, dryRun(t, Options{Source: src, Target: there}), preflight.Error, "target", "is a standby", "primary")
	// the standby of one database, and another database of its primary
	copyOK(t, Options{Source: there, Target: primary.URL("other"), Jobs: 1})
}

func TestReadOnlyTarget(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, dst, "ALTER DATABASE "+databaseName(dst)+" SET default_transaction_read_only = on")
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1})
	refused(t, err, "target", "read-only", "default_transaction_read_only")
	untouched(t, dst)
}

func TestTargetInUse(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	const f = "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
	for _, tt := range []struct{ object, create, drop string }{
		{"table public.t", "CREATE TABLE t ()", "DROP TABLE t"},
		{"schema s", "CREATE SCHEMA s", "DROP SCHEMA s"},
		{"large object 7", "SELECT lo_create(7)", "SELECT lo_unlink(7)"},
		{"function public.f()", f, "DROP FUNCTION f"},
		{"publication p", "CREATE PUBLICATION p", "DROP PUBLICATION p"},
		{"type public.e", "CREATE TYPE e AS ENUM ()", "DROP TYPE e"},
		{"default acl", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC"},
		{"event trigger e", f + "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()", "DROP EVENT TRIGGER e; DROP FUNCTION f"},
		{"cast", "CREATE CAST (text AS point) WITH INOUT", "DROP CAST (text AS point)"},
	} {
		pgtest.Exec(t, dst, tt.create)
		_, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1})
		refused(t, err, "target", "is not empty", tt.object, "--clean --confirm")
		pgtest.Exec(t, dst, tt.drop)
	}
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1})
}

// A target that the provider prepared with extensions is empty, and the copy uses them.
func TestTargetWithExtensions(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	const extensions = "CREATE SCHEMA provider; CREATE EXTENSION hstore SCHEMA provider; CREATE EXTENSION citext;"
	pgtest.Exec(t, dst, extensions)
	pgtest.Exec(t, src, extensions+"CREATE TABLE t AS SELECT 'a=>1'::provider.hstore AS h, 'x'::citext AS c")
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1})
	pgtest.DBDiff(t, src, dst)
}

func TestMissingRole(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	a, b := pgtest.Role(t, pgtest.Server(t), "missing_owner"), pgtest.Role(t, pgtest.Server(t), "missing_grantee")
	pgtest.Exec(t, src, fmt.Sprintf("CREATE TABLE t (); ALTER TABLE t OWNER TO %s; CREATE TABLE u (); GRANT SELECT ON u TO %s", a, b))
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1})
	refused(t, err, "target", a, b, "--no-owner --no-acl", "pg_dumpall --roles-only")
	untouched(t, dst)
	_, err = Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1, NoOwner: true})
	refused(t, err, b)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, NoOwner: true, NoACL: true})
}

// A server that has not enough connections left is not driven into "too many clients" half-way.
func TestFreeConnections(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	for _, side := range []struct {
		name string
		c    *cluster.Cluster
		url  string
	}{{"source", pgtest.Server(t), src}, {"target", pgtest.Second(t), dst}} {
		role := pgtest.Role(t, side.c, "limited")
		pgtest.Exec(t, side.c.URL("postgres"), "ALTER ROLE "+role+" CONNECTION LIMIT 3; GRANT ALL ON DATABASE "+databaseName(side.url)+" TO "+role)
		limited := strings.Replace(side.url, "postgres@", role+"@", 1)
		opt := Options{Source: src, Target: limited, Jobs: 3, NoACL: true}
		if side.name == "source" {
			opt = Options{Source: limited, Target: dst, Jobs: 3, NoACL: true}
		}
		_, err := Copy(t.Context(), opt)
		refused(t, err, side.name, "connections are free", "needed")
	}
	untouched(t, dst)
}

// What can't be made here, and the limits of what can, by the facts alone.
func TestCheckServers(t *testing.T) {
	t.Parallel()
	address, err := catalog.ParseAddress("postgres://me@db.example/x")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(r *run)
		words  []string
	}{
		"all is well":         {func(*run) {}, nil},
		"an old source":       {func(r *run) { r.srcFacts.Version, r.srcFacts.VersionText = 110022, "11.22" }, []string{"source", "11.22", "too old", "12"}},
		"an old target":       {func(r *run) { r.dstFacts.Version, r.dstFacts.VersionText = 90624, "9.6.24" }, []string{"target", "9.6.24", "too old"}},
		"the oldest source":   {func(r *run) { r.srcFacts.Version = 120000 }, nil},
		"a standby":           {func(r *run) { r.dstFacts.InRecovery = true }, []string{"x at db.example:5432", "standby"}},
		"a standby as source": {func(r *run) { r.srcFacts.InRecovery, r.srcFacts.ReadOnly = true, true }, nil},
		"read-only":           {func(r *run) { r.dstFacts.ReadOnly = true }, []string{"read-only"}},
		"the wrong name":      {func(r *run) { r.Clean, r.Confirm = true, "y" }, []string{`"y"`, `"x"`, "nothing was dropped"}},
		"the right name":      {func(r *run) { r.Clean, r.Confirm = true, "x" }, nil},
		"few on the source":   {func(r *run) { r.srcFacts.FreeConnections = 5 }, []string{"source", "5 connections", "6 are needed"}},
		"enough":              {func(r *run) { r.srcFacts.FreeConnections, r.dstFacts.FreeConnections = 6, 4 }, nil},
		"few on both":         {func(r *run) { r.srcFacts.FreeConnections, r.dstFacts.SystemIdentifier = 9, "1" }, []string{"one server", "9 connections", "10 are needed"}},
		"few on the target":   {func(r *run) { r.dstFacts.FreeConnections = 3 }, []string{"target", "3 connections", "4 are needed"}},
		"many tables":         {func(r *run) { r.srcFacts.Tables = 5000 }, []string{"source", "5000 tables", "max_locks_per_transaction"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := catalog.Facts{Version: 150018, VersionText: "15.18", Database: "x", Encoding: "UTF8", LockSlots: 6400, FreeConnections: 100}
			src, dst := facts, facts
			src.SystemIdentifier, dst.SystemIdentifier = "1", "2"
			r := &run{Options: Options{}.withDefaults(), src: address, dst: address, srcFacts: &src, dstFacts: &dst}
			tt.change(r)
			err := preflight.Stopping(r.checkServers())
			if err == nil || tt.words == nil {
				if err != nil || tt.words != nil {
					t.Errorf("error %v", err)
				}
				return
			}
			refused(t, &Refused{Err: err}, tt.words...)
		})
	}
}

// Without pg_dump nothing can be done, and what to install is said.
func TestNoPgDump(t *testing.T) {
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1, PgDump: "/bin/true"})
	refused(t, err, "--pg-dump /bin/true", "does not answer")
	untouched(t, dst)
}

// Who may not read all is told what, before anything changes.
func TestSourceThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	c := pgtest.Server(t)
	src, dst := pgtest.DatabaseOn(t, c), pgtest.DatabaseOn(t, pgtest.Second(t))
	role := pgtest.Role(t, c, "reads_little")
	pgtest.Exec(t, src, "CREATE TABLE mine (); GRANT SELECT ON mine TO "+role+"; CREATE TABLE confidential ()")
	_, err := Copy(t.Context(), Options{Source: strings.Replace(src, "postgres@", role+"@", 1), Target: dst, NoOwner: true, NoACL: true})
	refused(t, err, "source", role, "may not read 1 table: public.confidential", "pg_read_all_data")
	untouched(t, dst)
}
