package plan_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// kinds are the entries that pg_dump 15 to 18 writes, with the section that they stand in and their drop statement as in
// the calls of ArchiveEntry in pg_dump.c, and what pg_restore makes of them in _tocEntryRestorePass and
// _getObjectDescription. All have the owner own.
var kinds = []struct {
	desc, tag, schema string
	section           archive.Section
	drop              string // DROP statement; "" for what is no object of its own
	order             plan.Order
	phase             plan.Phase
	owner             string // of the object, as ALTER … OWNER TO has it; "" for what has none
}{
	{"ACCESS METHOD", "o", "", archive.PreData, "DROP ACCESS METHOD o;\n", plan.Before, plan.Schema, ""},
	{"ACL", "TABLE o", "s", archive.PostData, "", plan.After, plan.Finish, ""},
	{"ACL", "LARGE OBJECT 7", "", archive.DataSection, "", plan.After, plan.Finish, ""},
	{"ACL", "DATABASE db", "", archive.PreData, "", plan.After, plan.Finish, ""},
	{"AGGREGATE", "o(integer)", "s", archive.PreData, "DROP AGGREGATE s.o(integer);\n", plan.Before, plan.Schema, "AGGREGATE s.o(integer)"},
	{"BLOB", "7", "", archive.PreData, "SELECT pg_catalog.lo_unlink('7');\n", plan.Before, plan.Data, "LARGE OBJECT 7"},
	{"BLOB METADATA", "7..8", "", archive.DataSection, "-- dummy", plan.Parallel, plan.Data, "LARGE OBJECT 7"},
	{"BLOBS", "BLOBS", "", archive.DataSection, "", plan.Parallel, plan.Data, ""},
	{"CAST", "CAST (a AS b)", "", archive.PreData, "DROP CAST (a AS b);\n", plan.Before, plan.Schema, ""},
	{"CHECK CONSTRAINT", "o c", "s", archive.PostData, "ALTER TABLE s.o DROP CONSTRAINT c;\n", plan.Parallel, plan.Constraints, ""},
	{"COLLATION", "o", "s", archive.PreData, "DROP COLLATION s.o;\n", plan.Before, plan.Schema, "COLLATION s.o"},
	{"COMMENT", "TABLE o", "s", archive.PostData, "", plan.Parallel, plan.Finish, ""},
	{"COMMENT", "LARGE OBJECT 7", "", archive.DataSection, "", plan.Parallel, plan.Data, ""},
	{"COMMENT", "EVENT TRIGGER o", "", archive.PostData, "", plan.After, plan.Finish, ""},
	{"COMMENT", "DATABASE db", "", archive.PreData, "", plan.After, plan.Finish, ""},
	{"CONSTRAINT", "o c", "s", archive.PostData, "ALTER TABLE s.o DROP CONSTRAINT c;\n", plan.Parallel, plan.Indexes, ""},
	{"CONVERSION", "o", "s", archive.PreData, "DROP CONVERSION s.o;\n", plan.Before, plan.Schema, "CONVERSION s.o"},
	{"DATABASE PROPERTIES", "db", "", archive.PreData, "UPDATE pg_catalog.pg_database", plan.After, plan.Finish, ""},
	{"DEFAULT", "o c", "s", archive.PreData, "ALTER TABLE s.o ALTER COLUMN c DROP DEFAULT;\n", plan.Before, plan.Schema, ""},
	{"DEFAULT ACL", "DEFAULT PRIVILEGES FOR TABLES", "s", archive.PostData, "", plan.After, plan.Finish, ""},
	{"DOMAIN", "o", "s", archive.PreData, "DROP DOMAIN s.o;\n", plan.Before, plan.Schema, "DOMAIN s.o"},
	{"EVENT TRIGGER", "o", "", archive.PostData, "DROP EVENT TRIGGER o;\n", plan.After, plan.Finish, "EVENT TRIGGER o"},
	{"EXTENSION", "o", "", archive.PreData, "DROP EXTENSION o;\n", plan.Before, plan.Schema, ""},
	{"FK CONSTRAINT", "o c", "s", archive.PostData, "ALTER TABLE s.o DROP CONSTRAINT c;\n", plan.Parallel, plan.Constraints, ""},
	{"FOREIGN DATA WRAPPER", "o", "", archive.PreData, "DROP FOREIGN DATA WRAPPER o;\n", plan.Before, plan.Schema, "FOREIGN DATA WRAPPER o"},
	{"FOREIGN TABLE", "o", "s", archive.PreData, "DROP FOREIGN TABLE s.o;\n", plan.Before, plan.Schema, "FOREIGN TABLE s.o"},
	{"FUNCTION", "o(text)", "s", archive.PreData, "DROP FUNCTION s.o(a text);\n", plan.Before, plan.Schema, "FUNCTION s.o(a text)"},
	{"FUNCTION", "late()", "s", archive.PostData, "DROP FUNCTION s.late();\n", plan.Parallel, plan.Finish, "FUNCTION s.late()"},
	{"INDEX", "o", "s", archive.PostData, "DROP INDEX s.o;\n", plan.Parallel, plan.Indexes, ""},
	{"INDEX ATTACH", "o", "s", archive.PostData, "", plan.Parallel, plan.Indexes, ""},
	{"MATERIALIZED VIEW", "o", "s", archive.PreData, "DROP MATERIALIZED VIEW s.o;\n", plan.Before, plan.Schema, "MATERIALIZED VIEW s.o"},
	{"MATERIALIZED VIEW DATA", "o", "s", archive.PostData, "", plan.After, plan.Finish, ""},
	{"OPERATOR", "+", "s", archive.PreData, "DROP OPERATOR s.+ (a, b);\n", plan.Before, plan.Schema, "OPERATOR s.+ (a, b)"},
	{"OPERATOR CLASS", "o", "s", archive.PreData, "DROP OPERATOR CLASS s.o USING btree;\n", plan.Before, plan.Schema, "OPERATOR CLASS s.o USING btree"},
	{"OPERATOR FAMILY", "o", "s", archive.PreData, "DROP OPERATOR FAMILY s.o USING gin;\n", plan.Before, plan.Schema, "OPERATOR FAMILY s.o USING gin"},
	{"POLICY", "o p", "s", archive.PostData, "DROP POLICY p ON s.o;\n", plan.Parallel, plan.Finish, ""},
	{"PROCEDURAL LANGUAGE", "o", "", archive.PreData, "DROP PROCEDURAL LANGUAGE o;\n", plan.Before, plan.Schema, "PROCEDURAL LANGUAGE o"},
	{"PROCEDURE", "o()", "s", archive.PreData, "DROP PROCEDURE s.o();\n", plan.Before, plan.Schema, "PROCEDURE s.o()"},
	{"PUBLICATION", "o", "", archive.PostData, "DROP PUBLICATION o;\n", plan.Parallel, plan.Finish, "PUBLICATION o"},
	{"PUBLICATION TABLE", "p o", "s", archive.PostData, "", plan.Parallel, plan.Finish, ""},
	{"PUBLICATION TABLES IN SCHEMA", "p s", "s", archive.PostData, "", plan.Parallel, plan.Finish, ""},
	{"ROW SECURITY", "o", "s", archive.PostData, "", plan.Parallel, plan.Finish, ""},
	{"RULE", "o r", "s", archive.PostData, "DROP RULE r ON s.o;\n", plan.Parallel, plan.Finish, ""},
	{"SCHEMA", "o", "", archive.PreData, "DROP SCHEMA o;\n", plan.Before, plan.Schema, "SCHEMA o"},
	{"SECURITY LABEL", "TABLE o", "s", archive.PostData, "", plan.Parallel, plan.Finish, ""},
	{"SECURITY LABEL", "LARGE OBJECT 7", "", archive.DataSection, "", plan.Parallel, plan.Data, ""},
	{"SECURITY LABEL", "EVENT TRIGGER o", "", archive.PostData, "", plan.After, plan.Finish, ""},
	{"SEQUENCE", "o", "s", archive.PreData, "DROP SEQUENCE s.o;\n", plan.Before, plan.Schema, "SEQUENCE s.o"},
	{"SEQUENCE OWNED BY", "o", "s", archive.PreData, "", plan.Before, plan.Schema, ""},
	{"SEQUENCE SET", "o", "s", archive.DataSection, "", plan.Parallel, plan.Data, ""},
	{"SERVER", "o", "", archive.PreData, "DROP SERVER o;\n", plan.Before, plan.Schema, "SERVER o"},
	{"SHELL TYPE", "o", "s", archive.PreData, "", plan.Before, plan.Schema, ""},
	{"STATISTICS", "o", "s", archive.PostData, "DROP STATISTICS s.o;\n", plan.Parallel, plan.Finish, "STATISTICS s.o"},
	{"SUBSCRIPTION", "o", "", archive.PostData, "DROP SUBSCRIPTION o;\n", plan.Parallel, plan.Finish, "SUBSCRIPTION o"},
	{"SUBSCRIPTION TABLE", "p o", "s", archive.PostData, "", plan.Parallel, plan.Finish, ""},
	{"TABLE", "o", "s", archive.PreData, "DROP TABLE s.o;\n", plan.Before, plan.Schema, "TABLE s.o"},
	{"TABLE ATTACH", "o", "s", archive.PreData, "", plan.Before, plan.Schema, ""},
	{"TABLE DATA", "o", "s", archive.DataSection, "", plan.Parallel, plan.Data, ""},
	{"TEXT SEARCH CONFIGURATION", "o", "s", archive.PreData, "DROP TEXT SEARCH CONFIGURATION s.o;\n", plan.Before, plan.Schema, "TEXT SEARCH CONFIGURATION s.o"},
	{"TEXT SEARCH DICTIONARY", "o", "s", archive.PreData, "DROP TEXT SEARCH DICTIONARY s.o;\n", plan.Before, plan.Schema, "TEXT SEARCH DICTIONARY s.o"},
	{"TEXT SEARCH PARSER", "o", "s", archive.PreData, "DROP TEXT SEARCH PARSER s.o;\n", plan.Before, plan.Schema, ""},
	{"TEXT SEARCH TEMPLATE", "o", "s", archive.PreData, "DROP TEXT SEARCH TEMPLATE s.o;\n", plan.Before, plan.Schema, ""},
	{"TRANSFORM", "o", "", archive.PreData, "DROP TRANSFORM FOR o LANGUAGE l;\n", plan.Before, plan.Schema, ""},
	{"TRIGGER", "o t", "s", archive.PostData, "DROP TRIGGER t ON s.o;\n", plan.Parallel, plan.Finish, ""},
	{"TYPE", "Odd Name", "s", archive.PreData, "DROP TYPE s.\"Odd Name\";\n", plan.Before, plan.Schema, `TYPE s."Odd Name"`},
	{"USER MAPPING", "USER MAPPING own SERVER o", "", archive.PreData, "DROP USER MAPPING IF EXISTS FOR own SERVER o;\n", plan.Before, plan.Schema, ""},
	{"VIEW", "o", "s", archive.PreData, "DROP VIEW s.o;\n", plan.Before, plan.Schema, "VIEW s.o"},
	{"pg_largeobject", "pg_largeobject", "", archive.PreData, "", plan.Before, plan.Schema, ""},
	{"VIEW", "late", "s", archive.PostData, "DROP VIEW s.late;\n", plan.Parallel, plan.Finish, "VIEW s.late"},
}

