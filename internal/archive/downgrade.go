package archive

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Downgrade returns a TOC for an archive of version 1.minor, which is 14 or more and not newer than t, and one line for each
// entry that it had to leave out. Entries that stay are the same, with their dump ids; t is not changed. The compression
// stays too, which [NewWriter] may refuse.
//
// Before 1.16, pg_restore knows no BLOB METADATA: each large object gets its BLOB entry, its owner and its privileges, before
// the first data. BLOBS entries stay as they are, which it accepts.
func (t *TOC) Downgrade(minor byte) (*TOC, []string, error) {
	v := Version{Major: 1, Minor: minor}
	if from := t.Header.Version; minor < 14 || from.Major != 1 || minor > from.Minor {
		return nil, nil, fmt.Errorf("an archive of version %s can't become one of version %s", t.Header.Version, v)
	}
	d := &TOC{Header: t.Header}
	d.Header.Version = v
	if t.Header.Version.Minor < 16 || minor >= 16 {
		d.Entries = slices.Clone(t.Entries)
		return d, nil, nil
	}
	g := downgrade{from: t, to: d}
	for i := range t.Entries {
		g.nextID = max(g.nextID, t.Entries[i].DumpID+1)
	}
	if err := g.expand(); err != nil {
		return nil, nil, err
	}
	for i := range t.Entries {
		g.add(&t.Entries[i])
	}
	g.place()
	return d, g.left, nil
}

// downgrade makes a TOC from before 1.16 from a later one.
type downgrade struct {
	from, to *TOC
	nextID   int
	objects  []Entry        // what stands before the data: BLOB entries and what belongs to them
	ids      map[int][]int  // of a BLOB METADATA entry: those of its large objects
	byTag    map[string]int // "LARGE OBJECT 7": the id of its BLOB entry
	left     []string
}

// expand makes an entry for each large object of each BLOB METADATA, and for each of their privileges.
func (g *downgrade) expand() error {
	g.ids, g.byTag = map[int][]int{}, map[string]int{}
	for i := range g.from.Entries {
		e := &g.from.Entries[i]
		if e.Desc != "BLOB METADATA" {
			continue
		}
		oids, err := e.LargeObjects()
		if err != nil {
			return err
		}
		for _, oid := range oids {
			blob := blobEntry(e, oid, g.nextID)
			g.ids[e.DumpID] = append(g.ids[e.DumpID], g.nextID)
			g.byTag[objectTag(oid)] = g.nextID
			g.objects = append(g.objects, blob)
			g.nextID++
		}
	}
	for i := range g.from.Entries {
		e := &g.from.Entries[i]
		if !e.IsGroupACL() {
			continue
		}
		for _, id := range e.Dependencies {
			group := g.from.ByID(id)
			if group == nil || group.Desc != "BLOB METADATA" {
				continue
			}
			oids, err := group.LargeObjects()
			if err != nil {
				return err
			}
			for _, oid := range oids {
				g.objects = append(g.objects, aclEntry(e, oid, g.nextID, g.byTag[objectTag(oid)]))
				g.nextID++
			}
		}
	}
	return nil
}

// blobEntry is what pg_dump 16 writes for a large object (dumpLO in pg_dump.c).
func blobEntry(group *Entry, oid uint32, id int) Entry {
	e := *group
	e.DumpID, e.CatalogID.OID = id, oid
	e.Desc, e.Tag, e.Section = "BLOB", strconv.FormatUint(uint64(oid), 10), PreData
	e.Defn = fmt.Sprintf("SELECT pg_catalog.lo_create('%d');\n", oid)
	e.DropStmt = fmt.Sprintf("SELECT pg_catalog.lo_unlink('%d');\n", oid)
	e.Nulls &^= FieldDefn | FieldDropStmt
	e.RelKind, e.Dependencies = 0, nil
	return e
}

// objectTag is the tag of what belongs to one large object, such as its comment.
func objectTag(oid uint32) string { return "LARGE OBJECT " + strconv.FormatUint(uint64(oid), 10) }

// aclEntry repeats the privileges of a group's first large object for another one (IssueACLPerBlob in
// pg_backup_archiver.c).
func aclEntry(group *Entry, oid uint32, id, blob int) Entry {
	e := *group
	e.DumpID = id
	e.Tag = objectTag(oid)
	var all strings.Builder
	for _, statement := range SplitStatements(group.Defn) {
		all.WriteString(forObject(statement, oid) + ";\n")
	}
	e.Defn, e.Dependencies, e.RelKind, e.Section = all.String(), []int{blob}, 0, None
	return e
}

// add puts an entry into the new TOC, unless it has been expanded or can't be had.
func (g *downgrade) add(x *Entry) {
	e := *x
	switch {
	case e.Desc == "BLOB METADATA", e.IsGroupACL():
		return
	case e.Desc == "STATISTICS DATA":
		g.left = append(g.left, e.label()+": only servers from 18 on take statistics, and archives from 1.16 on hold them")
		return
	}
	if e.RelKind == PartitionedTable && !e.Nulls.Has(FieldTableAM) { // ALTER TABLE … SET ACCESS METHOD needs the relkind
		e.TableAM, e.Nulls = "", e.Nulls|FieldTableAM
	}
	e.RelKind = 0
	e.Dependencies = g.dependencies(e.Tag, e.Dependencies)
	g.to.Entries = append(g.to.Entries, e)
}

// dependencies puts the large objects in the place of their group: the one that the tag names, or all of them.
func (g *downgrade) dependencies(tag string, ids []int) []int {
	if !slices.ContainsFunc(ids, func(id int) bool { return g.ids[id] != nil }) {
		return ids
	}
	var all []int
	for _, id := range ids {
		blobs := g.ids[id]
		one, isOne := g.byTag[tag]
		switch {
		case blobs == nil:
			all = append(all, id)
		case isOne && slices.Contains(blobs, one):
			all = append(all, one)
		default:
			all = append(all, blobs...)
		}
	}
	return all
}

// place puts the large objects before the first data: there they stand where pg_dump 16 has them.
func (g *downgrade) place() {
	list := g.to.Entries
	i := slices.IndexFunc(list, func(e Entry) bool { return e.Section == DataSection || e.Section == PostData })
	if i < 0 {
		i = len(list)
	}
	g.to.Entries = slices.Insert(list, i, g.objects...)
}

// LargeObjects returns the ids that a BLOB METADATA entry lists, a line each.
func (e *Entry) LargeObjects() ([]uint32, error) {
	var oids []uint32
	for line := range strings.FieldsSeq(e.Defn) {
		oid, err := strconv.ParseUint(line, 10, 32)
		if err != nil || oid == 0 {
			return nil, fmt.Errorf("%s: %.100q is no large object's id", e.label(), line)
		}
		oids = append(oids, uint32(oid))
	}
	return oids, nil
}
