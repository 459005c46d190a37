package archive_test

import (
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

var replaceCases = []struct{ stmts, want string }{ // from src to "tar get"
	{"", ""},
	{"ALTER DATABASE src SET work_mem TO '8MB';\n", "ALTER DATABASE \"tar get\" SET work_mem TO '8MB';\n"},
	{"ALTER DATABASE src CONNECTION LIMIT = 5;", `ALTER DATABASE "tar get" CONNECTION LIMIT = 5;`},
	{"ALTER DATABASE src IS_TEMPLATE = true;", `ALTER DATABASE "tar get" IS_TEMPLATE = true;`},
	{"ALTER ROLE src IN DATABASE src SET a TO 'src';", `ALTER ROLE src IN DATABASE "tar get" SET a TO 'src';`},
	{`ALTER ROLE "in" IN DATABASE "src" SET a TO 'src';`, `ALTER ROLE "in" IN DATABASE "tar get" SET a TO 'src';`},
	{
		"ALTER DATABASE src SET a TO 'ALTER DATABASE src'', src';\nALTER DATABASE src SET \"b.c\" TO 'x', '', 'src';\n",
		"ALTER DATABASE \"tar get\" SET a TO 'ALTER DATABASE src'', src';\nALTER DATABASE \"tar get\" SET \"b.c\" TO 'x', '', 'src';\n",
	},
	{`ALTER DATABASE src SET a TO E'\';ALTER DATABASE src';`, `ALTER DATABASE "tar get" SET a TO E'\';ALTER DATABASE src';`},
	{`ALTER DATABASE src SET a TO '\';ALTER DATABASE src SET b TO 1`, `ALTER DATABASE "tar get" SET a TO '\';ALTER DATABASE "tar get" SET b TO 1`},
	{"COMMENT ON DATABASE src IS 'about DATABASE src';", `COMMENT ON DATABASE "tar get" IS 'about DATABASE src';`},
	{"COMMENT ON DATABASE src IS $x$ON DATABASE src;$x$;", `COMMENT ON DATABASE "tar get" IS $x$ON DATABASE src;$x$;`},
	{
		"-- ON DATABASE src\nCOMMENT /* ON DATABASE src; */ ON DATABASE SRC IS NULL -- src\n;",
		"-- ON DATABASE src\nCOMMENT /* ON DATABASE src; */ ON DATABASE \"tar get\" IS NULL -- src\n;",
	},
	{"SECURITY LABEL FOR src ON DATABASE src IS 'src';", `SECURITY LABEL FOR src ON DATABASE "tar get" IS 'src';`},
	{`SECURITY LABEL FOR "on database src" ON DATABASE src IS '';`, `SECURITY LABEL FOR "on database src" ON DATABASE "tar get" IS '';`},
	{"SECURITY LABEL ON DATABASE src IS '';", `SECURITY LABEL ON DATABASE "tar get" IS '';`},
	{
		"REVOKE ALL ON DATABASE src FROM PUBLIC;\nGRANT CONNECT,TEMPORARY ON DATABASE src TO src WITH GRANT OPTION;",
		"REVOKE ALL ON DATABASE \"tar get\" FROM PUBLIC;\nGRANT CONNECT,TEMPORARY ON DATABASE \"tar get\" TO src WITH GRANT OPTION;",
	},
	{"REVOKE GRANT OPTION FOR ALL PRIVILEGES ON DATABASE src FROM src;", `REVOKE GRANT OPTION FOR ALL PRIVILEGES ON DATABASE "tar get" FROM src;`},
	{
		"SET SESSION AUTHORIZATION src;\nGRANT CREATE ON DATABASE src TO \"DATABASE src\";\nRESET SESSION AUTHORIZATION;\n",
		"SET SESSION AUTHORIZATION src;\nGRANT CREATE ON DATABASE \"tar get\" TO \"DATABASE src\";\nRESET SESSION AUTHORIZATION;\n",
	},
}

func TestReplaceDatabaseName(t *testing.T) {
	for _, c := range replaceCases {
		if got, err := archive.ReplaceDatabaseName(c.stmts, "src", "tar get"); err != nil || got != c.want {
			t.Errorf("%s\ngot  %s, %v\nwant %s", c.stmts, got, err, c.want)
		}
	}
}

func TestReplaceOddDatabaseName(t *testing.T) {
	const odd = "a\"b;'$$\n--c"
	stmt := "GRANT ALL ON DATABASE " + archive.FormatIdent(odd) + " TO x;"
	got, err := archive.ReplaceDatabaseName(stmt, odd, "table")
	if want := `GRANT ALL ON DATABASE "table" TO x;`; err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
	back, err := archive.ReplaceDatabaseName(got, "table", odd)
	if err != nil || back != stmt {
		t.Errorf("%s, %v", back, err)
	}
}

func TestReplaceDatabaseNameRefuses(t *testing.T) {
	const noName, other = "statement names no database", "statement is about database"
	for stmts, want := range map[string]string{
		"UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'src';\n": noName,
		"CREATE DATABASE src WITH TEMPLATE = template0;":                                   noName,
		"DROP DATABASE src;":                                   noName,
		"ALTER ROLE src SET a TO 'b';":                         noName,
		"ALTER DATABASE src SET a TO 1; SELECT 1;":             noName,
		"ALTER DATABASE src SET a TO '1; /* ":                  "",
		"GRANT ALL ON SCHEMA src TO x;":                        noName,
		"GRANT ALL ON DATABASE src, other TO x;":               noName,
		"GRANT src TO x;":                                      noName,
		"GRANT (":                                              noName,
		"GRANT":                                                noName,
		"COMMENT ON TABLE src IS 'ON DATABASE src';":           noName,
		`COMMENT ON DATABASE U&"src" IS '';`:                   noName,
		"COMMENT ON DATABASE 'src' IS '';":                     noName,
		"COMMENT ON DATABASE \"src":                            noName,
		"ALTER DATABASE other SET a TO 'src';":                 other,
		`ALTER DATABASE "SRC" SET a TO 'src';`:                 other,
		`"ALTER" DATABASE src SET a TO 1`:                      noName,
		"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY": noName,
		"-- comment on database src is\n x":                    noName,
	} {
		got, err := archive.ReplaceDatabaseName(stmts, "src", "dst")
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", stmts, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || got != "" {
			t.Errorf("%q: %q, %v", stmts, got, err)
		}
	}
}

