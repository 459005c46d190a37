package plan_test

import (
	"slices"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// Row security would bind the owner who validates a foreign key: it is switched on after the keys on and to the table.
func TestRowSecurityFollowsForeignKeys(t *testing.T) {
	toc := twoTables(archive.Entry{Desc: "FK CONSTRAINT", Tag: "a k", Defn: "ALTER TABLE ONLY s.a\n    ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES s.b(x);\n"})
	for i, name := range []string{"a", "b"} { // before the key in the archive
		toc.Entries = slices.Insert(toc.Entries, 4, archive.Entry{
			DumpID: 20 + i, Desc: "ROW SECURITY", Tag: name, Namespace: "s", Section: archive.PostData, Defn: "ALTER TABLE s." + name + " ENABLE ROW LEVEL SECURITY;\n",
			Dependencies: []int{1 + i},
		})
	}
	source := &catalog.Source{Relations: relations(), ForeignKeys: map[uint32]*catalog.ForeignKey{90: {Table: 11, Referenced: 12, Orphans: "SELECT 1"}}}
	p, err := plan.Build(toc, source, plan.Choices{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if !waitsFor(p, find(t, p, "ROW SECURITY", name), find(t, p, plan.Validate, "a k")) {
			t.Errorf("row security of %s comes before the foreign key is validated", name)
		}
	}
}

// An extension's table has no entry of its own, but rows, and foreign keys to it wait for them.
func TestForeignKeyToAnExtensionsTable(t *testing.T) {
	toc := twoTables(archive.Entry{Desc: "FK CONSTRAINT", Tag: "a k", Defn: "ALTER TABLE ONLY s.a\n    ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES s.b(x);\n"})
	toc.Entries = slices.Delete(toc.Entries, 1, 2) // table b is made by its extension
	toc.Entries[3].Dependencies = []int{1}
	source := &catalog.Source{Relations: relations(), ForeignKeys: map[uint32]*catalog.ForeignKey{90: {Table: 11, Referenced: 12, Orphans: "SELECT 1"}}}
	p, err := plan.Build(toc, source, plan.Choices{})
	if err != nil {
		t.Fatal(err)
	}
	add := find(t, p, "FK CONSTRAINT", "a k")
	if rows := find(t, p, "TABLE DATA", "b"); !slices.Contains(add.Needs, rows.ID) {
		t.Errorf("the key needs %v, and not the rows of b, %d", add.Needs, rows.ID)
	}
	if want := (plan.Lock{Relation: 12, Mode: plan.ShareRowExclusive}); !slices.Contains(add.Locks, want) {
		t.Errorf("the key locks %v", add.Locks)
	}
}

// On servers where NOT NULL is inherited by name, a child's primary key is made as the archive has it.
func TestPrimaryKeyOfAChild(t *testing.T) {
	for version, want := range map[int]int{170000: 2, 180000: 1} {
		source := &catalog.Source{
			Relations: relations(), Keys: map[uint32]*catalog.Key{90: {Index: 70, Name: "k", Definition: "CREATE UNIQUE INDEX k ON s.a USING btree (x)"}},
			Indexes: map[uint32]*catalog.Index{70: {Table: 11, Method: "btree"}},
		}
		source.Relations[11].Heir = true
		toc := twoTables(archive.Entry{Desc: "CONSTRAINT", Tag: "a k", Defn: "ALTER TABLE ONLY s.a\n    ADD CONSTRAINT k PRIMARY KEY (x);\n"})
		if lines, _ := made(t, toc, source, plan.Choices{TargetVersion: version}); len(lines) != want {
			t.Errorf("for version %d: %q", version, lines)
		}
	}
}

// ANALYZE of a table reads its children by INHERITS, too.
func TestAnalyzeFollowsHeirs(t *testing.T) {
	toc := twoTables(archive.Entry{Desc: "INDEX", Tag: "i", Defn: "CREATE INDEX i ON s.b USING btree (x);\n"})
	toc.Entries[4].Dependencies = []int{2}
	source := &catalog.Source{Relations: relations()}
	source.Relations[11].Heirs = []uint32{12}
	p, err := plan.Build(toc, source, plan.Choices{})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range p.Tasks {
		if task.Desc == plan.Analyze && task.Name == "s.a" && (!waitsFor(p, task, find(t, p, "TABLE DATA", "b")) || !waitsFor(p, task, find(t, p, "INDEX", "i"))) {
			t.Errorf("it follows %v only", task.Follows)
		}
	}
}

// The trigger of a partition of a partition comes after that of the root, whatever their names.
func TestTriggersFromTheRoot(t *testing.T) {
	source := &catalog.Source{Relations: map[uint32]*catalog.Relation{
		11: {OID: 11, Partitioned: true}, 12: {OID: 12, Parent: 11, Partitioned: true}, 13: {OID: 13, Parent: 12},
	}}
	var toc archive.TOC
	for i, name := range []string{"root", "r1", "r1a"} {
		toc.Entries = append(toc.Entries, archive.Entry{
			DumpID: i + 1, Desc: "TABLE", Tag: name, Namespace: "s", Section: archive.PreData, Defn: "CREATE TABLE", CatalogID: archive.CatalogID{OID: uint32(11 + i)},
		})
	}
	for i, name := range []string{"r1a", "root"} {
		toc.Entries = append(toc.Entries, archive.Entry{
			DumpID: 10 + i, Desc: "TRIGGER", Tag: name + " rt", Namespace: "s", Section: archive.PostData, Defn: "…", Dependencies: []int{3 - 2*i},
		})
	}
	p, err := plan.Build(&toc, source, plan.Choices{})
	if err != nil {
		t.Fatal(err)
	}
	if leaf, root := find(t, p, "TRIGGER", "r1a rt"), find(t, p, "TRIGGER", "root rt"); !slices.Contains(leaf.Needs, root.ID) {
		t.Errorf("the leaf's needs %v, the root's is %d", leaf.Needs, root.ID)
	}
}
