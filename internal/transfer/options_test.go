package transfer

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/catalog"
	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// shop is a database with a bit of each kind that an option is about. Its roles are shopRoles'.
const shop = `
	CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
	CREATE TABLE orders (id bigserial PRIMARY KEY, customer int NOT NULL REFERENCES customer, amount numeric(9, 2));
	INSERT INTO customer (name) SELECT 'name ' || g FROM generate_series(1, 200) g;
	INSERT INTO orders (customer, amount) SELECT g % 200 + 1, g / 7.0 FROM generate_series(1, 3000) g;
	CREATE INDEX orders_customer ON orders (customer);
	CREATE TABLE untouched (id serial PRIMARY KEY);
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'a trigger fired'; END$$;
	CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse();
	CREATE VIEW big AS SELECT * FROM orders WHERE amount > 100;
	CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(amount) AS total FROM orders GROUP BY customer;
	CREATE UNIQUE INDEX ON totals (customer);
	CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS x WITH NO DATA;
	CREATE PUBLICATION pub FOR TABLE customer;
	SELECT lo_from_bytea(4711, '\x00ff'), lo_create(4712);
	COMMENT ON LARGE OBJECT 4711 IS 'large';
	GRANT SELECT ON LARGE OBJECT 4712 TO shop_reader;
	COMMENT ON TABLE customer IS 'people';
	COMMENT ON COLUMN orders.amount IS 'euro';
	COMMENT ON PUBLICATION pub IS 'all';
	ALTER TABLE orders OWNER TO shop_owner;
	ALTER FUNCTION refuse() OWNER TO shop_owner;
	GRANT SELECT ON customer, big TO shop_reader;
	GRANT SELECT (amount) ON orders TO shop_reader;
	ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT SELECT ON TABLES TO shop_reader;
	DO $$
	DECLARE db text := quote_ident(current_database());
	BEGIN
		EXECUTE 'ALTER DATABASE ' || db || ' SET work_mem = ''7MB''';
		EXECUTE 'ALTER DATABASE ' || db || ' SET statement_timeout = ''5min''';
		EXECUTE 'COMMENT ON DATABASE ' || db || ' IS ''the shop''';
		EXECUTE 'GRANT CREATE ON DATABASE ' || db || ' TO shop_reader';
	END$$`

// shopRoles makes the roles of the shop, if the server has not got them yet.
func shopRoles(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	for _, role := range []string{"shop_owner", "shop_reader"} {
		pgtest.Exec(t, c.URL("postgres"), `
			SELECT pg_advisory_xact_lock(4711);
			DO $$BEGIN CREATE ROLE `+role+`; EXCEPTION WHEN duplicate_object THEN NULL; END$$`)
	}
}

// shops are a shop and an empty database for it on another server that knows its roles.
func shops(t *testing.T) (src, dst string) {
	t.Helper()
	shopRoles(t, pgtest.Server(t))
	shopRoles(t, pgtest.Second(t))
	src, dst = pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, src, shop)
	return src, dst
}

// number is one number that a query gives.
func number(t *testing.T, url, sql string) int {
	t.Helper()
	return pgtest.Scalar[int](t, url, "SELECT ("+sql+")::int")
}

func TestSchemaOnly(t *testing.T) {
	t.Parallel()
	src, dst := shops(t)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, SchemaOnly: true})
	for what, query := range map[string]string{
		"rows": "SELECT count(*) FROM (SELECT FROM customer UNION ALL SELECT FROM orders) r", "large objects": "SELECT count(*) FROM pg_largeobject_metadata",
		"sequence values": "SELECT count(*) FROM pg_sequences WHERE last_value IS NOT NULL", "filled views": "SELECT count(*) FROM pg_matviews WHERE ispopulated",
	} {
		if n := number(t, dst, query); n != 0 {
			t.Errorf("%d %s were copied", n, what)
		}
	}
	pgtest.Exec(t, src, "REFRESH MATERIALIZED VIEW totals WITH NO DATA") // the one thing about the schema that data decides
	pgtest.DBDiff(t, src, dst, "-s", "-S")
}

// A copy in two steps is a copy.
func TestSchemaThenData(t *testing.T) {
	t.Parallel()
	src, dst := shops(t)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, SchemaOnly: true})
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, DataOnly: true})
	pgtest.DBDiff(t, src, dst, "-S")
}

