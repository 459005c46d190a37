package plan

import (
	"cmp"
	"slices"
	"strings"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// tables answers questions about tables and partition trees, in OIDs of the source.
type tables struct {
	source   *catalog.Source
	children map[uint32][]uint32
	made     map[uint32]*archive.Entry // tables that the archive makes; others are an extension's
	data     map[uint32]int            // table to the dump id of its TABLE DATA entry
	viaRoot  map[uint32]bool           // roots of trees with a partition that is loaded via the root
}

func newTables(toc *archive.TOC, source *catalog.Source) tables {
	t := tables{source: source, children: source.Children(), made: make(map[uint32]*archive.Entry, len(toc.Entries)/2), data: make(map[uint32]int, len(toc.Entries)/2), viaRoot: map[uint32]bool{}}
	for i := range toc.Entries {
		e := &toc.Entries[i]
		switch e.Desc {
		case "TABLE":
			t.made[e.CatalogID.OID] = e
			continue
		case "TABLE DATA":
		default:
			continue
		}
		t.data[e.CatalogID.OID] = e.DumpID
		name := archive.QualifiedName(e.Namespace, e.Tag)
		if strings.HasPrefix(e.CopyStmt, "COPY "+name+" ") {
			continue // what nearly all say
		}
		if into, _, err := archive.ParseCopyStmt(e.CopyStmt); err == nil && into != name && !unqualified(toc) {
			t.viaRoot[t.root(e.CatalogID.OID)] = true
		}
	}
	return t
}

// root is the topmost partitioned table above a partition, or the table itself.
func (t *tables) root(oid uint32) uint32 {
	for range maxDepth {
		r := t.source.Relations[oid]
		if r == nil || r.Parent == 0 {
			break
		}
		oid = r.Parent
	}
	return oid
}

// maxDepth is deeper than PostgreSQL nests partitions: what climbs a tree ends on a damaged catalog too.
const maxDepth = 1000

// subtree is a table and all partitions below it.
func (t *tables) subtree(oid uint32) []uint32 {
	all := []uint32{oid}
	for i := 0; i < len(all); i++ {
		all = append(all, t.children[all[i]]...)
	}
	return all
}

// loads are the dump ids of the TABLE DATA entries after which a table is complete: its own, those of all its
// partitions, and where rows go in through the root those of the whole tree.
func (t *tables) loads(oid uint32) []int {
	if root := t.root(oid); t.viaRoot[root] {
		oid = root
	}
	var ids []int
	for _, o := range t.subtree(oid) {
		if id, ok := t.data[o]; ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// dependencies fills Needs, Locks, AfterData, Table and the byte counts of what reads a table (pg_restore,
// fix_dependencies, repoint_table_dependencies, identify_locking_dependencies).
func (b *builder) dependencies() {
	configuration := -1
	for _, t := range b.plan.Tasks {
		if t.Kind == Rows && b.tables.made[t.Relation] == nil {
			// an extension's configuration tables have their foreign keys by now; pg_dump's order respects them, but
			// its dependencies do not say so
			if configuration >= 0 {
				t.Needs = append(t.Needs, configuration)
			}
			configuration = t.ID
		}
		if t.Desc != Analyze || t.Order == After {
			b.need(t, t.Entry.Dependencies)
		}
		switch {
		case t.Desc == Analyze && t.Order == Parallel:
			b.afterIndexes(t)
		case t.Desc == Analyze:
			t.Needs = append(t.Needs, b.byDump[t.Entry.DumpID]...)
		case t.Order == Parallel && t.Phase != Data:
			b.afterLoad(t)
		}
		t.Needs, t.Follows = earlier(t.Needs, t.ID), earlier(t.Follows, t.ID)
		t.Cost = b.cost(t)
	}
}

func (b *builder) need(t *Task, dumps []int) {
	for _, id := range dumps {
		t.Needs = append(t.Needs, b.byDump[id]...)
	}
}

// earlier sorts ids and leaves out what does not come before id: the tasks are sorted by their dependencies, and one that
// points forward can only be of a circle.
func earlier(ids []int, id int) []int {
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(other int) bool { return other >= id })
}

// afterLoad makes a post-data task wait for the rows it is about.
func (b *builder) afterLoad(t *Task) {
	e := t.Entry
	t.Needs = append(t.Needs, b.byDump[e.DumpID]...) // the entry's other half
	tables := b.tablesOf(e)
	if len(tables) > 0 {
		t.Table = displayName(tables[0])
	}
	oids := make([]uint32, len(tables))
	for i, table := range tables {
		oids[i] = table.CatalogID.OID
	}
	if key := b.source.ForeignKeys[e.CatalogID.OID]; key != nil && e.Desc == "FK CONSTRAINT" {
		oids = []uint32{key.Table, key.Referenced} // the archive does not make an extension's tables
		if key.Table == key.Referenced {
			oids = oids[:1]
		}
	}
	for i, oid := range oids {
		own := i == 0
		t.Locks = append(t.Locks, b.locks(t, oid, own)...)
		if e.Desc == "INDEX ATTACH" {
			continue // both indexes are there by then, and no row is read
		}
		for _, load := range b.tables.loads(oid) {
			t.Needs = append(t.Needs, b.byDump[load]...)
		}
		if readsRows(t) {
			t.Bytes += b.bytesOf(oid)
			b.readers[oid] = append(b.readers[oid], t.ID)
		}
		switch {
		case e.Desc == "TRIGGER":
			t.Needs = append(t.Needs, b.triggersAbove(oid)...)
			b.triggers[oid] = append(b.triggers[oid], t.ID)
		case e.Desc == "FK CONSTRAINT":
			if id, ok := b.analyzed[oid]; ok && readsRows(t) {
				t.Follows = append(t.Follows, id)
			}
			for _, o := range append(b.tables.subtree(oid), b.tables.root(oid)) {
				b.keys[o] = append(b.keys[o], t.ID)
			}
		case e.Desc == "ROW SECURITY":
			t.Follows = append(t.Follows, b.keys[oid]...)
		case t.Phase == Indexes, e.Desc == "STATISTICS":
			b.before[oid] = append(b.before[oid], t.ID)
		}
	}
	slices.SortFunc(t.Locks, byRelation)
	t.Locks = slices.Compact(t.Locks)
	switch {
	case t.Phase == Indexes, e.Desc == "FK CONSTRAINT", e.Desc == "STATISTICS":
	default:
		// triggers would fire, and NOT VALID checks would test, while rows of the table or of a child still arrive
		t.AfterData = true
	}
}

// sortTriggers puts those of a partition behind those of the tables above it, each in the place of another one: in the
// archive they are in the order of their tables' names.
func (b *builder) sortTriggers() {
	depth := func(t *Task) (n int) {
		tables := b.tablesOf(t.Entry)
		if len(tables) == 0 {
			return 0
		}
		oid := tables[0].CatalogID.OID
		for root := b.tables.root(oid); oid != root && n < maxDepth; n++ {
			oid = b.source.Relations[oid].Parent
		}
		return n
	}
	var places []int
	var triggers []*Task
	for i, t := range b.plan.Tasks {
		if t.Desc == "TRIGGER" {
			places, triggers = append(places, i), append(triggers, t)
		}
	}
	slices.SortStableFunc(triggers, func(x, y *Task) int { return cmp.Compare(depth(x), depth(y)) })
	for i, t := range triggers {
		b.plan.Tasks[places[i]] = t
	}
}

// triggersAbove are the tasks of the triggers on the tables that a partition belongs to. A partition's entry changes the
// state of a trigger that the parent's entry makes; pg_dump's dependencies say so for parents, but not for grandparents.
func (b *builder) triggersAbove(oid uint32) []int {
	var ids []int
	for root := b.tables.root(oid); oid != root; {
		oid = b.source.Relations[oid].Parent
		ids = append(ids, b.triggers[oid]...)
	}
	return ids
}

// readsRows reports whether a post-data task goes through all rows of its tables.
func readsRows(t *Task) bool {
	switch t.Desc {
	case "INDEX", Validate:
		return true
	case "CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT":
		first := t.Statements[len(t.Statements)-1]
		if i := slices.IndexFunc(t.Statements, func(s string) bool { return strings.HasPrefix(s, "ALTER") }); i >= 0 {
			first = t.Statements[i]
		}
		return !strings.HasSuffix(strings.TrimRight(first, "; \n"), " NOT VALID") && !strings.Contains(first, " USING INDEX ")
	}
	return false
}

// bytesOf is the size of a table with its partitions.
func (b *builder) bytesOf(oid uint32) int64 {
	var n int64
	for _, o := range b.tables.subtree(oid) {
		for _, id := range b.byDump[b.tables.data[o]] {
			n += b.plan.Tasks[id].Bytes
		}
	}
	return n
}

// tablesOf are the tables that a post-data entry depends on. The first is the one that it belongs to.
func (b *builder) tablesOf(e *archive.Entry) []*archive.Entry {
	var found []*archive.Entry
	for _, id := range e.Dependencies {
		d := b.toc.ByID(id)
		if d != nil && (d.Desc == "TABLE" || d.Desc == "MATERIALIZED VIEW") && !slices.Contains(found, d) {
			found = append(found, d)
		}
	}
	own := slices.IndexFunc(found, func(d *archive.Entry) bool {
		if e.Desc == "INDEX ATTACH" { // of the partition, not of its parent
			r := b.source.Relations[d.CatalogID.OID]
			return r != nil && slices.ContainsFunc(found, func(p *archive.Entry) bool { return p.CatalogID.OID == r.Parent })
		}
		return d.Namespace == e.Namespace && strings.HasPrefix(e.Tag+" ", d.Tag+" ") // "orders orders_customer_fkey"
	})
	if own > 0 {
		found[0], found[own] = found[own], found[0]
	}
	return found
}

// emptyIndex returns the table if an entry makes an index or key on a partitioned table alone (CREATE INDEX … ON ONLY,
// ALTER TABLE ONLY …), or nil. Made before rows arrive it costs nothing. Made later it would wait for every COPY into a
// partition, each of which holds a lock on the parent, and with it the partitions' indexes, which depend on it.
func (b *builder) emptyIndex(e *archive.Entry) *archive.Entry {
	if e.Desc != "INDEX" && !buildsIndex(e) {
		return nil
	}
	for _, id := range e.Dependencies {
		for _, made := range b.byDump[id] {
			if b.plan.Tasks[made].Order != Before { // a function that pg_dump had to put behind the data
				return nil
			}
		}
	}
	tables := b.tablesOf(e)
	if len(tables) == 0 || len(b.tables.children[tables[0].CatalogID.OID]) == 0 {
		return nil
	}
	return tables[0]
}
