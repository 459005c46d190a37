package compat

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

const testdata = "../transfer/testdata/"

// dumpers are the major versions whose client programs take part, servers those of the servers.
func dumpers(t testing.TB) []int {
	if *full {
		return []int{15, 17, 18}
	}
	return []int{pgtest.Programs(t).Version}
}

func servers(t testing.TB) []int {
	if *full {
		return []int{12, 13, 14, 15, 16, 17, 18}
	}
	return []int{pgtest.Programs(t).Version}
}

// client is the path of a client program of a major version.
func client(t testing.TB, major int, program string) string {
	t.Helper()
	path, err := pgtest.ProgramsOf(t, major, cluster.Complete).Path(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// installed is a client program of the newest PostgreSQL on the machine.
func installed(t testing.TB, program string) string {
	t.Helper()
	path, err := pgtest.Programs(t).Path(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// roles remembers the servers that have the roles of the kitchen sink.
var roles struct {
	mu   sync.Mutex
	have map[*cluster.Cluster]bool
}

// server is the shared one of that version, with the roles.
func server(t testing.TB, major int) *cluster.Cluster {
	t.Helper()
	c := pgtest.ServerOf(t, major)
	roles.mu.Lock()
	defer roles.mu.Unlock()
	if !roles.have[c] {
		sql, err := os.ReadFile(testdata + "roles.sql")
		if err != nil {
			t.Fatal(err)
		}
		pgtest.Exec(t, c.URL("postgres"), string(sql))
		if roles.have == nil {
			roles.have = map[*cluster.Cluster]bool{}
		}
		roles.have[c] = true
	}
	return c
}

// database makes an empty one, which goes when the test ends.
func database(t testing.TB, major int) string {
	t.Helper()
	url := pgtest.DatabaseOn(t, server(t, major), "TEMPLATE template0")
	t.Cleanup(func() { dropSubscriptions(t, url) }) // before the database, which can't be dropped with them
	return url
}

// fixture is a database to be dumped.
type fixture struct {
	name string
	fill func(t testing.TB, url string)
}

var (
	sink = &fixture{"kitchen sink", func(t testing.TB, url string) {
		files, err := filepath.Glob(testdata + "kitchensink/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal("no kitchen sink", err)
		}
		for _, f := range files {
			// an old server refuses some statements: the rest is a database all the same
			run(t, installed(t, "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_ROLLBACK=on", "--file="+f, url)
		}
	}}
	regression = &fixture{"regression", func(t testing.TB, url string) {
		// it exits with 1 where an older or newer server refuses some objects
		start(t, nil, nil, installed(t, "pg_restore"), "--dbname="+url, testdata+"regression15.dump").wait(t)
		// PostgreSQL 15 has them because of an error in it, and no newer version takes them
		pgtest.Exec(t, url, "DROP TABLE IF EXISTS public.gtest_normal_child, public.gtest_normal_child2")
	}}
)

// source is a database with the fixture on a server of that version.
func (f *fixture) source(t testing.TB, major int) string {
	t.Helper()
	url := database(t, major)
	f.fill(t, url)
	if n := pgtest.Scalar[int](t, url, "SELECT count(*)::int FROM pg_catalog.pg_stat_user_tables"); n < 30 {
		t.Fatalf("the %s came to %d tables on PostgreSQL %d", f.name, n, major)
	}
	return url
}

// dropSubscriptions drops them without asking their publisher, which does not exist.
func dropSubscriptions(t testing.TB, url string) {
	t.Helper()
	// the test's context has ended by now
	err := pgtest.Run(context.Background(), url, `
SET ks.allow_ddl = 'on';
DO $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE datname = current_database() LOOP
		EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', name);
		EXECUTE format('DROP SUBSCRIPTION %I', name);
	END LOOP;
END
$$`)
	if err != nil {
		t.Error(err)
	}
}
