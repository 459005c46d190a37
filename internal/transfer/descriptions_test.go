package transfer

import (
	"fmt"
	"os"
	osexec "os/exec" // the package has an exec of its own
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/cluster"
	"pgsluice/internal/pgdump"
	"pgsluice/internal/pgtest"
)

// described are the descriptions that pg_dump gives to the entries of a table of contents, and which of the versions 15, 17
// and 18 do so: the .description of each ArchiveEntry call in pg_dump.c of 15.18, 17.11 and 18.6, with the values of the
// variables keyword (dumpFunc, dumpConstraint) and reltypename (dumpTableSchema).
var described = map[string]string{
	"ACCESS METHOD":                "15 17 18",
	"ACL":                          "15 17 18",
	"AGGREGATE":                    "15 17 18",
	"BLOB":                         "15",
	"BLOB METADATA":                "17 18",
	"BLOBS":                        "15 17 18",
	"CAST":                         "15 17 18",
	"CHECK CONSTRAINT":             "15 17 18",
	"COLLATION":                    "15 17 18",
	"COMMENT":                      "15 17 18",
	"CONSTRAINT":                   "15 17 18",
	"CONVERSION":                   "15 17 18",
	"DATABASE":                     "15 17 18",
	"DATABASE PROPERTIES":          "15 17 18",
	"DEFAULT":                      "15 17 18",
	"DEFAULT ACL":                  "15 17 18",
	"DOMAIN":                       "15 17 18",
	"ENCODING":                     "15 17 18",
	"EVENT TRIGGER":                "15 17 18",
	"EXTENSION":                    "15 17 18",
	"FK CONSTRAINT":                "15 17 18",
	"FOREIGN DATA WRAPPER":         "15 17 18",
	"FOREIGN TABLE":                "15 17 18",
	"FUNCTION":                     "15 17 18",
	"INDEX":                        "15 17 18",
	"INDEX ATTACH":                 "15 17 18",
	"MATERIALIZED VIEW":            "15 17 18",
	"MATERIALIZED VIEW DATA":       "15 17 18",
	"OPERATOR":                     "15 17 18",
	"OPERATOR CLASS":               "15 17 18",
	"OPERATOR FAMILY":              "15 17 18",
	"POLICY":                       "15 17 18",
	"PROCEDURAL LANGUAGE":          "15 17 18",
	"PROCEDURE":                    "15 17 18",
	"PUBLICATION":                  "15 17 18",
	"PUBLICATION TABLE":            "15 17 18",
	"PUBLICATION TABLES IN SCHEMA": "15 17 18",
	"ROW SECURITY":                 "15 17 18",
	"RULE":                         "15 17 18",
	"SCHEMA":                       "15 17 18",
	"SEARCHPATH":                   "15 17 18",
	"SECURITY LABEL":               "15 17 18",
	"SEQUENCE":                     "15 17 18",
	"SEQUENCE OWNED BY":            "15 17 18",
	"SEQUENCE SET":                 "15 17 18",
	"SERVER":                       "15 17 18",
	"SHELL TYPE":                   "15 17 18",
	"STATISTICS":                   "15 17 18",
	"STATISTICS DATA":              "18",
	"STDSTRINGS":                   "15 17 18",
	"SUBSCRIPTION":                 "15 17 18",
	"SUBSCRIPTION TABLE":           "17 18",
	"TABLE":                        "15 17 18",
	"TABLE ATTACH":                 "15 17 18",
	"TABLE DATA":                   "15 17 18",
	"TEXT SEARCH CONFIGURATION":    "15 17 18",
	"TEXT SEARCH DICTIONARY":       "15 17 18",
	"TEXT SEARCH PARSER":           "15 17 18",
	"TEXT SEARCH TEMPLATE":         "15 17 18",
	"TRANSFORM":                    "15 17 18",
	"TRIGGER":                      "15 17 18",
	"TYPE":                         "15 17 18",
	"USER MAPPING":                 "15 17 18",
	"VIEW":                         "15 17 18",
	"pg_largeobject":               "15 17 18",
}

// covered reads testdata/descriptions.txt: a description a line, a tab, and "covered", "covered up to N", "covered from N"
// with pg_dump's major version, or the reason why the kitchen sink does without it.
func covered(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/descriptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for line := range strings.Lines(string(text)) {
		desc, state, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || state == "" || list[desc] != "" {
			t.Fatalf("descriptions.txt: %q", line)
		}
		list[desc] = state
	}
	return list
}

// The list has every description that pg_dump can write, and no other.
func TestDescriptionsAreListed(t *testing.T) {
	t.Parallel()
	list := covered(t)
	for desc, versions := range described {
		if list[desc] == "" {
			t.Errorf("%s, which pg_dump %s writes, is not listed", desc, versions)
		}
	}
	for desc := range list {
		if described[desc] == "" {
			t.Errorf("%s is listed, but no pg_dump writes it", desc)
		}
	}
}

// The kitchen sink's table of contents has an entry of each description that is said to be covered, and none that is not
// listed.
func TestKitchenSinkCoversDescriptions(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, cluster.Options{Programs: pgtest.WithExtension(t, pgtest.Programs(t), "testdata/extension")})
	runFile(t, server.URL("postgres"), "testdata/roles.sql")
	pgtest.Exec(t, server.URL("postgres"), `CREATE DATABASE "kitchen sink"`)
	fillSink(t, server.URL("kitchen sink"))
	program, err := pgdump.Choose(t.Context(), "", server.Programs().Version)
	if err != nil {
		t.Fatal(err)
	}
	dump := filepath.Join(t.TempDir(), "sink.dump")
	out, err := osexec.CommandContext(t.Context(), program.Path, "--format=custom", "--file="+dump, "--dbname="+server.URL("kitchen sink")).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	f, err := os.Open(dump)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	toc, err := archive.ReadTOC(f, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]int{}
	for i := range toc.Entries {
		entries[toc.Entries[i].Desc]++
	}
	list := covered(t)
	for desc, state := range list {
		if want, err := isCovered(state, program.Major); err != nil {
			t.Errorf("%s: %v", desc, err)
		} else if want && entries[desc] == 0 {
			t.Errorf("%s: %s, but the kitchen sink has none (pg_dump %s)", desc, state, program.Version)
		}
	}
	for desc := range entries {
		if list[desc] == "" {
			t.Errorf("%s, of which the kitchen sink has %d, is not listed", desc, entries[desc])
		}
	}
}

// isCovered reports whether a state says that a pg_dump of that major version writes such an entry of the kitchen sink.
func isCovered(state string, major int) (bool, error) {
	how, ok := strings.CutPrefix(state, "covered")
	if !ok || how == "" {
		return ok, nil
	}
	var limit int
	if _, err := fmt.Sscanf(how, " up to %d", &limit); err == nil {
		return major <= limit, nil
	}
	if _, err := fmt.Sscanf(how, " from %d", &limit); err == nil {
		return major >= limit, nil
	}
	return false, fmt.Errorf("%q is no state", state)
}
