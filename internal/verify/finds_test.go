package verify_test

import (
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/verify"
)

// shop is what both sides hold before one of them is changed.
const shop = `
CREATE TABLE customer (id int PRIMARY KEY, name text, note text DEFAULT '');
INSERT INTO customer SELECT i, 'name ' || i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'note ' || i END FROM generate_series(1, 1000) i;
CREATE TABLE log (at int, what text);
INSERT INTO log SELECT i / 2, 'twice' FROM generate_series(0, 99) i;
CREATE TABLE orders (id int PRIMARY KEY, customer int CONSTRAINT of_customer REFERENCES customer);
INSERT INTO orders SELECT i, i FROM generate_series(1, 50) i;
CREATE INDEX orders_customer ON orders (customer);
CREATE SEQUENCE serial START 5;
SELECT nextval('serial'), nextval('serial');
CREATE SEQUENCE down INCREMENT -1;
SELECT nextval('down'), nextval('down');
CREATE MATERIALIZED VIEW sums AS SELECT count(*) FROM log;
CREATE VIEW names AS SELECT name FROM customer;
SELECT lo_from_bytea(4711, repeat('x', 3000000)::bytea);`

// pair makes two databases on two servers, both with the same SQL.
func pair(t *testing.T, sql string) (source, target string) {
	t.Helper()
	source, target = pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	for _, url := range []string{source, target} {
		pgtest.Exec(t, url, sql)
	}
	return source, target
}