// What pg_dump writes about a database named as a role is named, with values that talk about databases.
func TestReplaceDatabaseNameInGoldens(t *testing.T) {
	for _, name := range goldens(t) {
		toc := readTOC(t, readFile(t, name+".dump"))
		database := ""
		seen := map[string]bool{}
		for _, e := range toc.Entries {
			if e.Desc == "DATABASE" {
				database = e.Tag
			}
			if e.Desc != "DATABASE PROPERTIES" && e.Tag != "DATABASE "+archive.FormatIdent(database) {
				continue
			}
			seen[e.Desc] = true
			got, err := archive.ReplaceDatabaseName(e.Defn, database, "other")
			if err != nil {
				t.Fatalf("%s: %s: %v", name, e.Desc, err)
			}
			ident := archive.FormatIdent(database)
			want := e.Defn
			for _, place := range []string{"ALTER DATABASE %", "IN DATABASE %", "ON DATABASE %"} {
				for _, after := range []string{" SET", " CONNECTION", " IS", " TO", " FROM"} {
					want = strings.ReplaceAll(want, strings.ReplaceAll(place, "%", ident)+after, strings.ReplaceAll(place, "%", "other")+after)
				}
			}
			if got != want || got == e.Defn {
				t.Errorf("%s: %s:\n%s\nwant\n%s", name, e.Desc, got, want)
			}
		}
		if !seen["DATABASE PROPERTIES"] || !seen["COMMENT"] || !seen["ACL"] {
			t.Errorf("%s: saw only %v", name, seen)
		}
	}
}