func TestNoOwnerNoACL(t *testing.T) {
	t.Parallel()
	src, dst := shops(t)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, NoOwner: true, NoACL: true})
	pgtest.DBDiff(t, src, dst, "-n")
	if n := number(t, dst, "SELECT count(*) FROM pg_class WHERE relowner <> 10"); n > 0 {
		t.Errorf("%d relations got an owner", n)
	}
	if n := number(t, dst, `
		SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relacl IS NOT NULL) + (SELECT count(*) FROM pg_default_acl)
		     + (SELECT count(*) FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384)
		     + (SELECT count(*) FROM pg_largeobject_metadata WHERE lomacl IS NOT NULL)
		     + (SELECT count(*) FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL)`); n > 0 {
		t.Errorf("%d privileges were copied", n)
	}
}

// Each of these leaves out its own part, and nothing else.
func TestNoOwnerKeepsPrivileges(t *testing.T) {
	t.Parallel()
	src, dst := shops(t)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, NoOwner: true})
	if n := number(t, dst, "SELECT count(*) FROM pg_class WHERE relowner <> 10"); n > 0 {
		t.Errorf("%d relations got an owner", n)
	}
	if !pgtest.Scalar[bool](t, dst, "SELECT has_table_privilege('shop_reader', 'customer', 'SELECT')") {
		t.Error("privileges are missing")
	}
}

func TestNoACLKeepsOwners(t *testing.T) {
	t.Parallel()
	src, dst := shops(t)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, NoACL: true})
	if pgtest.Scalar[bool](t, dst, "SELECT has_table_privilege('shop_reader', 'customer', 'SELECT')") {
		t.Error("privileges were copied")
	}
	if n := number(t, dst, "SELECT count(*) FROM pg_class WHERE relowner = 'shop_owner'::regrole AND relname = 'orders'"); n != 1 {
		t.Error("the owner is missing")
	}
}

func TestNoComments(t *testing.T) {
	t.Parallel()
	src, dst := shops(t)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, NoComments: true})
	const comments = `
		SELECT (SELECT count(*) FROM pg_description WHERE objoid >= 16384 OR classoid = 'pg_largeobject'::regclass)
		     + (SELECT count(*) FROM pg_shdescription s JOIN pg_database d ON d.oid = s.objoid AND d.datname = current_database())`
	if n := number(t, src, comments); n != 5 {
		t.Fatalf("the source has %d comments", n)
	}
	if n := number(t, dst, comments); n > 0 {
		t.Errorf("%d comments were copied", n)
	}
	pgtest.Exec(t, src, "COMMENT ON LARGE OBJECT 4711 IS NULL")
	pgtest.DBDiff(t, src, dst, "-d")
}

func TestNoPublications(t *testing.T) {
	t.Parallel()
	src, dst := shops(t)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, NoPublications: true})
	if n := number(t, dst, "SELECT count(*) FROM pg_publication"); n > 0 {
		t.Errorf("%d publications were copied", n)
	}
	pgtest.Exec(t, src, "DROP PUBLICATION pub")
	pgtest.DBDiff(t, src, dst, "-S")
}

func TestNoDBSettings(t *testing.T) {
	t.Parallel()
	src, dst := shops(t)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, NoDBSettings: true})
	if n := number(t, dst, `
		SELECT (SELECT count(*) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid)
		     + (SELECT count(*) FROM pg_shdescription s WHERE s.objoid = d.oid) + (d.datacl IS NOT NULL)::int
		  FROM pg_database d WHERE datname = current_database()`); n > 0 {
		t.Errorf("%d settings of the database were copied", n)
	}
	pgtest.DBDiff(t, src, dst)
}

// tablespace makes a tablespace on a server, in a folder of the server's user.
func tablespace(t *testing.T, c *cluster.Cluster, name string) {
	t.Helper()
	// the server makes the folder itself, inside of its own: it is removed with it
	pgtest.Shell(t, c.URL("postgres"), "mkdir "+filepath.Join(c.Dir(), name))
	pgtest.Exec(t, c.URL("postgres"), "CREATE TABLESPACE "+name+" LOCATION '"+filepath.Join(c.Dir(), name)+"'")
}

