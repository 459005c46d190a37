package plan

import (
	"slices"
	"strings"

	"pgsluice/internal/archive"
)

// firstVersionVacuumsInserts is the first server whose autovacuum counts inserted rows.
const firstVersionVacuumsInserts = 130000

// addAnalyze makes a task for each table that gets rows, and one for each tree of partitions: ANALYZE of its root reads
// all of them. The tasks stand in front of the foreign keys, whose validation wants statistics.
func (b *builder) addAnalyze() {
	b.analyzed = map[uint32]int{}
	if b.choices.NoAnalyze {
		return
	}
	added := map[uint32]bool{}
	for _, t := range b.plan.Tasks {
		if t.Kind != Rows {
			continue
		}
		oid, e := t.Relation, t.Entry
		if root := b.tables.root(oid); b.tables.made[root] != nil && root != oid {
			if b.foreignBelow(root) && !added[root] {
				b.noStatistics(b.tables.made[root])
				added[root] = true
			} else if !b.foreignBelow(root) {
				oid, e = root, b.tables.made[root]
			}
		}
		switch {
		case added[oid]:
		case b.foreignBelow(oid):
			b.noStatistics(e)
		default:
			task := analyze(e, Parallel, Constraints, oid)
			if b.vacuums(oid) {
				task.Bare, task.Statements = true, []string{"VACUUM (ANALYZE) " + task.Name}
			}
			b.plan.Tasks = append(b.plan.Tasks, task)
		}
		added[oid] = true
	}
}

// vacuums reports whether a table is vacuumed as it is analyzed. FREEZE leaves nothing to do in the heap of one that was copied
// whole, but its TOAST, and one that was copied in parts, are left. From version 13 on autovacuum comes for rows that were only
// inserted, when the copy is over.
func (b *builder) vacuums(oid uint32) bool {
	switch {
	case b.choices.Vacuum == VacuumAll:
		return true
	case b.choices.Vacuum == VacuumNone, b.choices.TargetVersion >= firstVersionVacuumsInserts:
		return false
	}
	return slices.ContainsFunc(b.tables.subtree(oid), func(o uint32) bool {
		r := b.source.Relations[o]
		return r != nil && r.TOAST > 0 || len(b.choices.Splits[o].Cuts) > 0
	})
}

func (b *builder) noStatistics(e *archive.Entry) {
	b.plan.LeftOut = append(b.plan.LeftOut, LeftOut{
		"planner statistics of table " + archive.QualifiedName(e.Namespace, e.Tag),
		"a child of it is a foreign table, which ANALYZE would read",
	})
}

// heirs are the children of a table by INHERITS, and theirs.
func (b *builder) heirs(oid uint32) []uint32 {
	all := []uint32{oid}
	for i := 0; i < len(all) && i < maxDepth*maxDepth; i++ {
		if r := b.source.Relations[all[i]]; r != nil {
			for _, heir := range r.Heirs { // of two parents, it comes once
				if !slices.Contains(all, heir) {
					all = append(all, heir)
				}
			}
		}
	}
	return all[1:]
}

func (b *builder) foreignBelow(oid uint32) bool {
	r := b.source.Relations[oid]
	return r != nil && r.ForeignBelow
}

// analyze makes a task of kind Analyze. Its entry is the table's or its rows'.
func analyze(e *archive.Entry, order Order, phase Phase, oid uint32) *Task {
	sql := "ANALYZE " + archive.QualifiedName(e.Namespace, e.Tag)
	name := strings.TrimPrefix(sql, "ANALYZE ")
	return &Task{
		Entry: e, Desc: Analyze, Name: name, Table: name, Phase: phase, Order: order,
		Statements: []string{sql}, analyzes: oid,
	}
}

// afterIndexes makes ANALYZE wait for a table's rows and for its indexes, whose expressions have statistics, too.
func (b *builder) afterIndexes(t *Task) {
	b.analyzed[t.analyzes] = t.ID
	for _, load := range b.tables.loads(t.analyzes) {
		t.Follows = append(t.Follows, b.byDump[load]...)
	}
	for _, oid := range b.tables.subtree(t.analyzes) {
		b.analyzed[oid] = t.ID
		t.Follows = append(t.Follows, b.before[oid]...)
		t.Locks = append(t.Locks, Lock{oid, ShareUpdateExclusive})
	}
	for _, heir := range b.heirs(t.analyzes) { // it reads them, too, and they have an ANALYZE of their own
		for _, load := range b.tables.loads(heir) {
			t.Follows = append(t.Follows, b.byDump[load]...)
		}
		t.Follows = append(t.Follows, b.before[heir]...)
	}
	slices.SortFunc(t.Locks, byRelation)
	t.Bytes = b.bytesOf(t.analyzes)
	b.readers[t.analyzes] = append(b.readers[t.analyzes], t.ID)
}
