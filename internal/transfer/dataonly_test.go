package transfer

import (
	"fmt"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// preparedFor makes the schema of src, and nothing else, in a new database on another server.
func preparedFor(t *testing.T, src string) string {
	t.Helper()
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, SchemaOnly: true})
	return dst
}

// refused demands a refusal with these words, in one line or one for each thing.
func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Error("not refused")
		return
	}
	if !IsRefused(err) {
		t.Errorf("not a refusal: %v", err)
	}
	if text := err.Error(); strings.Contains(text, "\n") && !strings.Contains(text, "things stand in the way:\n") {
		t.Errorf("more than a sentence: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q is missing in: %v", w, err)
		}
	}
}

// Tables that are there must all be there, and empty; otherwise nothing is loaded.
func TestDataOnlyRefuses(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, `
		CREATE TABLE a AS SELECT 1 AS id; CREATE TABLE "b; c" AS SELECT 2 AS id; CREATE TABLE last (id int);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`)
	dst := preparedFor(t, src)
	const trigger = "CREATE TRIGGER x BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE a ENABLE "
	for _, tt := range []struct {
		do, undo string
		words    []string
	}{
		{`ALTER TABLE "b; c" RENAME TO d`, `ALTER TABLE d RENAME TO "b; c"`, []string{`public."b; c"`, "does not exist"}},
		{"INSERT INTO last VALUES (1)", "TRUNCATE last", []string{"public.last", "not empty"}},
		{trigger + "ALWAYS TRIGGER x", "DROP TRIGGER x ON a", []string{"public.a", "ENABLE ALWAYS"}},
		{
			trigger + "REPLICA TRIGGER x; ALTER TABLE last ADD PRIMARY KEY (id), ADD FOREIGN KEY (id) REFERENCES last", "DROP TRIGGER x ON a",
			[]string{"public.a", "ENABLE REPLICA"},
		},
	} {
		pgtest.Exec(t, dst, tt.do)
		_, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1, DataOnly: true})
		refused(t, err, append(tt.words, "target")...)
		if n := number(t, dst, "SELECT count(*) FROM a"); n > 0 {
			t.Errorf("%d rows arrived", n)
		}
		pgtest.Exec(t, dst, tt.undo)
	}
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, DataOnly: true})
}

// With triggers that only fire elsewhere, or are disabled, nothing has to be switched off.
func TestDataOnlyWithTriggersThatDoNotFire(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, `
		CREATE TABLE a AS SELECT 1 AS id; CREATE TABLE b AS SELECT 1 AS id;
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
		CREATE TRIGGER x BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE a ENABLE REPLICA TRIGGER x;
		CREATE TRIGGER x BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE b DISABLE TRIGGER x`)
	dst := preparedFor(t, src)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, DataOnly: true})
	if n := number(t, dst, "SELECT a.id + b.id FROM a, b"); n != 2 {
		t.Errorf("the sum of the rows is %d", n)
	}
}

// Foreign keys and triggers are there already: a superuser, or who was granted the parameter, loads without them.
func TestDataOnlyWithKeysAndTriggers(t *testing.T) {
	t.Parallel()
	src, _ := shops(t)
	second := pgtest.Second(t)
	role := pgtest.Role(t, second, "loader")
	for _, granted := range []bool{false, true} {
		dst := preparedFor(t, src)
		pgtest.Exec(t, dst, fmt.Sprintf(`
			ALTER DATABASE %[1]s RESET statement_timeout;
			GRANT CREATE ON DATABASE %[1]s TO %[2]s;
			GRANT CREATE ON DATABASE %[1]s TO %[2]s; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO %[2]s; GRANT SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO %[2]s;
			DROP MATERIALIZED VIEW totals`, databaseName(dst), role))
		if granted {
			pgtest.Exec(t, dst, "GRANT SET ON PARAMETER session_replication_role TO "+role)
		}
		opt := Options{
			Source: src, Target: strings.Replace(dst, "postgres@", role+"@", 1), DataOnly: true, NoOwner: true, NoACL: true, NoComments: true, OnError: Continue,
		}
		_, err := Copy(t.Context(), opt)
		if !granted {
			refused(t, err, "public.", "foreign keys or triggers", role, "session_replication_role")
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := number(t, dst, "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM customer)"); n != 3200 {
			t.Errorf("%d rows arrived", n)
		}
	}
}

// The kitchen sink in two steps is the kitchen sink; the tables of its extension hold that one's own rows by then. Only
// triggers that fire always have to be disabled between the steps, and rows that break a constraint can't come after it.
func dataOnlySink(t *testing.T, source, target *cluster.Cluster) {
	src, dst := source.URL("again"), pgtest.DatabaseOn(t, target)
	pgtest.Exec(t, src, `
		SET ks.allow_ddl = 'on'; SET search_path = '';
		ALTER TABLE shop.orders DROP CONSTRAINT amount_small; ALTER TABLE shop.parent2 DROP CONSTRAINT c_known;
		ALTER TABLE part.sales DROP CONSTRAINT note_known; ALTER DOMAIN types.late_rule DROP CONSTRAINT short`)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 4, SchemaOnly: true})
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 4, DataOnly: true})
	refused(t, err, "has a trigger that fires also under")
	triggers := pgtest.Query(t, dst, `
		SELECT tgrelid::regclass, quote_ident(tgname), CASE tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END FROM pg_trigger
		 WHERE tgenabled IN ('A', 'R')`)
	for _, tr := range triggers {
		pgtest.Exec(t, dst, "SET ks.allow_ddl = 'on'; ALTER TABLE ONLY "+tr[0]+" DISABLE TRIGGER "+tr[1])
	}
	copyOK(t, Options{Source: src, Target: dst, Jobs: 4, DataOnly: true})
	for _, tr := range triggers {
		pgtest.Exec(t, dst, "SET ks.allow_ddl = 'on'; ALTER TABLE ONLY "+tr[0]+" ENABLE "+tr[2]+" TRIGGER "+tr[1])
	}
	pgtest.DBDiff(t, src, dst, "-S")
}

