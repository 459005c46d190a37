package transfer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// inventory is all that is in a database by its OIDs: what was dropped and made anew differs.
func inventory(t *testing.T, url string) string {
	t.Helper()
	var queries []string
	for _, table := range []string{
		"pg_class", "pg_proc", "pg_type", "pg_namespace", "pg_extension", "pg_event_trigger", "pg_largeobject_metadata", "pg_default_acl",
		"pg_cast", "pg_publication", "pg_trigger", "pg_constraint", "pg_foreign_server", "pg_transform", "pg_statistic_ext",
	} {
		queries = append(queries, "SELECT '"+table+"', count(*), coalesce(sum(oid::int8), 0) FROM "+table)
	}
	return pgtest.Scalar[string](t, url, "SELECT string_agg(x::text, ' ') FROM ("+strings.Join(queries, " UNION ALL ")+") x")
}

// installed are the extensions with their OIDs.
func installed(t *testing.T, url string) string {
	t.Helper()
	return pgtest.Scalar[string](t, url, "SELECT string_agg(oid || ' ' || extname, ',' ORDER BY extname) FROM pg_extension")
}

// What options do to the kitchen sink, on one pair of servers.
func TestKitchenSinkOptions(t *testing.T) {
	t.Parallel()
	source, target := sinkServers(t)
	pgtest.Exec(t, source.URL("postgres"), "CREATE DATABASE sink")
	fillSink(t, source.URL("sink"))
	dropSubscription(t, source.URL("sink"))
	pgtest.Exec(t, source.URL("postgres"), "CREATE DATABASE again TEMPLATE sink")
	for name, test := range map[string]func(t *testing.T, source, target *cluster.Cluster){
		"clean": cleanSink, "clean extension rows": cleanExtensionRows, "data only": dataOnlySink, "limited": limitedSink,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, source, target)
		})
	}
}

func dropSubscription(t *testing.T, url string) {
	t.Helper()
	pgtest.Exec(t, url, `SET ks.allow_ddl = 'on'; ALTER SUBSCRIPTION "ks subscription" SET (slot_name = NONE); DROP SUBSCRIPTION "ks subscription"`)
}