// run verifies, and ends the test if that did not come to its end.
func run(t *testing.T, opt verify.Options) *verify.Result {
	t.Helper()
	outcome, err := verify.Databases(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return outcome.Result
}

// lines is all that was found, one string each.
func lines(r *verify.Result) []string {
	var all []string
	for _, d := range r.Differences {
		all = append(all, string(d.Kind)+" | "+d.Object+": "+d.Text)
		for _, row := range d.Located {
			all = append(all, row.String())
		}
	}
	for _, u := range r.Unverified {
		all = append(all, "unverified | "+u.Object+": "+u.Text)
	}
	return all
}

func wantEqual(t *testing.T, r *verify.Result) {
	t.Helper()
	if !r.Equal() {
		t.Errorf("not equal:\n%s", strings.Join(lines(r), "\n"))
	}
}

// want compares what was found with what should be; a line may be cut short.
func want(t *testing.T, r *verify.Result, wanted ...string) {
	t.Helper()
	got := lines(r)
	ok := len(got) == len(wanted)
	for i := range min(len(got), len(wanted)) {
		ok = ok && strings.HasPrefix(got[i], wanted[i])
	}
	if !ok {
		t.Errorf("found:\n%s\nwanted:\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
}

// Each injected difference is found, named, and found alone.
func TestFinds(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change string // on the target
		wanted []string
	}{
		"nothing": {"SELECT 1", nil},
		"one changed byte": {"UPDATE customer SET name = 'nama 7' WHERE id = 7", []string{
			"rows | table public.customer: 1000 rows on both sides, but not the same: 1 changed", "row with id = 7: differs in column name",
		}},
		"one missing row": {"DELETE FROM customer WHERE id = 777", []string{
			"rows | table public.customer: 1000 rows on the source, 999 on the target: 1 missing", "row with id = 777: missing",
		}},
		"one extra row": {"INSERT INTO customer VALUES (-3)", []string{
			"rows | table public.customer: 1000 rows on the source, 1001 on the target: 1 extra", "row with id = -3: extra",
		}},
		"two swapped values": {"UPDATE customer SET note = CASE id WHEN 1 THEN 'note 2' ELSE 'note 1' END WHERE id IN (1, 2)", []string{
			"rows | table public.customer: 1000 rows on both sides, but not the same: 2 changed",
			"row with id = 1: differs in column note", "row with id = 2: differs in column note",
		}},
		"null for an empty string": {"UPDATE customer SET note = '' WHERE id = 3", []string{
			"rows | table public.customer: 1000 rows on both sides, but not the same: 1 changed", "row with id = 3: differs in column note",
		}},
		"a duplicate balanced by a missing row": {"UPDATE log SET at = 3 WHERE at = 9 AND ctid = (SELECT min(ctid) FROM log WHERE at = 9)", []string{
			"rows | table public.log: 100 rows on both sides, but not the same: 1 missing, 1 extra",
			"1 row like that at ctid (0,101) of the target: extra", "1 row like that at ctid (0,19) of the source: missing",
		}},
		"pairs that became other pairs": {"UPDATE log SET at = 40 WHERE at = 30", []string{
			"rows | table public.log: 100 rows on both sides, but not the same: 2 missing, 2 extra",
			"2 rows like that at ctid (0,101) of the target: extra", "2 rows like that at ctid (0,61) of the source: missing",
		}},
		"a sequence behind": {"SELECT setval('serial', 5)", []string{
			"sequence | sequence public.serial: the target is behind and would give values out again: it stands at 5, the source at 6",
		}},
		"a sequence not called": {"SELECT setval('serial', 6, false)", []string{
			"sequence | sequence public.serial: the target is behind and would give values out again: it stands at 6 (not yet used), the source at 6",
		}},
		"a sequence ahead": {"SELECT nextval('serial')", []string{
			"sequence | sequence public.serial: the target is ahead: it stands at 7, the source at 6",
		}},
		"a descending sequence behind": {"SELECT setval('down', -1)", []string{"sequence | sequence public.down: the target is behind"}},
		"a dropped index":              {"DROP INDEX orders_customer", []string{"missing | INDEX public.orders_customer: only on the source"}},
		"another index":                {"DROP INDEX orders_customer; CREATE INDEX orders_customer ON orders (customer DESC)", []string{"definition | INDEX public.orders_customer: another definition: "}},
		"an invalid index": {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_customer'::regclass", []string{
			"invalid | INDEX public.orders_customer: invalid on the target: a build of it failed; REINDEX INDEX public.orders_customer",
		}},
		"a constraint not validated": {"ALTER TABLE orders DROP CONSTRAINT of_customer, ADD CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customer NOT VALID", []string{
			"not validated | constraint of_customer of public.orders: not validated on the target: ALTER TABLE public.orders VALIDATE CONSTRAINT of_customer",
		}},
		"an empty view": {"REFRESH MATERIALIZED VIEW sums WITH NO DATA", []string{
			"not populated | materialized view public.sums: has no rows yet on the target: REFRESH MATERIALIZED VIEW public.sums",
		}},
		"a comment":        {"COMMENT ON COLUMN orders.id IS 'our number'", []string{"extra | COMMENT public.COLUMN orders.id: only on the target"}},
		"a privilege":      {"GRANT SELECT ON orders TO pg_monitor", []string{"extra | ACL public.TABLE orders: only on the target"}},
		"an owner":         {"ALTER TABLE orders OWNER TO pg_monitor", []string{"owner | TABLE public.orders: owner postgres on the source, pg_monitor on the target"}},
		"a view":           {"CREATE OR REPLACE VIEW names AS SELECT name || '' AS name FROM customer", []string{"definition | VIEW public.names: another definition: "}},
		"public's own":     {"ALTER SCHEMA public OWNER TO pg_monitor", []string{"owner | SCHEMA public: owner pg_database_owner on the source, pg_monitor on the target"}},
		"the column order": {"ALTER TABLE log ADD new text; UPDATE log SET new = what; ALTER TABLE log DROP what; ALTER TABLE log RENAME new TO what; ALTER TABLE log ADD x int; ALTER TABLE log DROP x", nil},
		"another column order": {"ALTER TABLE log ADD new int; UPDATE log SET new = at; ALTER TABLE log DROP at; ALTER TABLE log RENAME new TO at", []string{
			`definition | TABLE public.log: another definition: "at integer,`,
		}},
		"a column more": {"ALTER TABLE log ADD more int", []string{
			"definition | TABLE public.log: another definition: ", "rows | table public.log: the columns differ, so the rows could not be compared: only on the target more; 100 rows on the source, 100 on the target",
		}},
		"a large object's byte": {"SELECT lo_put(4711, 2999999, 'y')", []string{
			"large object | large object 4711: 3000000 bytes on both sides, but not the same",
		}},
		"a large object's length": {"SELECT lo_put(4711, 3000000, 'y')", []string{
			"large object | large object 4711: 3000000 bytes on the source, 3000001 on the target",
		}},
		"a large object's owner": {"ALTER LARGE OBJECT 4711 OWNER TO pg_monitor", []string{
			"large object | large object 4711: owner postgres on the source, pg_monitor on the target; privileges ",
		}},
		"a large object more": {"SELECT lo_create(4712)", []string{"extra | large object 4712: only on the target"}},
		"a copy's ledger":     {"CREATE SCHEMA _pgsluice; CREATE TABLE _pgsluice.ledger (key text PRIMARY KEY); COMMENT ON SCHEMA _pgsluice IS 'ours'; INSERT INTO _pgsluice.ledger VALUES ('x'); CREATE SEQUENCE _pgsluice.s", nil},
		"a table more":        {"CREATE TABLE more ()", []string{"extra | TABLE public.more: only on the target"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := pair(t, shop)
			pgtest.Exec(t, dst, c.change)
			want(t, run(t, verify.Options{Source: src, Target: dst}), c.wanted...)
		})
	}
}

// What a copy left out on purpose is left out here by the same choice.
func TestChoices(t *testing.T) {
	t.Parallel()
	src, dst := pair(t, shop)
	pgtest.Exec(t, src, `ALTER SCHEMA public OWNER TO pg_monitor; ALTER TABLE orders OWNER TO pg_monitor; GRANT SELECT ON names TO pg_monitor;
		COMMENT ON VIEW names IS 'all'; CREATE PUBLICATION p; ALTER LARGE OBJECT 4711 OWNER TO pg_monitor; COMMENT ON LARGE OBJECT 4711 IS 'x';
		CREATE SUBSCRIPTION s CONNECTION 'host=nowhere password=geheim' PUBLICATION p WITH (connect = false)`)
	pgtest.Exec(t, src, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''', current_database()); END $$")
	all := verify.Options{Source: src, Target: dst, Choices: verify.Choices{
		NoOwner: true, NoACL: true, NoComments: true, NoPublications: true, NoDBSettings: true, NoTablespaces: true,
	}}
	wantEqual(t, run(t, all))
	all.Choices = verify.Choices{Subscriptions: true}
	got := lines(run(t, all))
	for _, part := range []string{"SCHEMA public", "TABLE public.orders: owner", "ACL", "COMMENT public.VIEW names", "PUBLICATION p", "SUBSCRIPTION s", "DATABASE PROPERTIES", "another comment"} {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, part) }) {
			t.Errorf("%s was not found in:\n%s", part, strings.Join(got, "\n"))
		}
	}
	pgtest.Exec(t, dst, "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere password=anders' PUBLICATION p WITH (connect = false)")
	got = lines(run(t, all))
	if all := strings.Join(got, "\n"); !strings.Contains(all, "SUBSCRIPTION s: another definition") || strings.Contains(all, "anders") || strings.Contains(all, "geheim") {
		t.Errorf("a subscription's password is no affair of ours:\n%s", all)
	}
	for _, url := range []string{src, dst} { // a subscription keeps its database from being dropped
		pgtest.Exec(t, url, "ALTER SUBSCRIPTION s DISABLE")
		pgtest.Exec(t, url, "ALTER SUBSCRIPTION s SET (slot_name = NONE)")
		pgtest.Exec(t, url, "DROP SUBSCRIPTION s")
	}
}
