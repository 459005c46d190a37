package transfer

import (
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgsluice/internal/catalog"
	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// long reports whether tests of real size are wanted, which `make test` has no time for.
func long() bool { return os.Getenv("PGSLUICE_LONG") == "1" }

// hostileNames are names that break whoever does not quote, or quotes for another language.
var hostileNames = map[string]string{
	"injection":   `"; drop table x --`,
	"newlines":    "line\none\r\ntwo\ttab\n-- Name: x; Type: TABLE\n",
	"apostrophes": `it's ''quoted'' E'\'' U&'`,
	"backslashes": `\ \\ \N \. \n \x41 \`,
	"dollars":     `$$ $_$ $1 $body$ $$`,
	"percents":    `%s %d %n 100% %% %!v(MISSING) %[1]s`,
	"emoji":       "🐘👩‍👩‍👧 \u202ertl\u200b",
	"multibyte":   strings.Repeat("é", 31) + "x",
	"spaces":      "  lead and trail ",
	"keyword":     "Select",
	"comments":    `/* -- */ ; # //`,
	"controls":    "\x01\x1b[31m\x7f\u0085\ufeff",
	"separators":  `a.b.c,d(e)[f]{g}|h=i:j`,
	"shell":       "`id` $(id) ${HOME} & > <a href=x>",
	"psql":        `:var :'var' :"var" \connect x`,
}

// TestHostileNames copies every kind of object under hostile names, in databases that have such a name themselves.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	source, target := twoServers(t)
	for _, c := range []*cluster.Cluster{source, target} {
		pgtest.Exec(t, c.URL("postgres"), "ALTER SYSTEM SET allow_in_place_tablespaces = on")
		pgtest.Exec(t, c.URL("postgres"), "SELECT pg_reload_conf()")
		for _, name := range hostileNames {
			runEach(t, c.URL("postgres"), fmt.Sprintf("CREATE ROLE %s;\nCREATE ROLE %s;\nCREATE TABLESPACE %s LOCATION ''",
				kindOf("role", name), kindOf("role2", name), kindOf("space", name)))
		}
	}
	for label, name := range hostileNames {
		if !long() && label != "injection" && label != "newlines" || label == "multibyte" { // the one below has that
			continue
		}
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			src, dst := hostileDatabases(t, source, target, name)
			copyOK(t, Options{Source: src, Target: dst, Jobs: 2, Subscriptions: true})
			sameDump(t, src, dst)
			if !strings.Contains(name, "\n") {
				pgtest.DBDiff(t, src, dst, "-s", "-S")
			}
		})
	}
	t.Run("all in one", func(t *testing.T) {
		t.Parallel()
		src, dst := hostileDatabases(t, source, target, hostileNames["multibyte"])
		for label, name := range hostileNames {
			if label != "multibyte" {
				pgtest.Exec(t, src, hostileSQL(t, name))
			}
		}
		copyOK(t, Options{Source: src, Target: dst, Jobs: 2, Subscriptions: true})
		sameDump(t, src, dst)
	})
}

func twoServers(t *testing.T) (source, target *cluster.Cluster) {
	t.Helper()
	var starting sync.WaitGroup
	for _, c := range []**cluster.Cluster{&source, &target} {
		starting.Go(func() { *c = pgtest.New(t, cluster.Options{}) })
	}
	starting.Wait()
	return source, target
}

// hostileDatabases have the name itself, and settings, a comment and privileges of their own.
func hostileDatabases(t *testing.T, source, target *cluster.Cluster, name string) (src, dst string) {
	t.Helper()
	for _, c := range []*cluster.Cluster{source, target} {
		pgtest.Exec(t, c.URL("postgres"), fillIn("CREATE DATABASE {{db}} OWNER {{role}}", name))
	}
	runEach(t, source.URL("postgres"), fillIn(`COMMENT ON DATABASE {{db}} IS {''};
ALTER DATABASE {{db}} SET search_path = {{s}}, "$user", public;
ALTER DATABASE {{db}} SET application_name = {''};
ALTER DATABASE {{db}} SET my.setting = {''};
ALTER ROLE {{role}} IN DATABASE {{db}} SET my.other = {''};
GRANT TEMPORARY ON DATABASE {{db}} TO {{role2}}`, name))
	src, dst = source.URL(unquoted(kindOf("db", name))), target.URL(unquoted(kindOf("db", name)))
	pgtest.Exec(t, src, hostileSQL(t, name)+fillIn(`CREATE EXTENSION citext SCHEMA {{s}};
CREATE TABLE {{ext}} (c {{s}}.citext PRIMARY KEY DEFAULT {''});
INSERT INTO {{ext}} VALUES ({''})`, name))
	return src, dst
}

// runEach runs statements that can't share a transaction.
func runEach(t *testing.T, url, sql string) {
	t.Helper()
	for statement := range strings.SplitSeq(sql, ";\n") {
		pgtest.Exec(t, url, statement)
	}
}

// kindOf is the identifier of an object, quoted: PostgreSQL's limit cuts it.
func kindOf(kind, name string) string {
	name = kind + " " + name
	for len(name) > 63 || !utf8.ValidString(name) {
		name = name[:len(name)-1]
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// hostileSQL is testdata/hostile-names.sql for a name.
func hostileSQL(t *testing.T, name string) string {
	t.Helper()
	file, err := os.ReadFile("testdata/hostile-names.sql")
	if err != nil {
		t.Fatal(err)
	}
	return fillIn(string(file), name)
}

func fillIn(sql, name string) string {
	sql = regexp.MustCompile(`\{\{(\w+)\}\}|\{'(\{?)(\w*)\}?'\}`).ReplaceAllStringFunc(sql, func(s string) string {
		name := name
		kind := strings.Trim(s, "{}'")
		if kind == "option" { // the server refuses such
			name = strings.ReplaceAll(name, "=", "")
		}
		switch {
		case s == "{''}":
			return catalog.Literal(name)
		case strings.HasPrefix(s, "{{"):
			return kindOf(kind, name)
		case strings.HasPrefix(s, "{'{"):
			return catalog.Literal(kindOf(kind, name))
		default:
			return catalog.Literal(unquoted(kindOf(kind, name)))
		}
	})
	return regexp.MustCompile(`(?s)\{\$(.*?)\$\}`).ReplaceAllStringFunc(sql, func(s string) string {
		return catalog.Literal(s[2 : len(s)-2])
	})
}

func unquoted(identifier string) string {
	return strings.ReplaceAll(identifier[1:len(identifier)-1], `""`, `"`)
}

// sameDump demands that pg_dump writes the same lines of both databases, in any order: hash partitions on an enum share
// rows out otherwise. Unlike dbdiff.sh it does not take a name for a line.
func sameDump(t *testing.T, src, dst string) {
	t.Helper()
	dump := func(url string) []string {
		program := filepath.Join(pgtest.Programs(t).Bin, "pg_dump")
		out, err := osexec.CommandContext(t.Context(), program, "--restrict-key=x", url).Output()
		if err != nil { // older ones make no key up
			out, err = osexec.CommandContext(t.Context(), program, url).Output()
		}
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(strings.SplitSeq(string(out), "\n"))
	}
	want, got := dump(src), dump(dst)
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("pg_dump of the copy differs, sorted, from line %d on:\n%q\nwant\n%q", i+1, got[min(i, len(got)):min(i+5, len(got))], want[min(i, len(want)):min(i+5, len(want))])
		}
	}
}
