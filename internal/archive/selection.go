package archive

import (
	"errors"
	"fmt"
	"slices"
)

// Selection says which entries of an archive take part, with the meaning that pg_restore gives to its options of the
// same names. The zero value takes all but what concerns the database itself. Names are exact and not quoted.
type Selection struct {
	Sections       []Section // PreData, DataSection or PostData; none means all three
	Schemas        []string  // only what is in one of them
	ExcludeSchemas []string
	Tables         []string // only these tables, views and sequences, with their rows
	Indexes        []string // and these indexes
	Functions      []string // and these routines, such as "f(integer)"
	Triggers       []string // and these triggers, such as "orders touch"

	List []int // only entries of these dump ids, in this order; nil means all, in the archive's order

	SchemaOnly bool // no rows, sequence values, large objects, and no statistics
	DataOnly   bool // only rows, sequence values and large objects

	NoACL            bool
	NoComments       bool
	NoPolicies       bool
	NoPublications   bool
	NoSubscriptions  bool
	NoSecurityLabels bool
	NoStatistics     bool

	// Database takes what concerns the database itself, as pg_restore --create does: DATABASE, DATABASE PROPERTIES and
	// its comment, privileges and labels.
	Database bool
}

// Parts is what is wanted of an entry (REQ_… in pg_backup_archiver.h).
type Parts uint8

// The parts. Special entries are those of [Entry.IsSpecial].
const (
	SchemaPart Parts = 1 << iota
	DataPart
	StatisticsPart
	SpecialPart
)

// Selected is what a Selection takes of a TOC. It may be used from several goroutines.
type Selected struct {
	order []*Entry
	parts map[int]Parts
}

// Entries returns the entries that take part, special ones included, in the order to restore them in.
func (s *Selected) Entries() []*Entry { return s.order }

// Parts returns what is wanted of e, 0 for nothing.
func (s *Selected) Parts(e *Entry) Parts { return s.parts[e.DumpID] }

// Wants reports whether e makes something that is wanted: special entries don't.
func (s *Selected) Wants(e *Entry) bool { return s.Parts(e)&^SpecialPart != 0 }

// WantsData reports whether e has a data block that is wanted.
func (s *Selected) WantsData(e *Entry) bool { return e.HadDumper && s.Parts(e)&DataPart != 0 }

// Select applies the selection to a TOC (ProcessArchiveRestoreOptions). It is an error that options exclude each other,
// and that List names an entry that the archive does not have.
func (s *Selection) Select(t *TOC) (*Selected, error) {
	if s.SchemaOnly && s.DataOnly {
		return nil, errors.New("schema only and data only exclude each other")
	}
	entries, listed, err := s.sorted(t)
	if err != nil {
		return nil, err
	}
	m := marker{Selection: s, toc: t, listed: listed, parts: make(map[int]Parts, len(entries))}
	result := &Selected{parts: m.parts}
	section := PreData
	for _, e := range entries {
		if e.Section != None {
			section = e.Section
		}
		if p := m.required(e, section); p != 0 {
			m.parts[e.DumpID] = p
			result.order = append(result.order, e)
		}
	}
	return result, nil
}

// sorted returns all entries, those of the list last and in its order, as SortTocFromFile does. listed is nil without a
// list.
func (s *Selection) sorted(t *TOC) (entries []*Entry, listed map[int]bool, err error) {
	if s.List != nil {
		listed = make(map[int]bool, len(s.List))
	}
	var last []*Entry
	for _, id := range s.List {
		e := t.ByID(id)
		if e == nil {
			return nil, nil, fmt.Errorf("the archive has no entry %d", id)
		}
		if !listed[id] {
			listed[id] = true
			last = append(last, e)
		}
	}
	for i := range t.Entries {
		if e := &t.Entries[i]; !listed[e.DumpID] {
			entries = append(entries, e)
		}
	}
	return append(entries, last...), listed, nil
}

// selectsTypes reports whether only some kinds of objects are asked for (RestoreOptions.selTypes).
func (s *Selection) selectsTypes() bool {
	return len(s.Tables)+len(s.Indexes)+len(s.Functions)+len(s.Triggers) > 0
}

func (s *Selection) hasSection(section Section) bool {
	return len(s.Sections) == 0 || slices.Contains(s.Sections, section)
}
