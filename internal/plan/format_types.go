package plan

import (
	"fmt"
	"slices"

	"pgsluice/internal/catalog"
)

const (
	// firstUserOID is where OIDs begin that differ from one server to another: FirstGenbkiObjectId (transam.h).
	firstUserOID = 10000
	// firstNormalOID is where those of what users have made begin: FirstNormalObjectId.
	firstNormalOID = 16384
	// versionForeignOIDs is the first server whose array_recv and record_recv take an array's or row's type OIDs from another
	// database: before, they must be its own.
	versionForeignOIDs = 140000
	// versionInfinity is the first server with infinite intervals. Others take one, in binary, for a long one, and it takes their
	// longest one for infinite.
	versionInfinity = 170000
)

// oids are the types whose values travel as OIDs, which mean something else in another database.
var oids = []string{
	"regclass", "regcollation", "regconfig", "regdatabase", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc", "regprocedure",
	"regrole", "regtype",
}

// column says what a column's type is, and why it can't travel in binary; "" if it can.
func (f *formats) column(c catalog.Column) string {
	why, known := f.whys[c.Type]
	if !known {
		why = f.search(c.Type, c.Type, map[uint32]bool{})
		f.whys[c.Type] = why
	}
	return why
}

// search looks through a type and all that it holds for what can't travel in binary. seen ends it where a type holds itself.
func (f *formats) search(top, oid uint32, seen map[uint32]bool) string {
	if seen[oid] {
		return ""
	}
	seen[oid] = true
	t := f.Source.Types[oid]
	if t == nil {
		return "of a type that was not found"
	}
	if why := f.unfit(t); why != "" {
		if oid != top {
			return fmt.Sprintf("%s, which holds %s, %s", typeName(f.Source, top), typeName(f.Source, oid), why)
		}
		return typeName(f.Source, oid) + ", " + why
	}
	for _, inner := range t.Inner {
		if why := f.search(top, inner.Type, seen); why != "" {
			return why
		}
	}
	return ""
}

// unfit says why values of a type can't travel in binary, apart from what they hold.
func (f *formats) unfit(t *catalog.Type) string {
	if t.Schema == "pg_catalog" && t.OID < firstUserOID {
		if why := f.unfitBuiltin(t); why != "" {
			return why
		}
	}
	switch {
	case !t.Sends || !t.Receives || t.Kind == 'p':
		return "which has no binary form"
	case t.Extension != "":
		if why := f.extension(t.Extension); why != "" {
			return "of " + why
		}
	case t.Kind == 'b' && !t.Array && t.OID >= firstNormalOID:
		return "a base type that no extension made: the target's may be another"
	}
	holdsForeign := (t.Array || t.Kind == 'c') && slices.ContainsFunc(t.Inner, func(c catalog.Column) bool { return c.Type >= firstUserOID })
	if holdsForeign && f.Target.Version < versionForeignOIDs {
		return fmt.Sprintf("whose binary form names types by OIDs that differ between databases, and PostgreSQL %d wants its own", f.Target.Version/10000)
	}
	return ""
}

func (f *formats) unfitBuiltin(t *catalog.Type) string {
	source, target := f.Source, f.Target
	switch {
	case slices.Contains(oids, t.Name):
		return "whose OIDs differ between databases"
	case t.Name == "money" && source.Monetary != target.Monetary:
		return fmt.Sprintf("and lc_monetary is %s on the source and %s on the target", source.Monetary, target.Monetary)
	case t.Name == "xml" && source.Encoding != "UTF8":
		return "whose binary form has an encoding written into it"
	case t.Name == "tsquery", t.Name == "int2vector", t.Name == "oidvector":
		return "whose empty value has a binary form that PostgreSQL itself does not take"
	case t.Name == "name" && source.Encoding != target.Encoding:
		return "which may be too long in the target's encoding and is only cut as text"
	case t.Name == "interval" && (source.Version < versionInfinity) != (target.Version < versionInfinity):
		return "which is infinite from PostgreSQL 17 on where others mean a long one"
	}
	return ""
}

// extension says why what an extension made can't be relied on to be the same on the target; "" without one.
func (f *formats) extension(name string) string {
	from, ok := f.Source.Extensions[name]
	offer, known := f.Offers[name]
	to := offer.Installed
	if to == "" || f.Anew && to == from {
		to = offer.Default
	}
	switch {
	case name == "" || f.Offers == nil:
		return ""
	case !ok || !known || to == "":
		return fmt.Sprintf("extension %s, whose version on the target is not known", name)
	case to != from:
		return fmt.Sprintf("extension %s, which is version %s on the source and %s on the target", name, from, to)
	}
	return ""
}
