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
	if r := s.Relations[plain]; r == nil || r.Bytes < 1e6 || r.Bytes > 2e6 || r.Unlogged || r.Filter != "" || r.Parent != 0 {
		t.Errorf("plain: %+v", r)
	}
	if r := s.Relations[top]; r == nil || r.Bytes != 0 {
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

// Of an extension's configuration tables only the user's rows count.
func TestConfigurationRows(t *testing.T) {
	t.Parallel()
	programs := pgtest.WithExtension(t, pgtest.Programs(t), "../transfer/testdata/extension")
	url := pgtest.New(t, cluster.Options{Programs: programs}).URL("postgres")
	pgtest.Exec(t, url, "CREATE EXTENSION pgsluice_conf")
	conn := connect(t, url)
	state, err := ReadTables(t.Context(), conn, []string{"pgsluice_conf.region", "pgsluice_conf.setting"})
	if err != nil || state.NotEmpty != "" || state.Guarded != "pgsluice_conf.region" {
		t.Errorf("at first %+v, error %v", state, err)
	}
	if got, err := ConfigurationRows(t.Context(), conn); err != nil || len(got) > 0 {
		t.Errorf("at first %q, error %v", got, err)
	}
	pgtest.Exec(t, url, "INSERT INTO pgsluice_conf.region VALUES ('x', 'X')")
	got, err := ConfigurationRows(t.Context(), conn)
	if err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "DELETE FROM ONLY pgsluice_conf.region WHERE NOT builtin") {
		t.Errorf("then %q, error %v", got, err)
	}
	state, err = ReadTables(t.Context(), conn, []string{"pgsluice_conf.setting", "pgsluice_conf.region"})
	if err != nil || state.NotEmpty != "pgsluice_conf.region" {
		t.Errorf("then %+v, error %v", state, err)
	}
	pgtest.Exec(t, url, "CREATE ROLE stranger LOGIN")
	got, err = ConfigurationRows(t.Context(), connect(t, strings.Replace(url, "postgres@", "stranger@", 1)))
	if err != nil || len(got) > 0 {
		t.Errorf("a stranger sees %q, error %v", got, err)
	}
}

// Policies bind who is neither the owner nor exempt, and the owner where they are forced.
func TestRowSecurity(t *testing.T) {
	t.Parallel()
	c := pgtest.Server(t)
	url := pgtest.Database(t)
	role := pgtest.Role(t, c, "owner")
	pgtest.Exec(t, url, strings.ReplaceAll(`
		CREATE TABLE open (); CREATE TABLE enabled (); ALTER TABLE enabled ENABLE ROW LEVEL SECURITY;
		CREATE TABLE forced (); ALTER TABLE forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
		CREATE TABLE others (); ALTER TABLE others ENABLE ROW LEVEL SECURITY;
		ALTER TABLE open OWNER TO @; ALTER TABLE enabled OWNER TO @; ALTER TABLE forced OWNER TO @`, "@", role))
	var oids []uint32
	for _, table := range []string{"open", "enabled", "forced", "others"} {
		oids = append(oids, oidOf(t, url, table))
	}
	for who, want := range map[string][]string{"postgres@": {}, role + "@": {"public.forced", "public.others"}} {
		conn, err := OpenSession(t.Context(), parse(t, strings.Replace(url, "postgres@", who, 1)), SessionOptions{Application: "x"})
		if err != nil {
			t.Fatal(err)
		}
		got, err := RowSecurity(t.Context(), conn, oids)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, error %v, want %q", who, got, err, want)
		}
		Close(t.Context(), conn)
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
		CREATE TABLE renamed (); CREATE TABLE swapped (); CREATE TABLE other ();
		CREATE MATERIALIZED VIEW refreshed AS SELECT 1 AS a`)
	names := []string{
		"public.kept", "public.truncated", `public."re ""written"`, "public.clustered", "public.parted", "public.empty", "public.refreshed",
		"public.renamed", "public.swapped",
	}
	var oids []uint32
	for _, name := range names {
		oids = append(oids, oidOf(t, url, name))
	}
	conn := under(t, url)
	if got, err := Rewritten(t.Context(), conn, oids, names); err != nil || len(got) > 0 {
		t.Fatalf("at first %q, error %v", got, err)
	}
	pgtest.Exec(t, url, `
		INSERT INTO kept VALUES (2); ALTER TABLE kept ADD b text DEFAULT 'x'; TRUNCATE truncated; CLUSTER clustered USING clustered_pkey;
		ALTER TABLE "re ""written" ALTER a TYPE bigint; REFRESH MATERIALIZED VIEW refreshed; ANALYZE kept;
		ALTER TABLE renamed RENAME TO another; ALTER TABLE swapped RENAME TO was; ALTER TABLE other RENAME TO swapped`)
	got, err := Rewritten(t.Context(), conn, oids, names)
	slices.Sort(got)
	want := []string{`public."re ""written"`, "public.clustered", "public.refreshed", "public.renamed", "public.swapped", "public.truncated"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("rewritten %q, error %v, want %q", got, err, want)
	}
	if got, err := Rewritten(t.Context(), conn, nil, nil); err != nil || len(got) > 0 {
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
		if !strings.Contains(got, "pgsluice holder") || !strings.Contains(got, ": LOCK)") {
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
