package pgdump

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// source is a database whose data is far more than pipes and buffers hold, so that pg_dump does not end by itself.
func source(t *testing.T, c *cluster.Cluster) string {
	t.Helper()
	url := pgtest.DatabaseOn(t, c)
	pgtest.Exec(t, url, `
		CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 30) AS t FROM generate_series(1, 5000) g;
		CREATE TABLE "second; one" (id int PRIMARY KEY); CREATE VIEW v AS SELECT 1`)
	return url
}

func open(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// export holds a snapshot until the test ends.
func export(t *testing.T, url string) string {
	t.Helper()
	conn := open(t, url)
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	results, err := conn.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot()").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return string(results[1].Rows[0][0])
}

func program(t *testing.T) Program {
	t.Helper()
	path, err := pgtest.Programs(t).Path("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Choose(t.Context(), path, 12)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// begin starts a child and stops it when the test ends.
func begin(t *testing.T, p Program, url string, opt Options) *Child {
	t.Helper()
	c, err := Start(t.Context(), p, open(t, url), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// locks counts who holds or awaits ACCESS SHARE on the table.
func locks(t *testing.T, url, table string) int {
	t.Helper()
	return pgtest.Scalar[int](t, url, "SELECT count(*)::int FROM pg_locks WHERE relation = $1::text::regclass AND mode = 'AccessShareLock' AND pid <> pg_backend_pid()", table)
}

// wait returns when the condition holds, which is a question to a server over a connection of its own: that is pause enough.
func wait(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// privateTemp gives the test a temporary folder of its own and returns what lists it. The servers have theirs by then.
func privateTemp(t *testing.T) func() []string {
	t.Helper()
	pgtest.Server(t)
	pgtest.TLSServer(t)
	dir, err := os.MkdirTemp("", "t")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("TMPDIR", dir)
	return func() []string {
		found, _ := filepath.Glob(filepath.Join(dir, "pgsluice-*"))
		return found
	}
}

// The table of contents comes over whatever login the connection has: here SCRAM and TLS, which the child knows
// nothing of. Until Stop it holds its locks; afterwards nothing is left.
func TestTOC(t *testing.T) {
	temp := privateTemp(t)
	c, files := pgtest.TLSServer(t)
	admin := source(t, c)
	pgtest.Exec(t, admin, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+pgtest.TLSOnly)
	database := pgtest.Scalar[string](t, admin, "SELECT current_database()::text")
	url := pgtest.TLSURL(c, pgtest.TLSOnly, "localhost", database, "sslmode", "verify-full", "sslrootcert", files.CA)
	child := begin(t, program(t), url, Options{Snapshot: export(t, admin), Encoding: "UTF8", LockWait: time.Minute})
	toc, err := child.TOC(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range toc.Entries {
		names = append(names, e.Desc+" "+e.Tag)
	}
	for _, want := range []string{"TABLE big", "TABLE DATA big", "TABLE second; one", "VIEW v", "CONSTRAINT second; one second; one_pkey"} {
		if !slices.Contains(names, want) {
			t.Errorf("%q is missing in %q", want, names)
		}
	}
	if toc.Header.Database != database {
		t.Errorf("the archive is of %q", toc.Header.Database)
	}
	if n := locks(t, admin, "big"); n != 1 {
		t.Errorf("%d locks before Stop", n)
	}
	if left := temp(); len(left) > 0 {
		t.Errorf("still there while pg_dump runs: %q", left) // a killed process could not remove it
	}
	child.Stop()
	child.Stop()
	wait(t, "its locks", func() bool { return locks(t, admin, "big") == 0 })
	if left := temp(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if len(child.Warnings()) > 1 {
		t.Errorf("warnings %q", child.Warnings())
	}
}

// A script around pg_dump, which signals do not reach, is ended all the same.
func TestStopEndsWhatAWrapperStarted(t *testing.T) {
	temp := privateTemp(t)
	url := source(t, pgtest.Server(t))
	p := program(t)
	p.Path = script(t, filepath.Join(t.TempDir(), "wrapper"), p.Path+` "$@"`)
	child := begin(t, p, url, Options{Snapshot: export(t, url), Encoding: "UTF8"})
	if _, err := child.TOC(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	child.Stop()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("Stop took %s", took)
	}
	wait(t, "its locks", func() bool { return locks(t, url, "big") == 0 })
	if left := temp(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A folder for temporary files whose path is too long for a socket, or looks like the names of two hosts, does no harm.
func TestTOCWithAnOddTemporaryFolder(t *testing.T) {
	url := source(t, pgtest.Server(t))
	base, err := os.MkdirTemp("", "t")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(base) }()
	for _, name := range []string{strings.Repeat("x", 100), "a,b"} {
		dir := filepath.Join(base, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", dir)
			child := begin(t, program(t), url, Options{Snapshot: export(t, url), Encoding: "UTF8"})
			if _, err := child.TOC(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A child that is killed leaves neither goroutine nor folder nor session.
func TestChildIsKilled(t *testing.T) {
	temp := privateTemp(t)
	url := source(t, pgtest.Server(t))
	blocker := open(t, url)
	defer blocker.Close(context.WithoutCancel(t.Context()))
	if _, err := blocker.Exec(t.Context(), "BEGIN; LOCK TABLE big").ReadAll(); err != nil {
		t.Fatal(err)
	}
	child := begin(t, program(t), url, Options{Snapshot: export(t, url), Encoding: "UTF8"})
	wait(t, "pg_dump in the queue for the lock", func() bool { return locks(t, url, "big") == 1 })
	if err := child.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, err := child.TOC(t.Context())
	if err == nil || !strings.Contains(err.Error(), "table of contents") {
		t.Errorf("error %v", err)
	}
	wait(t, "its session", func() bool { return locks(t, url, "big") == 0 })
	if left := temp(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A cancelled transfer does not wait for pg_dump's lock.
func TestTOCIsCancelled(t *testing.T) {
	t.Parallel()
	url := source(t, pgtest.Server(t))
	blocker := open(t, url)
	defer blocker.Close(context.WithoutCancel(t.Context()))
	if _, err := blocker.Exec(t.Context(), "BEGIN; LOCK TABLE big").ReadAll(); err != nil {
		t.Fatal(err)
	}
	wanted := errors.New("the user went home")
	ctx, cancel := context.WithCancelCause(t.Context())
	child, err := Start(ctx, program(t), open(t, url), Options{Snapshot: export(t, url), Encoding: "UTF8"})
	if err != nil {
		t.Fatal(err)
	}
	defer child.Stop()
	wait(t, "pg_dump in the queue for the lock", func() bool { return locks(t, url, "big") == 1 })
	cancel(wanted)
	if _, err := child.TOC(ctx); !errors.Is(err, wanted) {
		t.Errorf("error %v", err)
	}
	child.Stop()
	wait(t, "its session", func() bool { return locks(t, url, "big") == 0 })
}

// What pg_dump itself says of its failure is the error.
func TestTOCFails(t *testing.T) {
	t.Parallel()
	c := pgtest.Server(t)
	url := source(t, c)
	role := pgtest.Role(t, c, "reader")
	blocker := open(t, url)
	defer blocker.Close(context.WithoutCancel(t.Context()))
	if _, err := blocker.Exec(t.Context(), `BEGIN; LOCK TABLE "second; one"`).ReadAll(); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		url  string
		opt  Options
		says []string
	}{
		"permission": {strings.Replace(url, "postgres@", role+"@", 1), Options{}, []string{"pg_dump: error", "permission denied", "big"}},
		"lock wait":  {url, Options{LockWait: 50 * time.Millisecond}, []string{"pg_dump: error", "lock timeout", "second; one"}},
		"snapshot":   {url, Options{Snapshot: "00000000-00000000-1"}, []string{"pg_dump: error", "snapshot"}},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.opt.Snapshot == "" {
				tt.opt.Snapshot = export(t, tt.url)
			}
			tt.opt.Encoding = "UTF8"
			_, err := begin(t, program(t), tt.url, tt.opt).TOC(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range tt.says {
				if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, which does not say %q in one line", err, part)
				}
			}
		})
	}
}

// The child learns nothing that leads to the source: neither its arguments nor its environment have the password, the
// host or a certificate, whatever way the user named them.
func TestTheChildLearnsNoSecret(t *testing.T) {
	c, files := pgtest.TLSServer(t)
	conn := open(t, pgtest.TLSURL(c, pgtest.TLSAny, "localhost", "postgres", "sslmode", "verify-full", "sslrootcert", files.CA))
	t.Setenv("PGPASSWORD", pgtest.TLSPassword)
	t.Setenv("PGSSLROOTCERT", files.CA)
	t.Setenv("PGPASSFILE", "/secret/passfile")
	t.Setenv("PGSERVICE", "secret_service")
	t.Setenv("PGOPTIONS", "-c secret.option=1")
	t.Setenv("PGHOST", "secret.example")
	t.Setenv("LC_MESSAGES", "de_DE.UTF-8")
	t.Setenv("PGSLUICE_SOURCE", pgtest.TLSURL(c, pgtest.TLSAny, "localhost", "postgres"))
	t.Setenv("HARMLESS", "kept")
	fake := Program{Path: script(t, filepath.Join(t.TempDir(), "pg_dump"), `echo "args: $0 $*" >&2; env >&2; exit 1`)}
	child, err := Start(t.Context(), fake, conn, Options{Snapshot: "x", Encoding: "UTF8"})
	if err != nil {
		t.Fatal(err)
	}
	defer child.Stop()
	if _, err = child.TOC(t.Context()); err == nil {
		t.Fatal("no error")
	}
	said := strings.Join(child.Warnings(), "\n")
	for _, secret := range []string{pgtest.TLSPassword, "sesame", "secret", files.CA, "localhost", strconv.Itoa(c.Port()), "de_DE"} {
		if strings.Contains(said, secret) {
			t.Errorf("the child was told %q:\n%s", secret, said)
		}
	}
	for _, want := range []string{"HARMLESS=kept", "PGUSER=" + pgtest.TLSAny, "PGDATABASE=postgres", "--snapshot=x", "LC_ALL=C"} {
		if !strings.Contains(said, want) {
			t.Errorf("the child was not told %q:\n%s", want, said)
		}
	}
}

// A program that can't be started gives the connection back to nobody.
func TestStartFails(t *testing.T) {
	temp := privateTemp(t)
	url := source(t, pgtest.Server(t))
	_, err := Start(t.Context(), Program{Path: "/nowhere/pg_dump"}, open(t, url), Options{})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/pg_dump") {
		t.Errorf("error %v", err)
	}
	wait(t, "the end of its session", func() bool {
		return pgtest.Scalar[int](t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == 1
	})
	if left := temp(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestTailKeepsTheBeginning(t *testing.T) {
	t.Parallel()
	var s tail
	for _, part := range []string{"pg_dump: last built-in OID\n", "pg_dump: error: one\n", "pg_dump: detail: two\n", strings.Repeat("x", stderrLimit)} {
		if n, err := s.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("wrote %d, error %v", n, err)
		}
	}
	if got := s.lastError(); !strings.HasPrefix(got, "pg_dump: error: one; pg_dump: detail: two; x") || len(got) > stderrLimit {
		t.Errorf("%.80q of %d bytes", got, len(got))
	}
}
