package archive_test

import (
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

func TestFormatIdent(t *testing.T) {
	for name, want := range map[string]string{
		"orders": "orders", "_a1": "_a1", "begin": "begin", // not reserved
		"Orders": `"Orders"`, "1a": `"1a"`, "a b": `"a b"`, `a"b`: `"a""b"`, "a$": `"a$"`, "é": `"é"`, "": `""`,
		"select": `"select"`, "json_table": `"json_table"`, "user": `"user"`, "\xff;": "\"\xff;\"",
	} {
		if got := archive.FormatIdent(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	if got := archive.QualifiedName("odd schema", "t"); got != `"odd schema".t` {
		t.Error(got)
	}
	if got := archive.QualifiedName("", "t"); got != "t" {
		t.Error(got)
	}
}

var splitCases = []struct {
	name, sql string
	want      []string
}{
	{"nothing", " \n;; -- only a comment;\n /* ; */", nil},
	{"two", "SELECT 1;\nSELECT 2;\n", []string{"SELECT 1", "SELECT 2"}},
	{"no semicolon", "SELECT 1", []string{"SELECT 1"}},
	{"comments around", "-- a;\nSELECT /* in; */ 1 -- b;\n; /* c */", []string{"SELECT /* in; */ 1"}},
	{"nested comment", "a /* /* ; */ ; */ b; c", []string{"a /* /* ; */ ; */ b", "c"}},
	{"comment at operator", "a*/*;*/b;a+--;\nc", []string{"a*/*;*/b", "a+--;\nc"}},
	{"unclosed comment", "a; /* b; c", []string{"a", "/* b; c"}},
	{"quotes", `SELECT ';', '''', "a"";" ; x`, []string{`SELECT ';', '''', "a"";"`, "x"}},
	{"backslash is plain", `SELECT '\'; x`, []string{`SELECT '\'`, "x"}},
	{"escapes", `SELECT E'\';', e'\\'; x`, []string{`SELECT E'\';', e'\\'`, "x"}},
	{"escapes go on", "SELECT E'a' -- c\n '\\';'; x", []string{"SELECT E'a' -- c\n '\\';'", "x"}},
	{"escapes do not go on", "SELECT E'a' '\\'; x", []string{"SELECT E'a' '\\'", "x"}},
	{"name before a string", `SELECT fooe'\'; x`, []string{`SELECT fooe'\'`, "x"}},
	{"unicode", `SELECT U&'\;' , u&"a;""" ; x`, []string{`SELECT U&'\;' , u&"a;"""`, "x"}},
	{"bits", `SELECT b'1;', X'f;', N'\'; x`, []string{`SELECT b'1;', X'f;', N'\'`, "x"}},
	{"dollar quotes", "DO $$ ; $a$ ; $$; x $a$ $$ ; $a$; y", []string{"DO $$ ; $a$ ; $$", "x $a$ $$ ; $a$", "y"}},
	{"dollar in words", "a$b$; c$b$ ; $1; $1$a$; $$;$$", []string{"a$b$", "c$b$", "$1", "$1$a$; $$;$$"}},
	{"dollar after number", "SELECT 1$a$;$a$; x", []string{"SELECT 1$a$;$a$", "x"}},
	{"a tag starts with no digit", "SELECT $1$; x $1$", []string{"SELECT $1$", "x $1$"}},
	{"dollar with umlaut", "SELECT $é1$;$é1$; x", []string{"SELECT $é1$;$é1$", "x"}},
	{"rule", "CREATE RULE r AS ON INSERT TO v DO (a; b ('c');); x", []string{"CREATE RULE r AS ON INSERT TO v DO (a; b ('c');)", "x"}},
	{"closing too much", "a); b", []string{"a)", "b"}},
	{"closing and opening", "a) (b; c); d", []string{"a) (b; c)", "d"}},
	{"line ends", "a -- b\r; c -- d;\n; e", []string{"a", "c", "e"}},
	{"routine named atomic", "CREATE FUNCTION atomic() RETURN 1; x", []string{"CREATE FUNCTION atomic() RETURN 1", "x"}},
	{"argument begin of type atomic", "CREATE FUNCTION f(begin atomic) RETURN 1; x", []string{"CREATE FUNCTION f(begin atomic) RETURN 1", "x"}},
	{"routine is over", "CREATE FUNCTION f() RETURN 1; BEGIN ATOMIC; x", []string{"CREATE FUNCTION f() RETURN 1", "BEGIN ATOMIC", "x"}},
	{
		"routine", "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC a; CASE WHEN b THEN c END; END; x",
		[]string{"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC a; CASE WHEN b THEN c END; END", "x"},
	},
	{
		"routine with names", "create function begin() returns begin begin atomic; select t.begin, \"end\", (case when a then b end); end; x",
		[]string{"create function begin() returns begin begin atomic; select t.begin, \"end\", (case when a then b end); end", "x"},
	},
	{"not a routine", "BEGIN ATOMIC; CREATE VIEW function AS begin atomic; x", []string{"BEGIN ATOMIC", "CREATE VIEW function AS begin atomic", "x"}},
	{"case without body", "CREATE FUNCTION f() RETURN CASE WHEN a THEN b END; x", []string{"CREATE FUNCTION f() RETURN CASE WHEN a THEN b END", "x"}},
	{"lone case", "CREATE FUNCTION f() RETURN case; x", []string{"CREATE FUNCTION f() RETURN case", "x"}},
	{"bytes of no encoding", "SELECT '\xe9;\xff'; \xe9;", []string{"SELECT '\xe9;\xff'", "\xe9"}},
}

func TestSplitStatements(t *testing.T) {
	for _, c := range splitCases {
		if got := archive.SplitStatements(c.sql); !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
		}
	}
}

// A routine, rule or view is one statement, whatever semicolons it holds; DATABASE PROPERTIES has several.
func TestSplitGoldens(t *testing.T) {
	for _, name := range goldens(t) {
		for _, e := range readTOC(t, readFile(t, name+".dump")).Entries {
			list := archive.SplitStatements(e.Defn)
			switch {
			case e.Desc == "FUNCTION" || e.Desc == "PROCEDURE" || e.Desc == "RULE" || e.Desc == "VIEW":
				if len(list) != 1 || list[0]+";" != strings.TrimSpace(e.Defn) {
					t.Errorf("%s: %s %s: %q", name, e.Desc, e.Tag, list)
				}
			case e.Desc == "DATABASE PROPERTIES" && !strings.HasSuffix(name, "pg16"):
				if len(list) != 4 {
					t.Errorf("%s: %s: %q", name, e.Desc, list)
				}
			}
		}
	}
}

func TestParseCopyStmt(t *testing.T) {
	for stmt, want := range map[string][2]string{
		"COPY public.orders (id, at, \"select\") FROM stdin;\n": {"public.orders", `(id, at, "select")`},
		"COPY \"odd schema\".\"two\nlines\" (a) FROM stdin;\n":  {"\"odd schema\".\"two\nlines\"", "(a)"},
		"COPY public.nothing  FROM stdin;\n":                    {"public.nothing", ""},
		"copy \"a.b;\"\"(\" (\")\", \"FROM stdin\") from STDIN": {`"a.b;""("`, `(")", "FROM stdin")`},
		"COPY public.t ( a /* x */ ,\nb ) FROM stdin;":          {"public.t", "( a /* x */ ,\nb )"},
	} {
		table, columns, err := archive.ParseCopyStmt(stmt)
		if err != nil || table != want[0] || columns != want[1] {
			t.Errorf("%q: %q, %q, %v", stmt, table, columns, err)
		}
	}
	for stmt, want := range map[string]string{
		"":                                    "expected COPY at byte 0",
		"INSERT INTO t":                       "expected COPY",
		"COPY 'a' FROM stdin;":                "expected a table at byte 5",
		"COPY a. FROM":                        "expected FROM",
		"COPY a (b FROM stdin;":               "expected )",
		"COPY a () FROM stdin;":               "expected a column",
		"COPY a (b, 'c') FROM stdin;":         "expected a column",
		"COPY a (b) FROM '/etc/x';":           "expected STDIN",
		"COPY a (b) TO stdout;":               "expected FROM",
		"COPY a (b) FROM stdin; DROP TABLE a": "expected the end",
		"COPY a (b) WITH OIDS FROM stdin;":    "a table WITH OIDS can't be loaded",
		"COPY (SELECT 1) TO stdout":           "expected a table",
		"COPY a.b.c (d) FROM stdin;":          "expected FROM",
		"COPY a (\"b) FROM stdin;":            "expected a column",
	} {
		if table, columns, err := archive.ParseCopyStmt(stmt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %q, %v", stmt, table, columns, err)
		}
	}
}

func TestParseCopyStmtOfGoldens(t *testing.T) {
	for _, name := range goldens(t) {
		for _, e := range readTOC(t, readFile(t, name+".dump")).Entries {
			if e.Desc != "TABLE DATA" {
				continue
			}
			table, columns, err := archive.ParseCopyStmt(e.CopyStmt)
			want := archive.QualifiedName(e.Namespace, e.Tag)
			if strings.HasPrefix(e.Defn, "-- load via partition root") {
				want = "public.by_mood"
			}
			if err != nil || table != want || (columns == "") != (e.Tag == "nothing") {
				t.Errorf("%s: %q: %q, %q, %v", name, e.CopyStmt, table, columns, err)
			}
		}
	}
}
