package verify

import (
	"fmt"
	"slices"
	"strings"

	"pgsluice/internal/archive"
)

func (r *Result) compareSchema(src, dst *Side, c Choices) {
	if src.options.DataOnly || dst.options.DataOnly {
		return
	}
	if src.TOC != nil && dst.TOC != nil {
		r.compareEntries(src, dst, c)
	}
	r.compareState(src, dst, c)
}

// compareState compares what no entry has.
func (r *Result) compareState(src, dst *Side, c Choices) {
	a, b := &src.state, &dst.state
	if a.publicOwner != b.publicOwner {
		switch {
		case b.publicOwner == "":
			r.differ(Missing, "SCHEMA public", "only on the source")
		case a.publicOwner == "":
			r.differ(Extra, "SCHEMA public", "only on the target")
		case !c.NoOwner:
			r.differ(Owner, "SCHEMA public", "owner %s on the source, %s on the target", a.publicOwner, b.publicOwner)
		}
	}
	for _, name := range union(a.invalid, b.invalid) {
		switch {
		case !b.invalid[name]:
			r.note("INDEX "+name, "invalid on the source, where a build of it failed")
		case a.invalid[name]:
			r.note("INDEX "+name, "invalid on both sides: a build of it failed")
		default:
			r.differ(Invalid, "INDEX "+name, "invalid on the target: a build of it failed; REINDEX INDEX %s", name)
			r.Differences = slices.DeleteFunc(r.Differences, func(d Difference) bool {
				return d.Object == "INDEX "+name && d.Kind == Missing // of which pg_dump writes nothing then
			})
		}
	}
	for _, name := range union(a.notValid, b.notValid) {
		switch {
		case !b.notValid[name]:
			r.differ(NotValidated, "constraint "+name, "validated on the target, but not on the source")
		case !a.notValid[name]:
			constraint, table, _ := strings.Cut(name, " of ")
			r.differ(NotValidated, "constraint "+name, "not validated on the target: ALTER TABLE %s VALIDATE CONSTRAINT %s", table, constraint)
		}
	}
	for _, name := range union(a.extensions, b.extensions) {
		if x, y := a.extensions[name], b.extensions[name]; x != "" && y != "" && x != y {
			r.note("EXTENSION "+name, "version %s on the source, %s on the target", x, y)
		}
	}
	// what a copy can't give to a database that is there already
	if a.locale != b.locale {
		r.note("database", "%s on the source; %s on the target", a.locale, b.locale)
	}
	if a.databaseOwner != b.databaseOwner && !c.NoOwner {
		r.note("database", "owner %s on the source, %s on the target", a.databaseOwner, b.databaseOwner)
	}
}

func (r *Result) compareEntries(src, dst *Side, c Choices) {
	a, b := c.entries(src.TOC), c.entries(dst.TOC)
	for _, key := range union(a, b) {
		left, right := slices.Clone(a[key]), slices.Clone(b[key])
		r.Entries += len(left)
		left, right = unequal(left, right)
		for len(left) > 0 && len(right) > 0 {
			r.compareEntry(left[0], right[0], src, dst)
			left, right = left[1:], right[1:]
		}
		for _, e := range left {
			r.differ(Missing, e.key, "only on the source")
		}
		for _, e := range right {
			r.differ(Extra, e.key, "only on the target")
		}
	}
}

// unequal takes the pairs out that are equal.
func unequal(left, right []entry) (l, r []entry) {
	for _, e := range left {
		if i := slices.IndexFunc(right, func(f entry) bool { return e.equal(f) }); i >= 0 {
			right = slices.Delete(right, i, i+1)
		} else {
			l = append(l, e)
		}
	}
	return l, right
}

func (e entry) equal(f entry) bool {
	return e.definition == f.definition && (e.owner == f.owner || !e.ownerCounts) && e.tablespace == f.tablespace && e.accessMethod == f.accessMethod
}

func (r *Result) compareEntry(a, b entry, src, dst *Side) {
	if a.definition != b.definition {
		where := "another definition"
		if !secretive(a.desc) {
			where = differsAt(a.definition, b.definition)
		}
		switch majors := src.Version/10000 != dst.Version/10000; {
		case majors && alike(a.definition, b.definition):
			r.note(a.key, "written differently by versions %s and %s, alike but for parentheses and the qualification of columns", src.major(), dst.major())
		case majors:
			r.differ(Definition, a.key, "%s (perhaps only written differently: the servers are of versions %s and %s)", where, src.major(), dst.major())
		default:
			r.differ(Definition, a.key, "%s", where)
		}
	}
	if a.ownerCounts && a.owner != b.owner {
		r.differ(Owner, a.key, "owner %s on the source, %s on the target", archive.FormatIdent(a.owner), archive.FormatIdent(b.owner))
	}
	if a.tablespace != b.tablespace {
		r.differ(Storage, a.key, "tablespace %s on the source, %s on the target", orDefault(a.tablespace), orDefault(b.tablespace))
	}
	if a.accessMethod != b.accessMethod {
		r.differ(Storage, a.key, "access method %s on the source, %s on the target", a.accessMethod, b.accessMethod)
	}
}

func orDefault(tablespace string) string {
	if tablespace == "" {
		return "the default"
	}
	return archive.FormatIdent(tablespace)
}

const mostQuoted = 100 // characters of a line: enough to find it

// differsAt quotes the first line of two definitions that is not alike.
func differsAt(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = strings.TrimSpace(left[i])
		}
		if i < len(right) {
			r = strings.TrimSpace(right[i])
		}
		if l != r {
			return fmt.Sprintf("another definition: %s on the source, %s on the target", quote(l, r), quote(r, l))
		}
	}
	return "another definition: line breaks or indentation"
}

// quote is a line, from shortly before the place where it leaves other.
func quote(line, other string) string {
	if line == "" {
		return "nothing"
	}
	runes, others := []rune(line), []rune(other)
	same := 0
	for same < len(runes) && same < len(others) && runes[same] == others[same] {
		same++
	}
	head, tail := "", ""
	if start := max(0, same-mostQuoted/2); start > 0 && len(runes) > mostQuoted {
		runes, head = runes[start:], "…"
	}
	if len(runes) > mostQuoted {
		runes, tail = runes[:mostQuoted], "…"
	}
	return `"` + head + string(runes) + tail + `"`
}
