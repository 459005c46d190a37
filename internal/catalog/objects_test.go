package catalog

import (
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
)

func userObjects(t *testing.T, url string) []string {
	t.Helper()
	objects, err := UserObjects(t.Context(), connect(t, url))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = o.Type + " " + o.Identity
	}
	slices.Sort(names)
	return names
}

// A new database has no user objects, also where the provider put extensions into it, and into schemas for them.
func TestUserObjectsOfANewDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	if got := userObjects(t, url); len(got) > 0 {
		t.Errorf("an empty database has %q", got)
	}
	pgtest.Exec(t, url, `
		CREATE SCHEMA provider; CREATE EXTENSION hstore SCHEMA provider; CREATE EXTENSION postgres_fdw; CREATE EXTENSION citext;
		CREATE TABLE pg_temp.t ()`)
	if got := userObjects(t, url); len(got) > 0 {
		t.Errorf("a database with extensions has %q", got)
	}
}

// Each object is found by the words of PostgreSQL, and one that is part of another is not.
func TestUserObjects(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `
		CREATE SCHEMA s; CREATE SCHEMA provider; CREATE EXTENSION hstore SCHEMA provider;
		CREATE TABLE s.t (id serial PRIMARY KEY, g int GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE (id);
		CREATE TABLE s.p PARTITION OF s.t FOR VALUES FROM (1) TO (2);
		CREATE TABLE provider.t (h provider.hstore);
		CREATE SEQUENCE s.alone;
		CREATE VIEW s.v AS SELECT 1 AS x; CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS x;
		CREATE TYPE s.e AS ENUM ('a'); CREATE TYPE s.c AS (a int); CREATE DOMAIN s.d AS int; CREATE TYPE s.r AS RANGE (SUBTYPE = int);
		CREATE FUNCTION s.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE AGGREGATE s.a (int) (SFUNC = int4pl, STYPE = int);
		CREATE CAST (s.e AS int) WITH INOUT;
		CREATE PUBLICATION pub;
		CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w;
		CREATE STATISTICS s.st ON id, g FROM s.t;
		ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
		SELECT lo_create(7), lo_create(99999)`)
	want := []string{
		"aggregate s.a(integer)", "cast (s.e AS integer)", "default acl for role postgres on tables", "foreign-data wrapper w",
		"function s.f(integer)", "large object 7", "large object 99999", "materialized view s.m", "publication pub", "schema s",
		"sequence s.alone", "sequence s.t_id_seq", "server srv", "statistics object s.st", "table provider.t", "table s.t", "type s.c", "type s.d", "type s.e",
		"type s.r", "view s.v",
	}
	got := userObjects(t, url)
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("%q is no object of its own", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%q is not found", w)
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	table := UserObject{Type: "table", Identity: "public.a"}
	for _, tt := range []struct {
		objects []UserObject
		want    string
	}{
		{nil, ""},
		{[]UserObject{table}, "1 table; for example table public.a"},
		{[]UserObject{{Type: "view", Identity: "v"}, table, table}, "2 tables, 1 view; for example view v"},
		{
			[]UserObject{table, {Type: "a"}, {Type: "b"}, {Type: "c"}, {Type: "d"}, {Type: "text search dictionary"}},
			"1 table, 1 a, 1 b, 1 c, …; for example table public.a",
		},
	} {
		if got := Summary(tt.objects); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestMissingRoles(t *testing.T) {
	t.Parallel()
	got, err := MissingRoles(t.Context(), connect(t, pgtest.Database(t)), []string{"postgres", `no"body`, "pg_monitor", "a, b"})
	if err != nil || !slices.Equal(got, []string{"a, b", `no"body`}) {
		t.Errorf("missing %q, error %v", got, err)
	}
}

func TestMissingTablespaces(t *testing.T) {
	t.Parallel()
	got, err := MissingTablespaces(t.Context(), connect(t, pgtest.Database(t)), []string{"pg_default", "fast disk"})
	if err != nil || !slices.Equal(got, []string{"fast disk"}) {
		t.Errorf("missing %q, error %v", got, err)
	}
}

func TestReadTables(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `
		CREATE TABLE empty (); CREATE TABLE "full; up" AS SELECT 1;
		CREATE TABLE guarded (id int PRIMARY KEY REFERENCES guarded);
		CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (1);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
		CREATE TABLE off (); CREATE TRIGGER t AFTER INSERT ON off EXECUTE FUNCTION f(); ALTER TABLE off DISABLE TRIGGER t;
		CREATE TABLE always (); CREATE TRIGGER t AFTER INSERT ON always EXECUTE FUNCTION f(); ALTER TABLE always ENABLE ALWAYS TRIGGER t;
		CREATE TABLE replica (); CREATE TRIGGER t AFTER INSERT ON replica EXECUTE FUNCTION f(); ALTER TABLE replica ENABLE REPLICA TRIGGER t`)
	conn := connect(t, url)
	for _, tt := range []struct {
		tables string
		want   TableState
	}{
		{"", TableState{}},
		{`public.empty public.off`, TableState{}},
		{`public.empty public.gone public.guarded`, TableState{Missing: "public.gone", Guarded: "public.guarded"}},
		{`public.empty public.guarded`, TableState{Guarded: "public.guarded"}},
		{`public.parent`, TableState{}}, // the child's row is the child's
		{`public.child`, TableState{NotEmpty: "public.child"}},
		{`public.always`, TableState{Guarded: "public.always", Replica: "public.always"}},
		{`public.empty public.replica`, TableState{Replica: "public.replica"}},
	} {
		got, err := ReadTables(t.Context(), conn, strings.Fields(tt.tables))
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, error %v, want %+v", tt.tables, got, err, tt.want)
		}
	}
	got, err := ReadTables(t.Context(), conn, []string{"public.empty", `public."full; up"`})
	if err != nil || got.NotEmpty != `public."full; up"` {
		t.Errorf("%+v, error %v", got, err)
	}
}
