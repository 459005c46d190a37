package faults

import (
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// The judge must see each kind of difference, or an equal verdict is worth nothing. dbdiff.sh judges a sample of the cases
// besides; it takes ten times as long.
func TestJudgeSeesEachDifference(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, cluster.Options{Settings: settings})
	pgtest.Exec(t, c.URL("postgres"), roles+literal(password))
	pgtest.Exec(t, c.URL("postgres"), "CREATE DATABASE a TEMPLATE template0")
	pgtest.Exec(t, c.URL("a"), shop)
	pgtest.Exec(t, c.URL("a"), fillCache)
	a, err := readFrom(t.Context(), c.URL("a"))
	if err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"SELECT 1": "",
		"UPDATE sales.orders SET note = note || ' ' WHERE id = 4711":                    "sales.orders: ",
		"DELETE FROM sales.hashed WHERE v = 5":                                          "sales.hashed: ",
		"INSERT INTO sales.hashed SELECT k, -v FROM sales.hashed WHERE v = 5":           "sales.hashed: ",
		"UPDATE sales.island SET n = CASE n WHEN 1 THEN 2 ELSE 1 END WHERE n IN (1, 2)": "sales.island: ",
		"UPDATE sales.accounts SET amount = 200 WHERE id = 1":                           "sales.accounts: ",
		"TRUNCATE sales.cache":                     "sales.cache: ",
		"SELECT lo_put(70001, 5, 'x')":             "large object 70001",
		"ALTER LARGE OBJECT 70002 OWNER TO reader": "large object 70002",
		"SELECT nextval('sales.tickets')":          "sequence sales.tickets",
		"DROP INDEX sales.hashed_v":                "missing: index",
		"ALTER TABLE sales.tree DROP CONSTRAINT tree_parent, ADD CONSTRAINT tree_parent FOREIGN KEY (parent) REFERENCES sales.tree NOT VALID": "missing: constraint",
		"ALTER SCHEMA public OWNER TO app":                    "missing: schema public",
		"REVOKE SELECT ON sales.docs FROM reader":             "missing: relation sales.docs",
		"COMMENT ON TABLE sales.orders IS 'other'":            "missing: relation sales.orders",
		"REFRESH MATERIALIZED VIEW sales.totals WITH NO DATA": "sales.totals: is missing",
		"ALTER TABLE sales.orders DISABLE TRIGGER touched":    "missing: trigger",
		"CREATE TABLE sales.more ()":                          "sales.more: is too many",
		"DROP POLICY own ON sales.accounts":                   "missing: policy",
		"ALTER TABLE sales.cache SET LOGGED":                  "missing: relation sales.cache",
	} {
		pgtest.Exec(t, c.URL("postgres"), "CREATE DATABASE b TEMPLATE a")
		pgtest.Exec(t, c.URL("b"), sql)
		b, err := readFrom(t.Context(), c.URL("b"))
		if err != nil {
			t.Fatal(err)
		}
		d := strings.Join(differences(b, []contents{a}, nil, false), "\n")
		if (want == "") != (d == "") || !strings.Contains(d, want) {
			t.Errorf("%s: %q is not among the differences: %s", sql, want, d)
		}
		pgtest.Exec(t, c.URL("postgres"), "DROP DATABASE b WITH (FORCE)")
	}
}
