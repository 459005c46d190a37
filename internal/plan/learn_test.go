package plan_test

import (
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/plan"
)

// What reads rows costs by their size once that is known, also where they lie in a partition; what does not read them stays as it was.
func TestLearn(t *testing.T) {
	entry := func(id int, desc, tag, defn string, section archive.Section, depends ...int) archive.Entry {
		e := archive.Entry{DumpID: id, Desc: desc, Tag: tag, Namespace: "s", Defn: defn, Section: section, Dependencies: depends}
		e.CatalogID.OID = uint32(100 + id)
		return e
	}
	rows := func(id int, table string, depends int) archive.Entry {
		e := entry(id, "TABLE DATA", table, "", archive.DataSection, depends)
		e.HadDumper, e.CopyStmt = true, "COPY s."+table+" (id) FROM stdin;\n"
		e.CatalogID.OID = uint32(100 + depends)
		return e
	}
	toc := &archive.TOC{Header: archive.Header{Version: archive.Version{Major: 1, Minor: 15}}, Entries: []archive.Entry{
		entry(1, "TABLE", "root", "CREATE TABLE s.root (id integer)\nPARTITION BY RANGE (id);\n", archive.PreData),
		entry(2, "TABLE", "leaf", "CREATE TABLE s.leaf (id integer);\n", archive.PreData),
		entry(3, "TABLE ATTACH", "leaf", "ALTER TABLE ONLY s.root ATTACH PARTITION s.leaf FOR VALUES FROM (0) TO (9);\n", archive.PreData, 1, 2),
		entry(4, "TABLE", "b", "CREATE TABLE s.b (id integer);\n", archive.PreData),
		rows(5, "leaf", 2),
		rows(6, "b", 4),
		entry(7, "INDEX", "leaf_id", "CREATE INDEX leaf_id ON s.leaf USING gin (id);\n", archive.PostData, 2),
		entry(8, "INDEX", "b_id", "CREATE INDEX b_id ON s.b USING btree (id);\n", archive.PostData, 4),
	}}
	p, err := plan.Build(toc, plan.SourceOf(toc, nil), plan.Choices{TargetDatabase: "d", TargetVersion: 170000, Archived: true})
	if err != nil {
		t.Fatal(err)
	}
	cost := map[string]float64{}
	for _, task := range p.Tasks {
		cost[task.Desc+" "+task.Name] = task.Cost
	}
	before := p.Remaining()
	leaf := find(t, p, "TABLE DATA", "leaf")
	p.Learn(leaf, 100e6)
	for _, task := range p.Tasks {
		rose := task.Cost > 10*cost[task.Desc+" "+task.Name]
		want := task.Name == "s.leaf_id" || task.Desc == plan.Analyze && task.Name == "s.root"
		if rose != want {
			t.Errorf("%s %s: the cost of %.0f is now %.0f", task.Desc, task.Name, cost[task.Desc+" "+task.Name], task.Cost)
		}
		if want && task.Bytes != 100e6 {
			t.Errorf("%s %s reads %d bytes", task.Desc, task.Name, task.Bytes)
		}
	}
	if after := p.Remaining(); after[leaf.ID] <= 10*before[leaf.ID] {
		t.Errorf("the path behind the rows is %.0f, and was %.0f", after[leaf.ID], before[leaf.ID])
	}
}

// The foreign keys of one table are validated one after the other: the first of them has both behind it.
func TestValidatesAddUp(t *testing.T) {
	a := &plan.Task{ID: 0, Desc: "FK CONSTRAINT", Table: "s.a", Cost: 1}
	one := &plan.Task{ID: 1, Desc: plan.Validate, Table: "s.a", Cost: 10, Needs: []int{0}}
	other := &plan.Task{ID: 2, Desc: plan.Validate, Table: "s.b", Cost: 15}
	two := &plan.Task{ID: 3, Desc: plan.Validate, Table: "s.a", Cost: 20}
	path := (&plan.Plan{Tasks: []*plan.Task{a, one, other, two}}).Remaining()
	for i, want := range []float64{31, 30, 15, 20} {
		if path[i] != want {
			t.Errorf("task %d: %.0f is left, not %.0f", i, path[i], want)
		}
	}
}
