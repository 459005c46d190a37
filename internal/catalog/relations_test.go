package catalog

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

func oidOf(t *testing.T, url, table string) uint32 {
	t.Helper()
	return pgtest.Scalar[uint32](t, url, "SELECT $1::text::regclass::oid", table)
}

func TestReadSource(t *testing.T) {
	t.Parallel()
	programs := pgtest.WithExtension(t, pgtest.Programs(t), "../transfer/testdata/extension")
	url := pgtest.New(t, cluster.Options{Programs: programs}).URL("postgres")
	pgtest.Exec(t, url, `
		CREATE EXTENSION pgsluice_conf;
		CREATE TABLE top (a int, b text) PARTITION BY RANGE (a);
		CREATE TABLE middle PARTITION OF top FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (a);
		CREATE TABLE leaf PARTITION OF middle DEFAULT;
		CREATE TABLE plain (id int PRIMARY KEY, t text); ALTER TABLE plain ALTER t SET STORAGE EXTERNAL;
		INSERT INTO plain VALUES (1, repeat('x', 1000000));
		CREATE TABLE heir () INHERITS (plain);
		CREATE VIEW v AS SELECT 1;
		CREATE INDEX ON plain (md5(t))`)
	s, err := ReadSource(t.Context(), connect(t, url))
	if err != nil {
		t.Fatal(err)
	}
	top, middle, leaf, plain := oidOf(t, url, "top"), oidOf(t, url, "middle"), oidOf(t, url, "leaf"), oidOf(t, url, "plain")
	if got := s.Children(); !slices.Equal(got[top], []uint32{middle}) || !slices.Equal(got[middle], []uint32{leaf}) || len(got) != 2 {
		t.Errorf("partition trees %v", got)
	}
	if r := s.Relations[plain]; r == nil || r.Bytes < 1e6 || r.Bytes > 2e6 || r.Filenode == 0 || r.Filter != "" || r.Parent != 0 {
		t.Errorf("plain: %+v", r)
	}
	if r := s.Relations[top]; r == nil || r.Bytes != 0 || r.Filenode != 0 {
		t.Errorf("top: %+v", r)
	}
	if s.Relations[oidOf(t, url, "v")] != nil || s.Relations[oidOf(t, url, "plain_pkey")] != nil {
		t.Error("views or indexes are among the relations")
	}
	for table, want := range map[string]string{"region": "WHERE NOT builtin", "setting": "", "cache": ""} {
		r := s.Relations[oidOf(t, url, "pgsluice_conf."+table)]
		if r == nil || !strings.HasPrefix(r.Filter, want) || want == "" && r.Filter != "" {
			t.Errorf("%s: %+v", table, r)
		}
	}
}

// under begins a transaction with a snapshot, as the holders of a transfer do.
func under(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := OpenSession(t.Context(), parse(t, url), SessionOptions{Application: "pgsluice holder"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Close(context.WithoutCancel(t.Context()), conn) })
	execute(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
	return conn
}

// What was truncated or rewritten after the snapshot is told from what was only changed.
func TestRewritten(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `
		CREATE TABLE kept AS SELECT 1 AS a; CREATE TABLE truncated AS SELECT 1 AS a; CREATE TABLE "re ""written" AS SELECT 1 AS a;
		CREATE TABLE clustered (a int PRIMARY KEY); CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE TABLE empty ();
		CREATE MATERIALIZED VIEW refreshed AS SELECT 1 AS a`)
	var oids []uint32
	for _, name := range []string{"kept", "truncated", `"re ""written"`, "clustered", "parted", "empty", "refreshed"} {
		oids = append(oids, oidOf(t, url, name))
	}
	conn := under(t, url)
	if got, err := Rewritten(t.Context(), conn, oids); err != nil || len(got) > 0 {
		t.Fatalf("at first %q, error %v", got, err)
	}
	pgtest.Exec(t, url, `
		INSERT INTO kept VALUES (2); ALTER TABLE kept ADD b text DEFAULT 'x'; TRUNCATE truncated; CLUSTER clustered USING clustered_pkey;
		ALTER TABLE "re ""written" ALTER a TYPE bigint; REFRESH MATERIALIZED VIEW refreshed; ANALYZE kept`)
	got, err := Rewritten(t.Context(), conn, oids)
	slices.Sort(got)
	want := []string{`public."re ""written"`, "public.clustered", "public.refreshed", "public.truncated"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("rewritten %q, error %v, want %q", got, err, want)
	}
	if got, err := Rewritten(t.Context(), conn, nil); err != nil || len(got) > 0 {
		t.Errorf("of no tables %q, error %v", got, err)
	}
}

func TestExclusiveLocks(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE a (); CREATE TABLE b ()")
	a, b := oidOf(t, url, "a"), oidOf(t, url, "b")
	conn, holder := connect(t, url), under(t, url)
	if got := ExclusiveLocks(t.Context(), conn, nil); got != "" {
		t.Errorf("nobody locks, but %s", got)
	}
	execute(t, holder, "LOCK TABLE public.a IN ACCESS EXCLUSIVE MODE")
	for _, oids := range [][]uint32{{a}, {a, b}, nil} {
		got := ExclusiveLocks(t.Context(), conn, oids)
		if !strings.Contains(got, "pgsluice holder") || !strings.Contains(got, "LOCK TABLE public.a") {
			t.Errorf("%v: %q", oids, got)
		}
	}
	if got := ExclusiveLocks(t.Context(), conn, []uint32{b}); got != "" {
		t.Errorf("nobody locks b, but %s", got)
	}
}

func execute(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}
