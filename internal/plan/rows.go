package plan

import (
	"errors"
	"fmt"
	"strings"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// rows makes the tasks of a TABLE DATA entry, one or, of a split table, one for each part. The columns are pg_dump's: their
// order may differ between the two tables, and generated columns are not among them.
func (b *builder) rows(t *Task) error {
	e := t.Entry
	if e.CopyStmt == "" {
		return errors.New("its rows are INSERT statements (pg_dump --inserts), not COPY data: pg_restore runs those")
	}
	into, columns, err := archive.ParseCopyStmt(e.CopyStmt)
	if err != nil {
		return err
	}
	into = b.qualify(e, into)
	t.Kind, t.Relation, t.Table = Rows, e.CatalogID.OID, t.Name
	t.Binary, t.AsText = b.format(t.Relation)
	from := archive.QualifiedName(e.Namespace, e.Tag)
	t.CopyOut = strings.TrimSpace("COPY "+from+" "+columns) + " TO STDOUT"
	t.CopyIn = strings.TrimSpace("COPY "+into+" "+columns) + " FROM STDIN"
	r := b.source.Relations[t.Relation]
	if r == nil {
		b.append(t)
		return nil
	}
	t.Bytes, t.Rows, t.Unlogged = r.Bytes, r.Rows, r.Unlogged
	list := strings.TrimSuffix(strings.TrimPrefix(columns, "("), ")")
	if r.Filter != "" { // an extension's configuration table; the condition is not in the archive
		t.CopyOut = "COPY (SELECT " + list + " FROM " + from + " " + r.Filter + ") TO STDOUT"
		b.append(t)
		return nil
	}
	t.Whole = b.choices.Splits[t.Relation].Why
	// into == from: what goes in through its root does not stay together, and could not be taken back alone
	if split, ok := b.choices.Splits[t.Relation]; ok && len(split.Cuts) > 0 && (into == from || b.merges) {
		b.parts(t, split, list, from)
		return nil
	}
	// an extension's table has rows of its own, and one that is loaded through its root is not the only one there
	t.Freeze = b.makes(t.Relation) && !r.Unlogged && into == from && r.Heap >= freezeFrom
	b.append(t)
	return nil
}

// makes reports whether the plan makes a table, which is then empty.
func (b *builder) makes(relation uint32) bool {
	e := b.tables.made[relation]
	if e == nil {
		return false
	}
	ok, _ := b.choices.wanted(e)
	return ok
}

// freezeFrom is the size in bytes from which FREEZE is worth the TRUNCATE that it needs, which makes new files: a smaller table
// is vacuumed in no time.
const freezeFrom = 1 << 20

// parts makes the tasks of a table's parts. What is known of the table is shared out evenly: the cuts are made for that.
func (b *builder) parts(t *Task, split catalog.Split, list, from string) {
	n := len(split.Cuts) + 1
	for i := range n {
		part := *t
		part.Part, part.Parts, part.Where = i+1, n, condition(split, i)
		part.Bytes, part.Rows = share(t.Bytes, i, n), share(t.Rows, i, n)
		part.CopyOut = fmt.Sprintf("COPY (SELECT %s FROM ONLY %s WHERE %s) TO STDOUT", list, from, part.Where)
		b.append(&part)
	}
}

// share is the i-th of n about equal parts of a sum.
func share(sum int64, i, n int) int64 { return sum*int64(i+1)/int64(n) - sum*int64(i)/int64(n) }

// condition tells the rows of the i-th part. The first and the last have no outer bound: they take what lies beyond.
func condition(split catalog.Split, i int) string {
	bound := func(operator string, cut int64) string {
		if split.Column == "" {
			return fmt.Sprintf("ctid %s '(%d,0)'", operator, cut)
		}
		return fmt.Sprintf("%s %s %d", archive.FormatIdent(split.Column), operator, cut)
	}
	var both []string
	if i > 0 {
		both = append(both, bound(">=", split.Cuts[i-1]))
	}
	if i < len(split.Cuts) {
		both = append(both, bound("<", split.Cuts[i]))
	}
	return strings.Join(both, " AND ")
}

// Out is the statement that reads the rows.
func (t *Task) Out() string { return t.CopyOut + options(t.Binary, false) }

// In is the statement that writes them.
func (t *Task) In() string { return t.CopyIn + options(t.Binary, t.Freeze) }

func options(binary, freeze bool) string {
	switch {
	case binary && freeze:
		return " (FORMAT binary, FREEZE)"
	case binary:
		return " (FORMAT binary)"
	case freeze:
		return " (FREEZE)"
	}
	return ""
}
