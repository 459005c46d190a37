package archive

import (
	"fmt"
	"strconv"
)

// Entry is one entry of the TOC (struct _tocEntry in pg_backup_archiver.h). Strings hold SQL text and names exactly as
// the archive has them. Where pg_restore tells NULL from an empty string, so does Nulls.
type Entry struct {
	DumpID    int  // 1 or more, unique in the TOC; what dependencies refer to
	HadDumper bool // pg_dump had data to write for this entry
	CatalogID CatalogID
	Tag       string // the object's name, not quoted; for functions and the like with arguments
	Desc      string // the kind of object, such as "TABLE", "TABLE DATA" or "FK CONSTRAINT"
	Section   Section

	// Defn is the SQL that makes the object, DropStmt the SQL that removes it. In archives before 1.13 they rely on
	// search_path being Namespace, then pg_catalog; from then on all names are qualified.
	Defn     string
	DropStmt string
	CopyStmt string // of TABLE DATA: "COPY name (columns) FROM stdin;\n", see [ParseCopyStmt]; NULL with --inserts

	Namespace  string // the object's schema, not quoted
	Tablespace string // "" is the database's default tablespace; NULL means that the object has none
	TableAM    string // table access method; NULL before 1.14 and for what has none
	RelKind    byte   // pg_class.relkind of a relation's entry from 1.16 on, else 0
	Owner      string // role to own the object, not quoted; "" leaves it to the one who restores
	WithOIDs   bool   // the table was made WITH OIDS, which servers from 12 on don't know

	Dependencies []int  // dump ids, in the archive's order; they may name entries that the archive does not have
	Offset       Offset // of the custom format
	File         string // of directory archives and tar files: the name of the file with the data; "" for none

	Nulls Fields // which of the strings above are NULL rather than empty
}

// isBlobs reports whether the entry's data is large objects.
func (e *Entry) isBlobs() bool { return e.Desc == "BLOBS" }

// isCopy reports whether the entry's data is rows for its CopyStmt; with pg_dump --inserts it is statements.
func (e *Entry) isCopy() bool { return e.CopyStmt != "" && !e.isBlobs() }

// label names the entry in errors.
func (e *Entry) label() string {
	name := e.Tag
	if e.Namespace != "" {
		name = e.Namespace + "." + e.Tag
	}
	return fmt.Sprintf("%s %.200q (dump id %d)", e.Desc, name, e.DumpID)
}

// CatalogID is where the object was found in the source's catalogs; both are 0 if it has no row of its own.
type CatalogID struct{ TableOID, OID uint32 }

// Section is the part of a restore that an entry belongs to (teSection in pg_backup.h).
type Section int

// The sections. None is for entries such as comments and ACLs, which belong to the section of the entry they depend on.
const (
	None        Section = 1
	PreData     Section = 2
	DataSection Section = 3 // Data is the type of what is read
	PostData    Section = 4
)

// String gives the name that pg_restore --section takes.
func (s Section) String() string {
	switch s {
	case None:
		return "none"
	case PreData:
		return "pre-data"
	case DataSection:
		return "data"
	case PostData:
		return "post-data"
	}
	return fmt.Sprintf("section %d", int(s))
}

// Offset says where an entry's data block begins.
type Offset struct {
	State    OffsetState
	Position int64 // bytes from the start of the archive, with OffsetSet only
}

// OffsetState is the flag byte of an Offset (K_OFFSET_… in pg_backup_archiver.h).
type OffsetState byte

// The states. An archive written to a pipe has OffsetNotSet for all its data.
const (
	OffsetNotSet OffsetState = 1
	OffsetSet    OffsetState = 2
	OffsetNoData OffsetState = 3
)

// Fields is a set of an Entry's string fields.
type Fields uint16

// The fields that can be NULL.
const (
	FieldTag Fields = 1 << iota
	FieldDesc
	FieldDefn
	FieldDropStmt
	FieldCopyStmt
	FieldNamespace
	FieldTablespace
	FieldTableAM
	FieldOwner
)

// Has reports whether all of f are in the set.
func (s Fields) Has(f Fields) bool { return s&f == f }