// never says why the other descriptions make no task.
var never = map[string]string{
	"DATABASE":        "the target database exists",
	"ENCODING":        "a setting of the sessions",
	"STDSTRINGS":      "a setting of the sessions",
	"SEARCHPATH":      "a setting of the sessions",
	"STATISTICS DATA": "only with pg_dump --statistics",
}

// Every kind of entry takes its place in the order and in a phase, and gets its owner.
func TestEveryKindOfEntry(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.desc+"/"+k.tag, func(t *testing.T) {
			for _, noOwner := range []bool{false, true} {
				toc, e := single(k.desc, k.tag, k.schema, k.section, k.drop)
				p, err := plan.Build(toc, &catalog.Source{}, plan.Choices{Subscriptions: true, TargetDatabase: "db", NoOwner: noOwner})
				if err != nil {
					t.Fatal(err)
				}
				i := slices.IndexFunc(p.Tasks, func(t *plan.Task) bool { return t.Entry == e })
				if i < 0 {
					t.Fatalf("no task; left out: %v", p.LeftOut)
				}
				task := p.Tasks[i]
				if task.Order != k.order || task.Phase != k.phase {
					t.Errorf("%s, %s; not %s, %s", orders[task.Order], phases[task.Phase], orders[k.order], phases[k.phase])
				}
				want := ""
				switch {
				case noOwner || k.owner == "":
				case k.desc == "BLOB METADATA":
					want = "ALTER LARGE OBJECT 7 OWNER TO own;\nALTER LARGE OBJECT 8 OWNER TO own"
				default:
					want = "ALTER " + k.owner + " OWNER TO own"
				}
				if task.Owner != want {
					t.Errorf("owner set by %q, not %q", task.Owner, want)
				}
			}
		})
	}
	for desc, why := range never {
		toc, e := single(desc, "o", "", archive.PreData, "")
		p, err := plan.Build(toc, &catalog.Source{}, plan.Choices{})
		if err != nil || slices.ContainsFunc(p.Tasks, func(t *plan.Task) bool { return t.Entry == e }) {
			t.Errorf("%s makes a task, although %s: %v", desc, why, err)
		}
	}
}