// Whatever was in the target is gone after --clean, and the copy is what it would be in an empty database: here a whole
// kitchen sink and a regression database, with event triggers that forbid to drop anything. Extensions stay the very
// ones that they were.
func cleanSink(t *testing.T, source, target *cluster.Cluster) {
	src, dst := source.URL("sink"), pgtest.DatabaseOn(t, target)
	pgtest.Restore(t, dst, "testdata/regression15.dump")
	pgtest.Exec(t, dst, "DROP TRANSFORM FOR integer LANGUAGE sql CASCADE") // which both have
	// privileges on what is no user object stay
	pgtest.Exec(t, dst, `
		REVOKE SELECT (rolname, rolsuper) ON pg_authid FROM postgres; REVOKE SELECT (prosrc) ON pg_proc FROM postgres;
		REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
	fillSink(t, dst)
	pgtest.Exec(t, dst, "UPDATE pg_database SET datacl = NULL WHERE datname = current_database()")
	before := installed(t, dst)

	opt := Options{Source: src, Target: dst, Jobs: 4, Clean: true, Confirm: databaseName(dst)}
	was := inventory(t, dst)
	_, err := Copy(t.Context(), opt)
	refused(t, err, "subscription", `"ks subscription"`, "drop it first")
	if inventory(t, dst) != was {
		t.Error("the target was changed")
	}
	dropSubscription(t, dst)
	copyOK(t, opt)
	pgtest.DBDiff(t, src, dst, "-S")
	if after := installed(t, dst); after != before {
		t.Errorf("extensions %s\nwere    %s", after, before)
	}
}

// The rows that users added to an extension's tables go, too, and those that belong to the extension stay.
func cleanExtensionRows(t *testing.T, source, target *cluster.Cluster) {
	src, dst := pgtest.DatabaseOn(t, source), pgtest.DatabaseOn(t, target)
	pgtest.Exec(t, src, "CREATE EXTENSION pgsluice_conf; INSERT INTO pgsluice_conf.region VALUES ('a', 'A'); INSERT INTO pgsluice_conf.setting VALUES (1, 'a', 'source')")
	pgtest.Exec(t, dst, "CREATE EXTENSION pgsluice_conf; INSERT INTO pgsluice_conf.region VALUES ('a', 'B'), ('b', 'B'); INSERT INTO pgsluice_conf.setting VALUES (1, 'b', 'x'), (2, 'eu', 'y')")
	was := installed(t, dst)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: databaseName(dst)})
	pgtest.DBDiff(t, src, dst)
	if installed(t, dst) != was {
		t.Error("the extension was made anew")
	}
}

// What is not confirmed by the right name, or can't go on after it, leaves the target as it is.
func TestCleanLeavesTheTarget(t *testing.T) {
	t.Parallel()
	src, _ := shops(t)
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, dst, shop)
	lacking := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, lacking, "CREATE TABLE t (); ALTER TABLE t OWNER TO "+pgtest.Role(t, pgtest.Server(t), "missing"))
	failing := filepath.Join(t.TempDir(), "pg_dump")
	own, err := pgtest.Programs(t).Path("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(failing, []byte("#!/bin/sh\n[ $# = 1 ] && exec "+own+" \"$@\"\necho 'pg_dump: error: it had enough' >&2; exit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	name, was := databaseName(dst), inventory(t, dst)
	for _, tt := range []struct {
		name  string
		opt   Options
		words []string
	}{
		{"not confirmed", Options{Source: src, Target: dst, Jobs: 1, Clean: true}, []string{"--confirm"}},
		{"another name", Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: "shop"}, []string{`"shop"`, name, "nothing was dropped"}},
		{"the source's name", Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: databaseName(src)}, []string{name, "nothing was dropped"}},
		{"not asked for", Options{Source: src, Target: dst, Jobs: 1}, []string{"not empty", "--clean"}},
		{"a missing role", Options{Source: lacking, Target: dst, Clean: true, Confirm: name}, []string{"missing_", "roles"}},
		{"no pg_dump", Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: name, PgDump: "/nowhere/pg_dump"}, []string{"/nowhere/pg_dump"}},
		{"pg_dump fails", Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: name, PgDump: failing}, []string{"it had enough"}},
		{"source is target", Options{Source: dst, Target: dst, Clean: true, Confirm: name}, []string{"same database"}},
		{"no source", Options{Source: "host=/nowhere dbname=x", Target: dst, Clean: true, Confirm: name}, []string{"source", "/nowhere"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Copy(t.Context(), tt.opt)
			refused(t, err, tt.words...)
			if now := inventory(t, dst); now != was {
				t.Errorf("the target was changed:\n%s\n%s", was, now)
			}
		})
	}
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: name})
	pgtest.DBDiff(t, src, dst, "-S")
}

// An extension that would go with a user object keeps all of them.
func TestCleanKeepsExtensions(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	for name, tt := range map[string]struct{ sql, word string }{
		"by an object": {`
			CREATE EXTENSION hstore; CREATE TABLE t (h hstore); CREATE TYPE mine AS (a int);
			CREATE FUNCTION f() RETURNS mine LANGUAGE sql AS 'SELECT NULL::mine'; ALTER EXTENSION hstore ADD FUNCTION f()`, "hstore"},
		"by its schema": {"CREATE SCHEMA provider; CREATE EXTENSION citext SCHEMA provider; CREATE TABLE provider.t ()", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.DatabaseOn(t, pgtest.Second(t))
			pgtest.Exec(t, dst, tt.sql)
			was := inventory(t, dst)
			_, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: databaseName(dst)})
			if tt.word == "" {
				if err != nil {
					t.Error(err)
				}
				untouched(t, dst)
				return
			}
			refused(t, err, "--clean", "extension "+tt.word, "nothing was dropped")
			if inventory(t, dst) != was {
				t.Error("the target was changed")
			}
		})
	}
}

// Who may not drop one object drops none.
func TestCleanWithoutTheRight(t *testing.T) {
	t.Parallel()
	second := pgtest.Second(t)
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, second)
	role := pgtest.Role(t, second, "owner")
	pgtest.Exec(t, dst, "ALTER DATABASE "+databaseName(dst)+" OWNER TO "+role+"; CREATE SCHEMA not_his; CREATE TABLE not_his.t ()")
	asOwner := strings.Replace(dst, "postgres@", role+"@", 1)
	pgtest.Exec(t, asOwner, "CREATE TABLE his (); CREATE SCHEMA his")
	was := inventory(t, dst)
	opt := Options{Source: src, Target: asOwner, Jobs: 1, Clean: true, Confirm: databaseName(dst), NoOwner: true, NoACL: true}
	_, err := Copy(t.Context(), opt)
	refused(t, err, "--clean", "not_his", "must be owner", "nothing was dropped")
	if inventory(t, dst) != was {
		t.Error("the target was changed")
	}
	pgtest.Exec(t, dst, "DROP SCHEMA not_his CASCADE")
	copyOK(t, opt)
	untouched(t, dst)
}

// A name that the source's encoding does not know is dropped like any other.
func TestCleanOfAnotherEncoding(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t), "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, dst, `CREATE TABLE "🐘 слон" (); CREATE SCHEMA "日本"`)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: databaseName(dst)})
	untouched(t, dst)
}

// Kinds of objects that are rare, an event trigger that forbids everything among them.
func TestCleanEachKind(t *testing.T) {
	t.Parallel()
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, dst, `
		SET client_min_messages = error; CREATE FUNCTION handler() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no % here', tg_tag; END$$;
		CREATE TABLE t (id int); CREATE LANGUAGE "my language" HANDLER plpgsql_call_handler; CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
		CREATE TRANSFORM FOR int LANGUAGE "my language" (FROM SQL WITH FUNCTION prsd_lextype(internal));
		CREATE OPERATOR FAMILY of USING btree; CREATE OPERATOR CLASS oc FOR TYPE int USING btree FAMILY of AS STORAGE int;
		CREATE OPERATOR @#@ (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int); CREATE OPERATOR @#@ (FUNCTION = int4um, RIGHTARG = int);
		CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
		CREATE TEXT SEARCH TEMPLATE tt (LEXIZE = dsimple_lexize); CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = tt); CREATE TEXT SEARCH CONFIGURATION c (PARSER = p);
		CREATE COLLATION co FROM "C"; CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
		CREATE CAST (point AS int) WITH INOUT;
		CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER s; CREATE FOREIGN TABLE ft (id int) SERVER s;
		CREATE PUBLICATION pub FOR ALL TABLES;
		ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO PUBLIC;
		CREATE EVENT TRIGGER "last; one" ON ddl_command_start EXECUTE FUNCTION handler()`)
	src := pgtest.Database(t)
	was := pgtest.Scalar[string](t, src, "SELECT count(*)::text FROM pg_conversion") + pgtest.Scalar[string](t, src, "SELECT count(*)::text FROM pg_opfamily")
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: databaseName(dst)})
	untouched(t, dst)
	if now := pgtest.Scalar[string](t, dst, "SELECT count(*)::text FROM pg_conversion") + pgtest.Scalar[string](t, dst, "SELECT count(*)::text FROM pg_opfamily"); now != was {
		t.Errorf("conversions and operator families: %s, in a new database %s", now, was)
	}
	pgtest.DBDiff(t, src, dst)
}