func TestTablespaces(t *testing.T) {
	t.Parallel()
	source, target := pgtest.New(t, cluster.Options{}), pgtest.New(t, cluster.Options{})
	tablespace(t, source, "fast_disk")
	src := source.URL("postgres")
	pgtest.Exec(t, src, `
		CREATE TABLE a (id int PRIMARY KEY USING INDEX TABLESPACE fast_disk) TABLESPACE fast_disk; CREATE TABLE b (id int);
		CREATE INDEX ON b (id) TABLESPACE fast_disk; CREATE MATERIALIZED VIEW m TABLESPACE fast_disk AS SELECT 1 AS x; CREATE INDEX ON m (x);
		CREATE TABLE p (id int) PARTITION BY LIST (id) TABLESPACE fast_disk; CREATE TABLE p1 PARTITION OF p DEFAULT;
		INSERT INTO a VALUES (1)`)
	for _, name := range []string{"refused", "plain", "alike"} {
		pgtest.Exec(t, target.URL("postgres"), "CREATE DATABASE "+name)
	}
	_, err := Copy(t.Context(), Options{Source: src, Target: target.URL("refused"), Jobs: 1})
	if !IsRefused(err) || !strings.Contains(err.Error(), "tablespaces fast_disk") || !strings.Contains(err.Error(), "--no-tablespaces") {
		t.Errorf("a missing tablespace: %v", err)
	}
	untouched(t, target.URL("refused"))
	copyOK(t, Options{Source: src, Target: target.URL("plain"), Jobs: 1, NoTablespaces: true})
	if n := number(t, target.URL("plain"), "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b', 'm', 'p', 'p1')"); n != 5 {
		t.Errorf("%d tables are there", n)
	}
	tablespace(t, target, "fast_disk")
	dst := target.URL("alike")
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1})
	pgtest.DBDiff(t, src, dst)
	const there = "SELECT count(*) FROM pg_class WHERE reltablespace = (SELECT oid FROM pg_tablespace WHERE spcname = 'fast_disk') AND relkind <> 't'"
	if got, want := number(t, dst, there), number(t, src, there); got != want || want < 6 {
		t.Errorf("%d relations are in the tablespace, on the source %d", got, want)
	}
}