// entry reads one entry (the loop's body in ReadToc, pg_backup_archiver.c).
func (d *decoder) entry(h *Header) Entry {
	var e Entry
	read := func(how func(*decoder, string) (string, bool), f Fields, name string) string {
		s, null := how(d, name)
		if null {
			e.Nulls |= f
		}
		return s
	}
	text := func(f Fields, name string) string { return read((*decoder).str, f, name) }
	word := func(f Fields, name string) string { return read((*decoder).word, f, name) }
	e.DumpID = d.int("dump id", 1, maxInt)
	e.HadDumper = d.int("data dumper flag", -maxInt, maxInt) != 0
	e.CatalogID = CatalogID{TableOID: d.oid("table oid"), OID: d.oid("oid")}
	e.Tag = text(FieldTag, "tag")
	e.Desc = word(FieldDesc, "description")
	e.Section = Section(d.int("section", int(None), int(PostData)))
	e.Defn = text(FieldDefn, "definition")
	e.DropStmt = text(FieldDropStmt, "drop statement")
	e.CopyStmt = text(FieldCopyStmt, "copy statement")
	e.Namespace = word(FieldNamespace, "namespace")
	e.Tablespace = word(FieldTablespace, "tablespace")
	if h.Version.AtLeast(1, 14) {
		e.TableAM = word(FieldTableAM, "table access method")
	} else {
		e.Nulls |= FieldTableAM
	}
	if h.Version.AtLeast(1, 16) {
		e.RelKind = byte(d.int("relkind", 0, 255))
	}
	e.Owner = word(FieldOwner, "owner")
	withOIDs, _ := d.text("with oids")
	e.WithOIDs = string(withOIDs) == "true"
	e.Dependencies = d.dependencies()
	if h.Format == FormatCustom {
		e.Offset = d.dataOffset(h.OffSize)
	} else {
		e.File, _ = d.str("file name") // _ReadExtraToc in pg_backup_directory.c and pg_backup_tar.c
	}
	return e
}

// oid reads an object id, which archives hold as a string of digits.
func (d *decoder) oid(field string) uint32 {
	at := d.offset
	s, _ := d.text(field)
	n, err := strconv.ParseUint(string(s), 10, 32)
	if d.err == nil && err != nil {
		d.fail(field, fmt.Errorf("%.20q at offset %d is no object id", s, at))
	}
	return uint32(n)
}

// dependencies reads dump ids, each a string of digits, up to the NULL that ends them.
func (d *decoder) dependencies() []int {
	const field = "dependencies"
	var deps []int
	for d.err == nil {
		at := d.offset
		s, null := d.text(field)
		if null || d.err != nil {
			break
		}
		if len(deps) == d.lim.Dependencies {
			d.fail(field, fmt.Errorf("at offset %d: more than the limit of %d", at, d.lim.Dependencies))
			break
		}
		id, err := strconv.ParseInt(string(s), 10, 32)
		if err != nil {
			d.fail(field, fmt.Errorf("%.20q at offset %d is no dump id", s, at))
			break
		}
		deps = append(deps, int(id))
	}
	return deps
}

// dataOffset reads what the custom format adds to an entry (_ReadExtraToc in pg_backup_custom.c, ReadOffset in
// pg_backup_archiver.c).
func (d *decoder) dataOffset(size byte) Offset {
	const field = "data offset"
	at, p := d.offset, d.scratch[:1+size]
	if !d.read(field, p) {
		return Offset{}
	}
	o := Offset{State: OffsetState(p[0])}
	if o.State < OffsetNotSet || o.State > OffsetNoData {
		d.fail(field, fmt.Errorf("flag %d at offset %d: must be 1, 2 or 3", p[0], at))
		return Offset{}
	}
	var pos uint64
	for i, b := range p[1:] {
		pos |= uint64(b) << (8 * i)
	}
	if o.Position = int64(pos); o.Position < 0 {
		d.fail(field, fmt.Errorf("position %d at offset %d is too large", pos, at))
		return Offset{}
	}
	return o
}
