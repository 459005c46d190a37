package verify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

const (
	mostLocated  = 10 // rows of a table: enough to see what went wrong
	mostTables   = 20 // whose rows are looked for: two databases that have nothing in common are not read three times
	mostBuckets  = 1 << 16
	rowsInBucket = 32
	bucketsRead  = 16 // of those that differ
)

// Locate finds the rows in which tables differ, of 20 tables at most, and adds them to the Differences of r. It reads each of them
// twice more on both sides, with one session a side that the openers give; these should read under the snapshots that the sides
// were read under, else it finds what differs by now. A table whose rows could not be located keeps its Difference, and a
// note says why. The error is that of a session that could not be opened or was lost, or the context's cause.
func Locate(ctx context.Context, openSrc, openDst Opener, src, dst *Side, r *Result) error {
	var todo []*Difference
	for i := range r.Differences {
		if d := &r.Differences[i]; d.src != nil {
			todo = append(todo, d)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	if len(todo) > mostTables {
		r.note("tables", "%d tables have other rows; the rows were looked for in the first %d only", len(todo), mostTables)
		todo = todo[:mostTables]
	}
	l := &locator{}
	defer l.close(ctx)
	for i, open := range []Opener{openSrc, openDst} {
		side := []*Side{src, dst}[i]
		reader, err := side.openReader(ctx, open)
		if err != nil {
			return fmt.Errorf("%s: %w", []string{"source", "target"}[i], err)
		}
		l.sides[i] = located{side, reader}
	}
	for _, d := range todo {
		err := l.locate(ctx, d)
		switch {
		case err == nil:
		case l.sides[0].unreadable(ctx, err) && l.sides[1].unreadable(ctx, err):
			r.note(d.Object, "the rows that differ could not be located: %v", err)
		default:
			return fmt.Errorf("%s: locating rows: %w", d.Object, err)
		}
	}
	return nil
}

// locatable says that there are rows for Locate to find.
func (r *Result) locatable() bool {
	return slices.ContainsFunc(r.Differences, func(d Difference) bool { return d.src != nil })
}

// located is a side and the session that looks into it.
type located struct {
	*Side
	*reader
}

type locator struct{ sides [2]located }

func (l *locator) close(ctx context.Context) {
	for _, s := range l.sides {
		if s.reader != nil {
			s.reader.close(ctx)
		}
	}
}

// commonKey is a key that both tables have, in the order of the columns' names; nil if there is none.
func commonKey(a, b *Table) []Column {
	sorted := func(key []string) []string { return slices.Sorted(slices.Values(key)) }
	for _, key := range a.keys {
		if !slices.ContainsFunc(b.keys, func(other []string) bool { return slices.Equal(sorted(key), sorted(other)) }) {
			continue
		}
		var columns []Column
		for _, c := range a.Columns {
			if slices.Contains(key, c.Name) {
				columns = append(columns, c)
			}
		}
		return columns
	}
	return nil
}

func (l *locator) locate(ctx context.Context, d *Difference) error {
	tables := [2]*Table{d.src, d.dst}
	key := commonKey(d.src, d.dst)
	n := int64(1)
	for n < mostBuckets && n*rowsInBucket < max(d.src.Digest.Rows, d.dst.Digest.Rows) {
		n *= 2
	}
	buckets, err := l.differingBuckets(ctx, tables, key, n)
	if err != nil {
		return err
	}
	all := len(buckets) <= bucketsRead
	buckets = buckets[:min(len(buckets), bucketsRead)]
	rows, err := l.rowsOf(ctx, tables, key, n, buckets)
	if err != nil {
		return err
	}
	found := differingRows(key, rows)
	d.Text += ": " + countRows(found, all)
	d.Located = found[:min(len(found), mostLocated)]
	for i := range d.Located {
		if row := &d.Located[i]; row.What == "changed" {
			if row.Columns, err = l.differingColumns(ctx, tables, key, row.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// countRows says how many rows differ, and in what way. If not all were looked at it says so.
func countRows(found []RowDifference, all bool) string {
	count := map[string]int64{}
	for _, row := range found {
		count[row.What] += row.Count
	}
	var words []string
	for _, what := range []string{"missing", "extra", "changed"} {
		if count[what] > 0 {
			words = append(words, fmt.Sprintf("%d %s", count[what], what))
		}
	}
	if len(words) == 0 {
		return "none found when they were looked for again"
	}
	text := strings.Join(words, ", ")
	if !all {
		text = "at least " + text
	}
	return text
}

// differingRows compares two sides' rows of the same buckets.
func differingRows(key []Column, rows [2]map[string]foundRow) []RowDifference {
	var found []RowDifference
	add := func(what string, row foundRow, count int64) {
		d := RowDifference{What: what, CTID: row.ctid, Count: count}
		for i, value := range row.key {
			d.Key = append(d.Key, KeyValue{key[i].Name, value})
		}
		found = append(found, d)
	}
	for id, a := range rows[0] {
		b := rows[1][id]
		switch {
		case a.count > b.count:
			add("missing", a, a.count-b.count)
		case a.hashes != b.hashes && key != nil:
			add("changed", a, 1)
		}
	}
	for id, b := range rows[1] {
		if a := rows[0][id]; b.count > a.count {
			add("extra", b, b.count-a.count)
		}
	}
	slices.SortFunc(found, compareLocated)
	return found
}

// compareLocated orders rows by key, short values first: so do numbers.
func compareLocated(a, b RowDifference) int {
	return cmp.Or(
		slices.CompareFunc(a.Key, b.Key, func(x, y KeyValue) int {
			return cmp.Or(cmp.Compare(len(x.Value), len(y.Value)), cmp.Compare(x.Value, y.Value))
		}),
		cmp.Compare(a.What, b.What), cmp.Compare(len(a.CTID), len(b.CTID)), cmp.Compare(a.CTID, b.CTID))
}
