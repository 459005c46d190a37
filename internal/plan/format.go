package plan

import (
	"fmt"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// Formats is what the choice of each table's format rests on: binary costs the servers less, and is wrong where the bytes
// mean something else on the target, or nothing (FACTS.md 22).
type Formats struct {
	Source *catalog.Layout
	// Target has tables only where rows may go into some that are there: the others are made as the source's are. Nil is a
	// server like the source's, with the same settings and extensions.
	Target *catalog.Layout
	// Offers are the target's extensions. Anew says that those it has installed are dropped first.
	Offers map[string]catalog.Offer
	Anew   bool
}

// formats chooses for one table after the other.
type formats struct {
	Formats
	whys  map[uint32]string               // of the types looked at, "" if they are fine
	there map[string]*catalog.TableLayout // the target's, by their names
}

func newFormats(f *Formats) *formats {
	if f == nil {
		return nil
	}
	c := &formats{Formats: *f, whys: map[uint32]string{}, there: map[string]*catalog.TableLayout{}}
	if c.Target == nil {
		settings := *c.Source
		settings.Tables = nil
		c.Target = &settings
		c.Offers = nil
	}
	for _, t := range c.Target.Tables {
		c.there[t.Name] = t
	}
	return c
}

// format decides how the rows of a relation travel: binary, or as text for the reason why.
func (b *builder) format(relation uint32) (binary bool, why string) {
	if b.formats == nil {
		return false, ""
	}
	t := b.formats.Source.Tables[relation]
	if t == nil {
		return false, "its columns were not found"
	}
	there := b.formats.onTarget(b.source, relation)
	if there == nil && b.choices.DataOnly && b.formats.Target.Tables != nil {
		return false, "the target has no table of its own for it, but a foreign table"
	}
	if why = b.formats.table(t, there); why != "" {
		return false, why
	}
	return true, ""
}

// onTarget is the table that the rows go into, nil if it is not there yet. Those of a partition that is missing go into the
// tree that it belongs to.
func (f *formats) onTarget(s *catalog.Source, relation uint32) *catalog.TableLayout {
	for relation != 0 && len(f.there) > 0 {
		t, r := f.Source.Tables[relation], s.Relations[relation]
		if t == nil || r == nil {
			return nil
		}
		if there := f.there[t.Name]; there != nil {
			return there
		}
		relation = r.Parent
	}
	return nil
}

// table says why the rows of t can't go in binary into there, "" if they can.
func (f *formats) table(t, there *catalog.TableLayout) string {
	if why := f.extension(t.Extension); why != "" {
		return "it is of " + why
	}
	columns := t.Columns()
	for _, c := range columns {
		if why := f.column(c); why != "" {
			return "column " + archive.FormatIdent(c.Name) + " is " + why
		}
	}
	if there == nil {
		return ""
	}
	named := map[string]catalog.Column{}
	for _, c := range there.Columns() {
		named[c.Name] = c
	}
	for _, c := range columns {
		if d, ok := named[c.Name]; ok {
			if why := f.differ(c, d); why != "" {
				return "column " + archive.FormatIdent(c.Name) + " is " + why
			}
		}
	}
	return ""
}

// differ says what is not the same in the types of two columns. A length or a precision would be enforced in both formats.
func (f *formats) differ(source, target catalog.Column) string {
	from, to := typeName(f.Source, source.Type), typeName(f.Target, target.Type)
	switch {
	case from != to:
		return fmt.Sprintf("%s on the source and %s on the target", from, to)
	case source.Mod != target.Mod:
		return from + " with another length or precision on the target"
	case !f.equal(source.Type, target.Type, map[uint32]bool{}):
		return from + ", which is defined otherwise on the target"
	}
	return ""
}

// equal reports whether a type of the source and one of the target are the same with all that they hold, apart from those of
// the source in seen, which are compared further up. An enum's labels travel by their names.
func (f *formats) equal(source, target uint32, seen map[uint32]bool) bool {
	a, b := f.Source.Types[source], f.Target.Types[target]
	switch {
	case a == nil || b == nil:
		return false
	case seen[source]:
		return true
	}
	seen[source] = true
	if a.Kind != b.Kind || len(a.Inner) != len(b.Inner) || typeName(f.Source, source) != typeName(f.Target, target) {
		return false
	}
	for i := range a.Inner {
		if a.Inner[i].Mod != b.Inner[i].Mod || !f.equal(a.Inner[i].Type, b.Inner[i].Type, seen) {
			return false
		}
	}
	return true
}

// typeName is how a type is shown, without pg_catalog.
func typeName(l *catalog.Layout, oid uint32) string {
	t := l.Types[oid]
	switch {
	case t == nil:
		return fmt.Sprintf("type %d", oid)
	case t.Array && len(t.Inner) == 1:
		return typeName(l, t.Inner[0].Type) + "[]"
	case t.Schema == "pg_catalog":
		return t.Name
	}
	return archive.QualifiedName(t.Schema, t.Name)
}
