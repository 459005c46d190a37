package verify_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/verify"
)

// wide is the SQL of a table of as many columns as PostgreSQL allows.
func wide() string {
	columns := make([]string, 1600)
	values := make([]string, 1600)
	for i := range columns {
		columns[i], values[i] = fmt.Sprintf("c%d int2", i), fmt.Sprint(i)
	}
	return "CREATE TABLE wide (" + strings.Join(columns, ", ") + ", PRIMARY KEY (c7)); INSERT INTO wide VALUES (" + strings.Join(values, ", ") + ")"
}

// Tables of every odd shape are equal to themselves, and a change in one is found.
func TestShapes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		setup, change string
		wanted        []string // after the change, without what is said of the table as a whole
	}{
		"1600 columns": {wide(), "UPDATE wide SET c1599 = 0", []string{"row with c7 = 7: differs in column c1599"}},
		"hostile names": {
			`CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."t"" (x); --
				%s\" ("k'""; drop table x --" text PRIMARY KEY, "Ü
				newline" int, "select" text, EXTRA text);
			INSERT INTO "a.b"."t"" (x); --
				%s\" VALUES ('it''s "1"', 1, E'a\nb', '\'), (E'two\nlines', 2, NULL, ''), ('', 3, 'NULL', '""');
			CREATE SEQUENCE "a.b"."s'; --""%d"; CREATE INDEX "i "" x" ON "a.b"."t"" (x); --
				%s\" ("select"); COMMENT ON SCHEMA "a.b" IS 'it''s; --'`,
			`UPDATE "a.b"."t"" (x); --
				%s\" SET "Ü
				newline" = 4`,
			[]string{
				`row with "k'""; drop table x --" = '': differs in column "Ü`, `row with "k'""; drop table x --" = 'it''s "1"': differs in column "Ü`,
				`row with "k'""; drop table x --" = 'two`,
			},
		},
		"a key of several columns": {
			"CREATE TABLE t (b text, v float8, a int, PRIMARY KEY (b, a)); INSERT INTO t SELECT chr(65 + i % 26), i / 3.0, i FROM generate_series(1, 500) i",
			"UPDATE t SET v = v + 1e-13 WHERE a = 27; DELETE FROM t WHERE a = 400",
			[]string{"row with a = 27, b = 'B': differs in column v", "row with a = 400, b = 'K': missing"},
		},
		"a unique key": {
			"CREATE TABLE t (a numeric NOT NULL UNIQUE, b int UNIQUE, v bytea); INSERT INTO t SELECT i / 10.0, NULL, repeat('x', i)::bytea FROM generate_series(1, 50) i",
			`UPDATE t SET v = '\x00' WHERE a = 1.1`,
			[]string{"row with a = 1.1000000000000000: differs in column v"},
		},
		"a key of a collation that takes letters for equal": {
			`CREATE COLLATION lax (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
			CREATE TABLE t (a text COLLATE lax PRIMARY KEY, v int); INSERT INTO t VALUES ('eins', 1), ('Zwei', 2), ('drei', 3)`,
			"UPDATE t SET a = 'zwei' WHERE a = 'ZWEI'",
			[]string{"row with a = 'Zwei': missing", "row with a = 'zwei': extra"},
		},
		"keys of many types": {
			`CREATE DOMAIN d AS text; CREATE TYPE e AS ENUM ('x', 'y');
			CREATE TABLE t (a timestamptz, b uuid, c d, f e, g int4range, h bytea, i char(5), v int, PRIMARY KEY (a, b, c, f, g, h, i));
			INSERT INTO t VALUES ('2020-01-01 12:00:00.123456+02', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '', 'y', '[1,5)', '\x00ff', 'ab', 1)`,
			"UPDATE t SET v = NULL",
			[]string{
				`row with a = '2020-01-01 10:00:00.123456+00', b = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', c = '', f = 'y', g = '[1,5)', h = '\x00ff', i = 'ab': differs in column v`,
			},
		},
		"generated columns": {
			"CREATE TABLE t (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a * 2) STORED, c int GENERATED ALWAYS AS IDENTITY); INSERT INTO t SELECT generate_series(1, 9)",
			"UPDATE t SET a = 10 WHERE a = 5",
			[]string{"row with a = 5: missing", "row with a = 10: extra"},
		},
		"no columns": {
			"CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES", "INSERT INTO t DEFAULT VALUES",
			[]string{"1 row like that at ctid (0,1) of the target: extra"},
		},
		"an empty table": {"CREATE TABLE t (a int)", "INSERT INTO t VALUES (NULL)", []string{"1 row like that at ctid (0,1) of the target: extra"}},
		"a partition": {
			`CREATE TABLE p (a int PRIMARY KEY, v text) PARTITION BY RANGE (a);
			CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
			INSERT INTO p SELECT i, 'x' FROM generate_series(0, 19) i`,
			"UPDATE p SET v = 'y' WHERE a = 13",
			[]string{"row with a = 13: differs in column v"},
		},
		"a parent's own rows": {
			"CREATE TABLE p (a int); CREATE TABLE c (b int) INHERITS (p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (2, 2)",
			"UPDATE ONLY p SET a = 3",
			[]string{"1 row like that at ctid (0,2) of the target: extra", "1 row like that at ctid (0,1) of the source: missing"},
		},
		"a child's rows are no rows of its parent": {
			"CREATE TABLE p (a int); CREATE TABLE c (b int) INHERITS (p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (2, 2)",
			"DELETE FROM c",
			[]string{"1 row like that at ctid (0,1) of the source: missing"},
		},
		"values that depend on settings": {
			`CREATE TABLE t (a int PRIMARY KEY, b money, c timestamptz, d bytea, e float4, f interval, g regclass, h xml, i date);
			INSERT INTO t SELECT 1, 12.34, '2020-01-01 00:00:00+03', '\xde00', 0.1, '1 day -02:00', 't'::regclass, '<a/>', '2020-02-03'`,
			`DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY ARRAY['timezone = ''Asia/Tokyo''', 'bytea_output = escape', 'lc_monetary = ''C''', 'extra_float_digits = -5',
			  'datestyle = ''German''', 'intervalstyle = iso_8601', 'search_path = pg_catalog', 'row_security = on', 'statement_timeout = 500', 'default_transaction_isolation = serializable'] LOOP
			  EXECUTE format('ALTER DATABASE %I SET ', current_database()) || s; END LOOP; END $$`, nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := pair(t, c.setup)
			opt := verify.Options{Source: src, Target: dst, Choices: verify.Choices{NoDBSettings: true}}
			wantEqual(t, run(t, opt))
			pgtest.Exec(t, dst, c.change)
			var located []string
			for _, d := range run(t, opt).Differences {
				for _, row := range d.Located {
					located = append(located, row.String())
				}
			}
			ok := len(located) == len(c.wanted)
			for i := range min(len(located), len(c.wanted)) {
				ok = ok && strings.HasPrefix(located[i], c.wanted[i])
			}
			if !ok {
				t.Errorf("located:\n%s\nwanted:\n%s", strings.Join(located, "\n"), strings.Join(c.wanted, "\n"))
			}
		})
	}
}