// Subscriptions stay behind unless they are asked for, and the report says so.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, `
		CREATE TABLE t (id int PRIMARY KEY);
		CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 port=1 password=sekret' PUBLICATION p WITH (connect = false, enabled = false);
		COMMENT ON SUBSCRIPTION sub IS 'far away'`)
	unsubscribe(t, src)
	for _, wanted := range []bool{false, true} {
		dst := pgtest.DatabaseOn(t, pgtest.Second(t))
		unsubscribe(t, dst)
		tracker := progress.New()
		copyOK(t, Options{Source: src, Target: dst, Jobs: 1, Subscriptions: wanted, Progress: tracker})
		const own = "SELECT count(*) FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
		left := slices.DeleteFunc(slices.Clone(tracker.Snapshot().LeftOut), func(l progress.LeftOut) bool { return !strings.HasPrefix(l.Object, "subscription ") })
		if got := number(t, dst, own) == 1; got != wanted {
			t.Errorf("wanted %v, got %v", wanted, got)
		}
		switch {
		case wanted && len(left) > 0, !wanted && (len(left) != 1 || left[0].Object != "subscription sub" || !strings.Contains(left[0].Reason, "--subscriptions")):
			t.Errorf("wanted %v, left out %+v", wanted, left)
		case wanted:
			pgtest.DBDiff(t, src, dst)
			if n := number(t, dst, "SELECT count(*) FROM pg_subscription WHERE subname = 'sub' AND subenabled"); n > 0 {
				t.Error("the subscription is enabled")
			}
		}
	}
}

// unsubscribe drops the subscription at the end: a database that has one can't be dropped.
func unsubscribe(t *testing.T, url string) {
	t.Helper()
	t.Cleanup(func() {
		for _, sql := range []string{"ALTER SUBSCRIPTION sub SET (slot_name = NONE)", "DROP SUBSCRIPTION sub"} {
			_ = pgtest.Run(context.Background(), url, sql) // there is none where none was wanted
		}
	})
}

// No more bytes a second than the limit, on all streams together: a copy can't be over sooner.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	const tables, rows, width = 4, 1000, 500
	for _, name := range []string{"a", "b", "c", "d"} {
		pgtest.Exec(t, src, "CREATE TABLE "+name+" AS SELECT repeat('x', 499) AS t FROM generate_series(1, 1000)")
	}
	const limit = tables * rows * width // in one second
	tracker := progress.New()
	began := time.Now()
	copyOK(t, Options{Source: src, Target: dst, Jobs: 4, Format: FormatText, Limiter: NewLimiter(limit), Progress: tracker})
	if took := time.Since(began); took < 900*time.Millisecond { // 50 ms may be saved up
		t.Errorf("%d bytes took %s at %d bytes a second", tables*rows*width, took, limit)
	}
	if got := tracker.Snapshot().Data.Bytes; got != limit {
		t.Errorf("%d bytes were counted, want %d", got, limit)
	}
}

// An object whose role is missing is made all the same, and listed.
func TestOnErrorWithAMissingRole(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	role := pgtest.Role(t, pgtest.Server(t), "only here")
	pgtest.Exec(t, src, `CREATE TABLE t AS SELECT 1 AS id; ALTER TABLE t OWNER TO "`+role+`"; GRANT SELECT ON t TO PUBLIC; CREATE TABLE u ()`)
	tracker := progress.New()
	result, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1, OnError: Continue, Progress: tracker})
	if err != nil {
		t.Fatal(err)
	}
	failures := tracker.Snapshot().Failures
	if result.Failed == 0 || result.Failed != len(failures) {
		t.Errorf("%d failed, %d are listed", result.Failed, len(failures))
	}
	if !slices.ContainsFunc(failures, func(f progress.FinishedTask) bool {
		return f.Task.Name == "public.t" && strings.Contains(f.Error, role) && strings.Contains(f.Error, "owner")
	}) {
		t.Errorf("failures %+v", failures)
	}
	if n := number(t, dst, "SELECT sum(id) FROM t, (SELECT 'u'::regclass) u"); n != 1 {
		t.Errorf("the sum of t is %d", n)
	}
}

// The pg_dump that is given is the one that is used, and one that does not fit is refused with what would.
func TestPgDump(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	old := filepath.Join(t.TempDir(), "pg_dump")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho 'pg_dump (PostgreSQL) 11.2'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string][]string{
		old:                {old, "11.2", "older than the source server", "postgresql-client-"},
		"/nowhere/pg_dump": {"--pg-dump /nowhere/pg_dump", "no such file"},
	} {
		_, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1, PgDump: path})
		if !IsRefused(err) {
			t.Errorf("%s: %v", path, err)
			continue
		}
		for _, part := range says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q is missing in: %v", part, err)
			}
		}
	}
	own, err := pgtest.Programs(t).Path("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	result := copyOK(t, Options{Source: src, Target: dst, Jobs: 1, PgDump: own})
	if result.PgDumpPath != own || result.PgDumpVersion == "" {
		t.Errorf("used %q, version %q", result.PgDumpPath, result.PgDumpVersion)
	}
}

func TestOptionsThatContradict(t *testing.T) {
	t.Parallel()
	for says, opt := range map[string]Options{
		"--jobs": {Jobs: -1}, "--index-jobs": {IndexJobs: -1}, "--index-memory": {IndexMemory: -1}, "--total-jobs": {TotalJobs: -1}, "exclude each other": {SchemaOnly: true, DataOnly: true},
		"--clean drops the tables": {Clean: true, Confirm: "x", DataOnly: true}, "confirm it with --confirm": {Clean: true},
		"goes with --clean": {Confirm: "x"},
	} {
		_, err := Copy(t.Context(), opt)
		if !IsRefused(err) || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

// untouched demands a target without any user object.
func untouched(t *testing.T, url string) {
	t.Helper()
	a, err := catalog.ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := a.Connect(t.Context(), "pgsluice test", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	objects, err := catalog.UserObjects(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) > 0 {
		t.Errorf("the target was changed: it has %s", catalog.Summary(objects))
	}
}