// single makes a table of contents with one entry to look at, in the given section.
func single(desc, tag, schema string, section archive.Section, drop string) (*archive.TOC, *archive.Entry) {
	e := archive.Entry{
		DumpID: 9, Desc: desc, Tag: tag, Namespace: schema, Section: section, Owner: "own", DropStmt: drop,
		Defn: "SELECT 1;\n", HadDumper: desc == "TABLE DATA" || desc == "BLOBS",
	}
	switch desc {
	case "ACL", "COMMENT", "SECURITY LABEL": // they stand in the section of what is before them
		e.Section = archive.None
		if strings.HasPrefix(tag, "DATABASE ") {
			e.Defn = "COMMENT ON DATABASE db IS 'x';\n"
		}
	case "BLOB METADATA":
		e.Defn = "7\n8\n"
	case "BLOBS":
		e.Dependencies = []int{8}
	case "CONSTRAINT":
		e.Defn = "ALTER TABLE ONLY s.o\n    ADD CONSTRAINT c PRIMARY KEY (id);\n"
	case "DATABASE PROPERTIES":
		e.Defn = "ALTER DATABASE db SET work_mem TO '1MB';\n"
	case "TABLE DATA":
		e.CopyStmt = "COPY s.o (id) FROM stdin;\n"
	}
	toc := &archive.TOC{Header: archive.Header{Database: "db"}, Entries: []archive.Entry{
		{DumpID: 8, Desc: "BLOB METADATA", Tag: "7", Section: section, Defn: "7\n"}, e,
	}}
	return toc, &toc.Entries[1]
}

