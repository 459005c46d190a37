package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Compare says in what dst, the target, differs from src, the source. Both must have been read with the same Encoding. Entries are
// only compared if both have a table of contents. It changes neither, and needs no server.
//
// Where the servers' majors differ, the same object may be written differently, above all a view. If both texts are alike
// but for parentheses, spaces and the qualification of columns, that is a note, not a difference; any other definition that differs is a
// difference, with the remark that the majors differ.
func Compare(src, dst *Side, c Choices) *Result {
	r := &Result{Unverified: append(onSide(src, "source"), onSide(dst, "target")...)}
	for _, n := range src.Notes {
		r.note(n.Object, "%s", n.Text)
	}
	for _, n := range dst.Notes {
		if !slices.Contains(src.Notes, n) {
			r.note(n.Object, "%s", n.Text)
		}
	}
	r.Skipped = max(src.skipped, dst.skipped)
	if src.probe != dst.probe {
		r.Unverified = append(r.Unverified, Remark{"rows", "the two servers hash the same text differently: are they machines of different byte order?"})
		return r
	}
	r.compareSchema(src, dst, c)
	if !src.options.SchemaOnly && !dst.options.SchemaOnly {
		r.compareTables(src, dst)
		r.compareSequences(src, dst)
		r.compareLargeObjects(src, dst, c)
	}
	slices.SortStableFunc(r.Differences, func(a, b Difference) int { return cmp.Compare(a.Object, b.Object) })
	return r
}

func onSide(s *Side, side string) []Remark {
	var all []Remark
	for _, u := range s.Unverified {
		all = append(all, Remark{u.Object, "on the " + side + ": " + u.Text})
	}
	return all
}

func (r *Result) compareTables(src, dst *Side) {
	for _, name := range union(src.Tables, dst.Tables) {
		a, b := src.Tables[name], dst.Tables[name]
		switch {
		case b == nil:
			// the entry says it too, but only where entries are compared
			if src.TOC == nil || dst.TOC == nil {
				r.differ(Missing, a.object(), "only on the source")
			}
			continue
		case a == nil:
			if src.TOC == nil || dst.TOC == nil {
				r.differ(Extra, b.object(), "only on the target")
			}
			continue
		case a.kind == 'm' && b.kind == 'm' && a.populated != b.populated:
			if a.populated {
				r.differ(NotPopulated, b.object(), "has no rows yet on the target: REFRESH MATERIALIZED VIEW %s", name)
			} else {
				r.differ(Rows, b.object(), "is filled on the target, but not on the source")
			}
			continue
		case !a.Read || !b.Read:
			continue // said among Unverified or Notes
		}
		r.Tables++
		r.Rows += a.Digest.Rows
		r.compareRows(a, b)
	}
}

func (r *Result) compareRows(a, b *Table) {
	if missing, extra := columnsBut(a, b), columnsBut(b, a); missing != "" || extra != "" {
		text := "the columns differ, so the rows could not be compared:"
		if missing != "" {
			text += " only on the source " + missing
		}
		if extra != "" {
			text += " only on the target " + extra
		}
		r.differ(Rows, a.object(), "%s; %s on the source, %d on the target", text, plural(a.Digest.Rows, "row"), b.Digest.Rows)
		return
	}
	if a.Digest == b.Digest {
		return
	}
	text := fmt.Sprintf("%s on both sides, but not the same", plural(a.Digest.Rows, "row"))
	if a.Digest.Rows != b.Digest.Rows {
		text = fmt.Sprintf("%s on the source, %d on the target", plural(a.Digest.Rows, "row"), b.Digest.Rows)
	}
	if a.kind == 'm' {
		text += "; a copy refreshes it: was it out of date on the source?"
	}
	r.Differences = append(r.Differences, Difference{Object: a.object(), Kind: Rows, Text: text, src: a, dst: b})
}

// columnsBut names the columns of a that b does not have.
func columnsBut(a, b *Table) string {
	var only []Column
	for _, c := range a.Columns {
		if !slices.ContainsFunc(b.Columns, func(d Column) bool { return d.Name == c.Name && d.Bytea == c.Bytea }) {
			only = append(only, c)
		}
	}
	return columnNames(only)
}

func (r *Result) compareSequences(src, dst *Side) {
	for _, name := range union(src.Sequences, dst.Sequences) {
		a, inA := src.Sequences[name]
		b, inB := dst.Sequences[name]
		switch {
		case !inB || !inA:
			if src.TOC != nil && dst.TOC != nil {
				continue // said of the entry
			}
			if inA {
				r.differ(Missing, "sequence "+name, "only on the source")
			} else {
				r.differ(Extra, "sequence "+name, "only on the target")
			}
			continue
		case !a.Read || !b.Read:
			continue // said among Unverified
		}
		r.Sequences++
		switch {
		case a.LastValue == b.LastValue && a.IsCalled == b.IsCalled:
		case b.behind(a):
			r.differ(SequenceValue, "sequence "+name, "the target is behind and would give values out again: it stands at %s, the source at %s", b, a)
		default:
			r.differ(SequenceValue, "sequence "+name, "the target is ahead: it stands at %s, the source at %s", b, a)
		}
	}
}

func (r *Result) compareLargeObjects(src, dst *Side, c Choices) {
	for _, oid := range union(src.LargeObjects, dst.LargeObjects) {
		object := fmt.Sprintf("large object %d", oid)
		a, inA := src.LargeObjects[oid]
		b, inB := dst.LargeObjects[oid]
		if !inA || !inB {
			if inA {
				r.differ(Missing, object, "only on the source")
			} else {
				r.differ(Extra, object, "only on the target")
			}
			continue
		}
		r.LargeObjects++
		var what []string
		switch {
		case a.SHA256 == "" || b.SHA256 == "": // said among Unverified
		case a.Bytes != b.Bytes:
			what = append(what, fmt.Sprintf("%d bytes on the source, %d on the target", a.Bytes, b.Bytes))
		case a.SHA256 != b.SHA256:
			what = append(what, fmt.Sprintf("%d bytes on both sides, but not the same", a.Bytes))
		}
		if !c.NoOwner && a.Owner != b.Owner {
			what = append(what, fmt.Sprintf("owner %s on the source, %s on the target", a.Owner, b.Owner))
		}
		if !c.NoACL && !c.NoOwner && a.ACL != b.ACL {
			what = append(what, fmt.Sprintf("privileges %s on the source, %s on the target", a.ACL, b.ACL))
		}
		if !c.NoComments && a.Comment != b.Comment {
			what = append(what, "another comment")
		}
		if a.Labels != b.Labels {
			what = append(what, "other security labels")
		}
		if len(what) > 0 {
			r.differ(LargeObjects, object, "%s", strings.Join(what, "; "))
		}
	}
}

// union gives the keys of both maps in order.
func union[K cmp.Ordered, V any](a, b map[K]V) []K {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