// databaseName is the name in a URL of pgtest.
func databaseName(url string) string {
	name, _, _ := strings.Cut(url[strings.LastIndex(url, "/")+1:], "?")
	return name
}

// Text of another encoding is converted, names too.
func TestEncodings(t *testing.T) {
	t.Parallel()
	latin := pgtest.DatabaseOn(t, pgtest.Server(t), "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	latin += "&client_encoding=UTF8"
	pgtest.Exec(t, latin, `
		CREATE TABLE "größe" (id int PRIMARY KEY, "straße" text); COMMENT ON TABLE "größe" IS 'für Maße';
		INSERT INTO "größe" SELECT g, chr(160 + g % 96) || ' ÿ § ' || g FROM generate_series(1, 500) g;
		CREATE VIEW "öl" AS SELECT * FROM "größe" WHERE "straße" <> 'ä'; CREATE INDEX "ß" ON "größe" ("straße")`)
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	copyOK(t, Options{Source: latin, Target: dst, Jobs: 1})
	for _, sql := range []string{
		`SELECT string_agg(id || "straße", ',' ORDER BY id) FROM "größe"`, `SELECT pg_get_viewdef('"öl"'::regclass)`,
		`SELECT indexdef FROM pg_indexes WHERE indexname = 'ß'`, `SELECT obj_description('"größe"'::regclass)`,
	} {
		want := pgtest.Query(t, latin, sql)
		if got := pgtest.Query(t, dst, sql); got[0][0] != want[0][0] || want[0][0] == "" {
			t.Errorf("%s:\n%.200q\nwant\n%.200q", sql, got[0][0], want[0][0])
		}
	}
}

// A database without an encoding holds whatever bytes it was given: they arrive if they are valid on the target, and are
// an error that names the table if they are not.
func TestEncodingOfBytes(t *testing.T) {
	t.Parallel()
	bytes := pgtest.DatabaseOn(t, pgtest.Server(t), "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
	pgtest.Exec(t, bytes, "CREATE TABLE \"grün\" (t text); INSERT INTO \"grün\" VALUES ('ä🐘'), ('\\.')")
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	copyOK(t, Options{Source: bytes, Target: dst, Jobs: 1})
	if got := pgtest.Query(t, dst, `SELECT string_agg(t, ',') FROM "grün"`)[0][0]; got != `ä🐘,\.` {
		t.Errorf("arrived as %q", got)
	}
	pgtest.Exec(t, bytes, "CREATE TABLE spoiled (id int, t text); INSERT INTO spoiled VALUES (1, E'\\xE9t\\xE9')")
	dst = pgtest.DatabaseOn(t, pgtest.Second(t))
	_, err := Copy(t.Context(), Options{Source: bytes, Target: dst, Jobs: 1})
	if err == nil || IsRefused(err) || !strings.Contains(err.Error(), "public.spoiled") || !strings.Contains(err.Error(), "invalid byte sequence") {
		t.Errorf("an invalid byte: %v", err)
	}
}

// What the target's encoding lacks is an error that names the table.
func TestEncodingWithoutTheCharacter(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, "CREATE TABLE fits AS SELECT 'ÿ' AS t; CREATE TABLE animals AS SELECT '🐘' AS t")
	dst := pgtest.DatabaseOn(t, pgtest.Second(t), "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	result, err := Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1, OnError: Continue})
	if err != nil || result.Failed != 1 {
		t.Errorf("%d failed, error %v", result.Failed, err)
	}
	if got := pgtest.Query(t, dst, "SELECT ascii(t), (SELECT count(*) FROM animals) FROM fits")[0]; got[0] != "255" || got[1] != "0" {
		t.Errorf("arrived as %q", got)
	}
	_, err = Copy(t.Context(), Options{Source: src, Target: dst, Jobs: 1, Clean: true, Confirm: databaseName(dst)})
	if err == nil || !strings.Contains(err.Error(), "public.animals") || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("error %v", err)
	}
}