// A constraint that builds no index (version 18 writes NOT NULL … NOT VALID as one) is not among the indexes.
func TestConstraintsThatBuildIndexes(t *testing.T) {
	for defn, want := range map[string]plan.Phase{
		`ALTER TABLE ONLY s.o ADD CONSTRAINT c UNIQUE NULLS NOT DISTINCT (a);`:                plan.Indexes,
		`ALTER TABLE ONLY s.o ADD CONSTRAINT "a b""c" PRIMARY KEY (a);`:                       plan.Indexes,
		`ALTER TABLE ONLY s.o ADD CONSTRAINT c EXCLUDE USING gist (a WITH =);`:                plan.Indexes,
		`ALTER TABLE s.o ADD CONSTRAINT c NOT NULL a NOT VALID;`:                              plan.Constraints,
		`ALTER TABLE s.o ADD CONSTRAINT "ADD CONSTRAINT x UNIQUE" NOT NULL a NOT VALID;`:      plan.Constraints,
		`ALTER TABLE s.o ADD CONSTRAINT c NOT NULL "ADD CONSTRAINT x PRIMARY KEY" NOT VALID;`: plan.Constraints,
		`ALTER DOMAIN s.d ADD CONSTRAINT c NOT NULL;`:                                         plan.Constraints,
	} {
		toc, e := single("CONSTRAINT", "o c", "s", archive.PostData, "")
		e.Defn = defn
		p, err := plan.Build(toc, &catalog.Source{}, plan.Choices{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Tasks[len(p.Tasks)-1].Phase; got != want {
			t.Errorf("%s: %s, not %s", defn, phases[got], phases[want])
		}
	}
}

// A comment belongs to the section of what it is on.
func TestSectionOfWhatHasNone(t *testing.T) {
	for section, want := range map[archive.Section]plan.Order{
		archive.PreData: plan.Before, archive.DataSection: plan.Parallel, archive.PostData: plan.Parallel,
	} {
		toc, e := single("COMMENT", "TABLE o", "s", section, "")
		p, err := plan.Build(toc, &catalog.Source{}, plan.Choices{})
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range p.Tasks {
			if task.Entry == e && task.Order != want {
				t.Errorf("in %s: %s, not %s", section, orders[task.Order], orders[want])
			}
		}
	}
}

// The kinds above are those of internal/transfer's list, which its own test compares with pg_dump's source.
func TestKindsAreComplete(t *testing.T) {
	list, err := os.ReadFile("../transfer/testdata/descriptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, k := range kinds {
		known[k.desc] = true
	}
	for desc := range never {
		known[desc] = true
	}
	for line := range strings.Lines(string(list)) {
		desc, _, _ := strings.Cut(line, "\t")
		if !known[desc] {
			t.Errorf("%s is not among the kinds", desc)
		}
		delete(known, desc)
	}
	for desc := range known {
		t.Errorf("%s is none of pg_dump's descriptions", desc)
	}
}

// An entry with data that is not a table's or a large object's is refused rather than forgotten.
func TestUnknownData(t *testing.T) {
	toc, e := single("NOVELTY", "o", "s", archive.DataSection, "")
	e.HadDumper = true
	_, err := plan.Build(toc, &catalog.Source{}, plan.Choices{})
	if err == nil || !strings.Contains(err.Error(), "NOVELTY s.o: data of a kind that is not known here") {
		t.Errorf("%v", err)
	}
}
