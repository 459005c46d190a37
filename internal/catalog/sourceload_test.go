package catalog

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
)

// loadOf asks again and again until the load is as wanted.
func loadOf(t *testing.T, asker *pgconn.PgConn, what string, wanted func(SourceLoad) bool) SourceLoad {
	t.Helper()
	version, err := ServerVersion(asker)
	if err != nil {
		t.Fatal(err)
	}
	var load SourceLoad
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if load, err = ReadSourceLoad(t.Context(), asker, version); err != nil {
			t.Fatal(err)
		}
		if wanted(load) {
			return load
		}
	}
	t.Fatalf("it never came to be that %s: %+v", what, load)
	return load
}

func do(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// holding is a session as a transfer holds its snapshot with: the table's name stands in a locked table.
func holding(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn := connect(t, url)
	for _, sql := range []string{
		"SET application_name = 'pgsluice snapshot'", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
		`LOCK TABLE ONLY public."Odd; table" IN ACCESS SHARE MODE`, "SELECT pg_export_snapshot()",
	} {
		do(t, conn, sql)
	}
	return conn
}

func waiters(n int) func(SourceLoad) bool {
	return func(l SourceLoad) bool { return len(l.Waiters) == n }
}

// What waits for a snapshot's locks is told, and what waits behind that is counted; also to a role that sees nothing else.
func TestSourceLoad(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	role := pgtest.Role(t, pgtest.Server(t), "copier")
	pgtest.Exec(t, url, `CREATE TABLE public."Odd; table" (id int); CREATE TABLE other (id int); GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC`)
	for _, owner := range []string{"postgres", role} {
		t.Run(owner, func(t *testing.T) {
			admin, url := url, strings.Replace(url, "//postgres@", "//"+owner+"@", 1)
			asker := connect(t, url)
			do(t, asker, "SET application_name = 'pgsluice watch'")
			do(t, asker, "SELECT set_config('search_path', '', false)")
			if l := loadOf(t, asker, "nobody waits", waiters(0)); l.SnapshotAge != 0 || l.XIDAge != 0 || l.DatabaseXIDAge <= 0 || l.FreezeMaxAge != 200_000_000 {
				t.Errorf("without a snapshot: %+v", l)
			}
			holder := holding(t, url)
			for range 7 {
				pgtest.Exec(t, admin, "INSERT INTO other VALUES (1)")
			}
			l := loadOf(t, asker, "the snapshot is seen", func(l SourceLoad) bool { return l.XIDAge >= 7 })
			if l.SnapshotAge <= 0 || l.SnapshotAge > time.Minute || l.XIDAge > 1000 {
				t.Errorf("with a snapshot: %+v", l)
			}

			alter, behind, index := connect(t, admin), connect(t, admin), connect(t, admin)
			for _, conn := range []*pgconn.PgConn{alter, behind, index} {
				do(t, conn, "SET application_name = 'psql'")
			}
			// it waits for one old snapshot after the other: the others' are younger
			begin(t, index, "CREATE INDEX CONCURRENTLY ON other (id)")
			l = loadOf(t, asker, "CREATE INDEX CONCURRENTLY waits", waiters(1))
			if w := l.Waiters[0]; w.PID != index.PID() || w.Wants != "the end of older snapshots" {
				t.Errorf("%+v waits", w)
			}
			begin(t, alter, `ALTER TABLE public."Odd; table" ADD COLUMN v int`)
			l = loadOf(t, asker, "ALTER TABLE waits", waiters(2))
			w := l.Waiters[slices.IndexFunc(l.Waiters, func(w Waiter) bool { return w.PID != index.PID() })]
			if w.PID != alter.PID() || w.Application != "psql" || w.User != "postgres" || w.Wants != `ACCESS EXCLUSIVE on public."Odd; table"` || w.Behind != 0 {
				t.Errorf("%+v waits", w)
			}
			begin(t, behind, `SELECT * FROM public."Odd; table"`)
			loadOf(t, asker, "a SELECT waits behind it", func(l SourceLoad) bool {
				return len(l.Waiters) == 2 && l.Waiters[0].Behind+l.Waiters[1].Behind == 1 && l.Waiters[0].Waited > 50*time.Millisecond
			})
			do(t, holder, "COMMIT")
			loadOf(t, asker, "nobody waits", waiters(0))
		})
	}
}

func TestWanted(t *testing.T) {
	for _, tt := range [][4]string{
		{"relation", "AccessExclusiveLock", "public.t", "ACCESS EXCLUSIVE on public.t"},
		{"relation", "ShareUpdateExclusiveLock", "public.t", "SHARE UPDATE EXCLUSIVE on public.t"},
		{"relation", "ShareLock", "", "SHARE on a relation"},
		{"virtualxid", "ShareLock", "", "the end of older snapshots"},
	} {
		if got := wanted(tt[0], tt[1], tt[2]); got != tt[3] {
			t.Errorf("%v: %q", tt, got)
		}
	}
}
