package transfer

import (
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/docs"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/preflight"
)

// recipe gives the SQL that the documents have under a name, a statement a line.
func recipe(t *testing.T, name string) []string {
	t.Helper()
	text, err := docs.Topic("roles")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(text, "    -- recipe: "+name+"\n")
	if !ok {
		t.Fatalf("there is no recipe %q", name)
	}
	block, _, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(block, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(strings.TrimSpace(line), ";")
	}
	return lines
}

// follow runs a recipe as a role on c, beginning in a database; only names the database that it is for, in place of shop.
func follow(t *testing.T, c *cluster.Cluster, role, database, only, name string) {
	t.Helper()
	for _, line := range recipe(t, name) {
		line = strings.ReplaceAll(line, "shop", only)
		if next, ok := strings.CutPrefix(line, `\c `); ok {
			database = next
			continue
		}
		pgtest.Exec(t, strings.Replace(c.URL(database), "postgres@", role+"@", 1), line)
	}
}

// managed starts a server whose admin is no superuser.
func managed(t *testing.T) *cluster.Cluster {
	t.Helper()
	c := pgtest.New(t, cluster.Options{})
	pgtest.Exec(t, c.URL("postgres"), "CREATE ROLE admin LOGIN CREATEDB CREATEROLE; GRANT pg_read_all_data TO admin WITH ADMIN OPTION")
	return c
}

const managedShop = `
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, tags hstore);
INSERT INTO customer SELECT g, 'customer ' || g, hstore('n', g::text) FROM generate_series(1, 500) g;
CREATE TABLE orders (id bigserial PRIMARY KEY, customer int REFERENCES customer, note text);
INSERT INTO orders (customer, note) SELECT 1 + g % 500, repeat('x', g % 90) FROM generate_series(1, 3000) g;
CREATE SCHEMA report; CREATE MATERIALIZED VIEW report.totals AS SELECT customer, count(*) FROM orders GROUP BY 1; CREATE INDEX ON orders (customer);
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touched();
GRANT USAGE ON SCHEMA report TO reporting; GRANT SELECT ON report.totals, orders TO reporting; COMMENT ON TABLE orders IS 'bought';
CREATE PUBLICATION changes FOR TABLE orders`

// What the documents tell an admin who is no superuser to type is enough: each recipe is run as it stands, by such a role, and
// the copies are equal.
func TestRecipes(t *testing.T) {
	t.Parallel()
	from, to := managed(t), managed(t)
	as := func(c *cluster.Cluster, role, database string) string {
		return strings.Replace(c.URL(database), "postgres@", role+"@", 1)
	}
	pgtest.Exec(t, as(from, "admin", "postgres"), "CREATE ROLE app LOGIN; CREATE ROLE reporting; GRANT app TO admin")
	pgtest.Exec(t, as(from, "admin", "postgres"), "CREATE DATABASE shop OWNER app")
	pgtest.Exec(t, as(from, "app", "shop"), "CREATE EXTENSION hstore")
	pgtest.Exec(t, as(from, "app", "shop"), managedShop)

	follow(t, from, "admin", "shop", "shop", "source")
	follow(t, to, "admin", "postgres", "shop", "target")
	opt := Options{Source: as(from, "copier", "shop"), Target: as(to, "copier", "shop"), NoOwner: true, NoACL: true}
	if o := dryRun(t, opt); preflight.Stopping(o.Findings) != nil {
		t.Error(listed(o))
	}
	copyOK(t, opt)
	pgtest.DBDiff(t, from.URL("shop"), to.URL("shop"), "-n")

	// what pg_read_all_data does not cover, and what no admin can bring over
	pgtest.Exec(t, as(from, "app", "shop"), `
		ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY first_ones ON orders USING (id < 10); SELECT lo_from_bytea(7, '\x0102')`)
	pgtest.Exec(t, from.URL("shop"), `
		CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; ALTER FUNCTION watch OWNER TO app;
		CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION watch()`)
	pgtest.Exec(t, as(to, "admin", "postgres"), "CREATE DATABASE again OWNER copier") // the recipe's role is there
	pgtest.Exec(t, as(to, "copier", "again"), "CREATE EXTENSION hstore")
	follow(t, to, "admin", "again", "again", "target, with owners")
	follow(t, to, "copier", "again", "again", "target, schema public")
	opt = Options{Source: as(from, "copier", "shop"), Target: as(to, "copier", "again")}
	_, err := Copy(t.Context(), opt)
	if !IsRefused(err) || !strings.Contains(err.Error(), "row-level security") || !strings.Contains(err.Error(), "1 large object") {
		t.Errorf("the copy ends with %v", err)
	}
	follow(t, from, "admin", "shop", "shop", "source, as a member of the owner")
	o := dryRun(t, opt)
	found(t, o, preflight.Error, "no superuser", "event trigger: watch", "--on-error continue")
	found(t, o, preflight.Error, "belong to postgres") // the trigger's owner
	if err := preflight.Stopping(o.Findings); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("more than the event trigger: %v", err)
	}
	pgtest.Exec(t, from.URL("shop"), "DROP EVENT TRIGGER watch")
	copyOK(t, opt)
	follow(t, to, "copier", "again", "again", "target, afterwards")
	pgtest.DBDiff(t, from.URL("shop"), to.URL("again"))
}

// Before version 14, and where nobody may grant pg_read_all_data, grants by schema do.
func TestRecipeBySchema(t *testing.T) {
	t.Parallel()
	from, to := managed(t), managed(t)
	as := func(c *cluster.Cluster, role string) string {
		return strings.Replace(c.URL("shop"), "postgres@", role+"@", 1)
	}
	pgtest.Exec(t, from.URL("postgres"), "CREATE ROLE app LOGIN; CREATE ROLE copier LOGIN")
	pgtest.Exec(t, from.URL("postgres"), "CREATE DATABASE shop OWNER app")
	pgtest.Exec(t, as(from, "app"), "CREATE EXTENSION hstore; CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 100) g; CREATE SEQUENCE s START 7; REVOKE USAGE ON SCHEMA public FROM PUBLIC")
	follow(t, to, "admin", "postgres", "shop", "target")
	opt := Options{Source: as(from, "copier"), Target: as(to, "copier"), NoOwner: true, NoACL: true}
	found(t, dryRun(t, opt), preflight.Error, "source", "may not read 1 schema: public")
	follow(t, from, "app", "shop", "shop", "source, by schema")
	copyOK(t, opt)
	pgtest.DBDiff(t, from.URL("shop"), to.URL("shop"), "-n")
}