// Where the databases' encodings differ, text is compared by what it means; a wrong byte is found.
func TestEncodings(t *testing.T) {
	t.Parallel()
	const sql = `CREATE TABLE t (a text PRIMARY KEY, v text); INSERT INTO t VALUES ('Zoë', 'naïve'), ('x', 'déjà')`
	for _, c := range []struct{ source, target, change, wanted string }{
		{"LATIN1", "UTF8", "UPDATE t SET v = 'dêjà' WHERE a = 'x'", "row with a = 'x': differs in column v"},
		{"UTF8", "LATIN1", "UPDATE t SET a = 'Zoé' WHERE a = 'Zoë'", "row with a = 'Zoé': extra"},
		{"LATIN1", "LATIN1", "UPDATE t SET v = 'dêjà' WHERE a = 'x'", "row with a = 'x': differs in column v"},
		{"SQL_ASCII", "UTF8", "UPDATE t SET v = 'dêjà' WHERE a = 'x'", "row with a = 'x': differs in column v"},
		{"SQL_ASCII", "SQL_ASCII", "UPDATE t SET v = 'dêjà' WHERE a = 'x'", "row with a = 'x': differs in column v"},
	} {
		t.Run(c.source+" "+c.target, func(t *testing.T) {
			t.Parallel()
			const how = " LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
			src := pgtest.DatabaseOn(t, pgtest.Server(t), "ENCODING '"+c.source+"'"+how)
			dst := pgtest.DatabaseOn(t, pgtest.Second(t), "ENCODING '"+c.target+"'"+how)
			pgtest.Exec(t, inUTF8(t, src), sql)
			pgtest.Exec(t, inUTF8(t, dst), sql)
			opt := verify.Options{Source: src, Target: dst}
			wantEqual(t, run(t, opt))
			pgtest.Exec(t, inUTF8(t, dst), c.change)
			if all := strings.Join(lines(run(t, opt)), "\n"); !strings.Contains(all, c.wanted) {
				t.Errorf("found:\n%s\nwanted: %s", all, c.wanted)
			}
		})
	}
}

// inUTF8 is the same database for a client that speaks UTF8.
func inUTF8(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("client_encoding", "UTF8")
	u.RawQuery = q.Encode()
	return u.String()
}
