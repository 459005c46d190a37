package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// Up to version 16 a single BLOBS entry has the contents of all large objects, each of which has an entry of its own; a
// task takes a thousand.
func TestManyLargeObjects(t *testing.T) {
	toc := &archive.TOC{}
	for oid := range 2500 {
		toc.Entries = append(toc.Entries, archive.Entry{
			DumpID: oid + 1, Desc: "BLOB", Tag: fmt.Sprint(50000 + oid), Section: archive.PreData, Defn: "SELECT pg_catalog.lo_create('1');",
		})
	}
	toc.Entries = append(toc.Entries, archive.Entry{DumpID: 3000, Desc: "BLOBS", Tag: "BLOBS", Section: archive.DataSection, HadDumper: true})
	p, err := plan.Build(toc, &catalog.Source{}, plan.Choices{})
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	var oids []uint32
	for _, task := range p.Tasks {
		if task.Kind == plan.LargeObjects {
			sizes = append(sizes, len(task.OIDs))
			oids = append(oids, task.OIDs...)
		}
	}
	if !slices.Equal(sizes, []int{1000, 1000, 500}) || len(oids) != 2500 || oids[0] != 50000 || oids[2499] != 52499 {
		t.Errorf("tasks of %v large objects, %d in all", sizes, len(oids))
	}
	if name := p.Tasks[len(p.Tasks)-1].Name; name != "large objects 52000 to 52499" {
		t.Error(name)
	}
}

// The privileges of a group of large objects stand in the archive for the first one alone. Without the group's OIDs they
// can't be given.
func TestPrivilegesOfLargeObjectsWithoutTheirGroup(t *testing.T) {
	toc := readTOC(t, "shapes17")
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.Desc == "ACL" && strings.HasPrefix(e.Tag, "LARGE OBJECTS ") {
			e.Dependencies = nil
		}
	}
	_, err := plan.Build(toc, sourceOf(t, toc), plan.Choices{TargetDatabase: "x"})
	if err == nil || !strings.Contains(err.Error(), "LARGE OBJECTS 900001..900002") || !strings.Contains(err.Error(), "BLOB METADATA") {
		t.Errorf("%v", err)
	}
	if _, err := plan.Build(toc, sourceOf(t, toc), plan.Choices{TargetDatabase: "x", NoACL: true}); err != nil {
		t.Errorf("--no-acl: %v", err)
	}
}

// Statements about the source's database are about the target's, whatever the two are called.
func TestDatabaseIsRenamed(t *testing.T) {
	for _, target := range []string{"x", "plan shapes", `Data "Base"`} {
		p := build(t, readTOC(t, "shapes15"), plan.Choices{TargetDatabase: target})
		quoted := archive.FormatIdent(target)
		for desc, want := range map[string]string{
			"DATABASE PROPERTIES": "ALTER DATABASE " + quoted + " SET work_mem TO '7MB'\nALTER ROLE plan_owner IN DATABASE " + quoted + " SET search_path TO 'Odd Schema'",
			"COMMENT":             "COMMENT ON DATABASE " + quoted + ` IS 'on DATABASE "plan shapes" IS'`,
			"ACL":                 "GRANT CREATE ON DATABASE " + quoted + " TO plan_owner",
		} {
			i := slices.IndexFunc(p.Tasks, func(t *plan.Task) bool {
				return t.Entry.Desc == desc && (desc == "DATABASE PROPERTIES" || strings.HasPrefix(t.Entry.Tag, "DATABASE "))
			})
			if got := strings.Join(p.Tasks[i].Statements, "\n"); got != want || !p.Tasks[i].Each {
				t.Errorf("%s: %s\nnot %s", desc, got, want)
			}
		}
	}
	toc := readTOC(t, "shapes15")
	toc.Header.Database = "another"
	if _, err := plan.Build(toc, sourceOf(t, toc), plan.Choices{TargetDatabase: "x"}); err == nil {
		t.Error("a statement about a database that is not the archive's is run")
	}
}

// Roles names whom owners and privileges need, and nobody else.
func TestRoles(t *testing.T) {
	acl := func(sql string) *plan.Task {
		return &plan.Task{Entry: &archive.Entry{Desc: "ACL"}, Statements: []string{sql}}
	}
	p := &plan.Plan{Tasks: []*plan.Task{
		{Entry: &archive.Entry{Desc: "TABLE", Owner: "owner"}, Owner: "ALTER TABLE t OWNER TO owner"},
		{Entry: &archive.Entry{Desc: "TABLE", Owner: "unset"}},
		{Entry: &archive.Entry{Desc: "COMMENT"}, Statements: []string{"COMMENT ON TABLE t IS 'GRANT x TO commented'"}},
		{Entry: &archive.Entry{Desc: "DEFAULT ACL"}, Statements: []string{
			"ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA s REVOKE ALL ON TABLES FROM PUBLIC;\nALTER DEFAULT PRIVILEGES FOR ROLE maker GRANT SELECT ON TABLES TO reader;\n",
		}},
		acl("GRANT SELECT ON TABLE s.t TO \"Odd \"\"Role\";\nGRANT ALL ON TABLE s.t TO g WITH GRANT OPTION;\n"),
		acl("SET SESSION AUTHORIZATION grantor;\nGRANT SELECT ON TABLE s.t TO a;\nRESET SESSION AUTHORIZATION;\n"),
		acl("GRANT SELECT ON TABLE s.t TO b GRANTED BY \"by\";\nREVOKE ALL ON TABLE s.t FROM c;\n"),
		acl(`GRANT SELECT("sent TO x") ON TABLE s."mail FROM y" TO d;`),
		acl(`GRANT SELECT ON TABLE "FROM z".t TO PUBLIC;`),
	}}
	want := []string{`Odd "Role`, "a", "b", "by", "c", "d", "g", "grantor", "maker", "owner", "reader"}
	if got := p.Roles(); !slices.Equal(got, want) {
		t.Errorf("%q\nnot %q", got, want)
	}
}

// Privileges come before what may need them, and the database's own settings last, wherever they stand in the archive.
func TestPasses(t *testing.T) {
	toc := &archive.TOC{Header: archive.Header{Database: "db"}}
	for i, e := range []archive.Entry{
		{Desc: "DATABASE PROPERTIES", Tag: "db", Section: archive.PreData, Defn: "ALTER DATABASE db SET default_transaction_read_only TO 'on'"},
		{Desc: "TABLE", Tag: "t", Section: archive.PreData},
		{Desc: "MATERIALIZED VIEW DATA", Tag: "m", Section: archive.PostData},
		{Desc: "EVENT TRIGGER", Tag: "e", Section: archive.PostData},
		{Desc: "ACL", Tag: "TABLE t", Section: archive.None},
		{Desc: "DEFAULT ACL", Tag: "DEFAULT PRIVILEGES FOR TABLES", Section: archive.PostData},
		{Desc: "COMMENT", Tag: "EVENT TRIGGER e", Section: archive.None},
		{Desc: "INDEX", Tag: "i", Section: archive.PostData},
	} {
		e.DumpID = i + 1
		if e.Defn == "" {
			e.Defn = "SELECT 1"
		}
		toc.Entries = append(toc.Entries, e)
	}
	p, err := plan.Build(toc, &catalog.Source{}, plan.Choices{TargetDatabase: "db"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, task := range p.Tasks {
		got = append(got, task.Desc)
	}
	want := []string{"TABLE", "INDEX", "ACL", "DEFAULT ACL", "MATERIALIZED VIEW DATA", "ANALYZE", "EVENT TRIGGER", "COMMENT", "DATABASE PROPERTIES"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nnot %q", got, want)
	}
}
