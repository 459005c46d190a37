package pgtest_test

import (
	"slices"
	"testing"

	"pgsluice/internal/pgtest"
)

func TestDatabaseIsFreshAndDropped(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		url = pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE a (x int); INSERT INTO a VALUES (1), (NULL)")
		got := pgtest.Query(t, url, "SELECT 0; SELECT x, 'y' FROM a ORDER BY x")
		want := [][]string{{"1", "y"}, {pgtest.Null, "y"}}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("rows %q, want %q", got, want)
		}
		if other := pgtest.Database(t); other == url {
			t.Errorf("two databases with the URL %s", url)
		}
	})
	if err := pgtest.Run(t.Context(), url, "SELECT 1"); err == nil {
		t.Errorf("%s is still there after its test", url)
	}
}

func TestDatabaseIsDroppedUnderASession(t *testing.T) {
	t.Parallel()
	conn := connectInner(t)
	if _, err := conn.Exec(t.Context(), "SELECT 1").ReadAll(); err == nil {
		t.Error("the session outlived its database")
	}
}

func TestDatabaseOnWithOptions(t *testing.T) {
	t.Parallel()
	url := pgtest.DatabaseOn(t, pgtest.Server(t), "TEMPLATE template0", "CONNECTION LIMIT 7")
	limit := pgtest.Scalar[int](t, url, "SELECT datconnlimit FROM pg_database WHERE datname = current_database()")
	if limit != 7 {
		t.Errorf("connection limit %d", limit)
	}
}

func TestRoleMayLogIn(t *testing.T) {
	t.Parallel()
	c := pgtest.Server(t)
	a, b := pgtest.Role(t, c, "owner"), pgtest.Role(t, c, "owner")
	if a == b {
		t.Fatalf("two roles %s", a)
	}
	can := pgtest.Scalar[bool](t, c.URL("postgres"), "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", b)
	if !can {
		t.Errorf("role %s can't log in", b)
	}
}

func TestServersAreTwo(t *testing.T) {
	t.Parallel()
	const id = "SELECT system_identifier FROM pg_control_system()"
	first := pgtest.Scalar[int64](t, pgtest.Server(t).URL("postgres"), id)
	second := pgtest.Scalar[int64](t, pgtest.Second(t).URL("postgres"), id)
	if first == second {
		t.Errorf("both have the system identifier %d", first)
	}
}

func BenchmarkDatabase(b *testing.B) {
	pgtest.Server(b)
	for b.Loop() {
		pgtest.Database(b)
	}
}
