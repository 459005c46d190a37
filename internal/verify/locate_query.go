package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"pgsluice/internal/archive"
)

// both asks the two sides at the same time. An error of one does not cut the other off, whose session is used again.
func (l *locator) both(ask func(side located, i int) error) error {
	var group errgroup.Group
	for i, side := range l.sides {
		group.Go(func() error { return ask(side, i) })
	}
	return group.Wait()
}

// bucket is the SQL of the number, below n, of a row's bucket: by its key, or by all of it if there is none.
func (s *Side) bucket(t *Table, key []Column, n int64) string {
	if key == nil {
		key = t.Columns
	}
	return fmt.Sprintf("%s & %d", hash(s.rowText(key), 2), n-1)
}

// differingBuckets are the numbers of those whose rows are not the same.
func (l *locator) differingBuckets(ctx context.Context, tables [2]*Table, key []Column, n int64) ([]string, error) {
	var digests [2]map[string]Digest
	err := l.both(func(side located, i int) error {
		t := tables[i]
		rows, err := side.rows(ctx, "SELECT x.bucket, count(*), sum("+hash("x.text", 0)+"), sum("+hash("x.text", 1)+")"+
			" FROM (SELECT "+side.bucket(t, key, n)+" AS bucket, "+side.rowText(t.Columns)+" AS text"+t.from()+" OFFSET 0) AS x GROUP BY 1")
		digests[i] = make(map[string]Digest, len(rows))
		for _, f := range rows {
			digests[i][f[0]] = Digest{Rows: number(f[1]), First: f[2], Second: f[3]}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(union(digests[0], digests[1]), func(b string) bool { return digests[0][b] == digests[1][b] }), nil
}

// foundRow is a row of a bucket, or several that are the same if there is no key.
type foundRow struct {
	key    []string // the values of its key
	hashes [2]string
	count  int64
	ctid   string // of one of them, if there is no key
}

// rowsOf reads the rows of some buckets: by their keys, or by their hashes if there is no key.
func (l *locator) rowsOf(ctx context.Context, tables [2]*Table, key []Column, n int64, buckets []string) ([2]map[string]foundRow, error) {
	var found [2]map[string]foundRow
	err := l.both(func(side located, i int) error {
		t := tables[i]
		what := "t.ctid::text AS ctid"
		if key != nil {
			what = "ARRAY[" + keyTexts(key) + "] AS key"
		}
		inner := "SELECT " + what + ", " + side.rowText(t.Columns) + " AS text" + t.from(side.bucket(t, key, n)+" = ANY ($1::int8[])") + " OFFSET 0"
		outer := "SELECT " + hash("x.text", 0) + ", " + hash("x.text", 1) + ", count(*), min(x.ctid) FROM (" + inner + ") AS x GROUP BY 1, 2"
		if key != nil {
			parts := make([]string, len(key))
			for j := range key {
				parts[j] = fmt.Sprintf("x.key[%d]", j+1)
			}
			outer = "SELECT " + hash("x.text", 0) + ", " + hash("x.text", 1) + ", 1, '', " + strings.Join(parts, ", ") + " FROM (" + inner + ") AS x"
		}
		rows, err := side.rows(ctx, outer, "{"+strings.Join(buckets, ",")+"}")
		found[i] = make(map[string]foundRow, len(rows))
		for _, f := range rows {
			row := foundRow{key: f[4:], hashes: [2]string{f[0], f[1]}, count: number(f[2]), ctid: f[3]}
			id := f[0] + " " + f[1]
			if key != nil {
				id = fmt.Sprintf("%q", row.key)
			}
			found[i][id] = row
		}
		return err
	})
	return found, err
}

func keyTexts(key []Column) string {
	words := make([]string, len(key))
	for i, c := range key {
		words[i] = "t." + archive.FormatIdent(c.Name) + "::text"
	}
	return strings.Join(words, ", ")
}

// differingColumns names the columns in which the rows with this key differ.
func (l *locator) differingColumns(ctx context.Context, tables [2]*Table, key []Column, values []KeyValue) ([]string, error) {
	var hashes [2][]string
	err := l.both(func(side located, i int) error {
		t := tables[i]
		columns := make([]string, len(t.Columns))
		for j, c := range t.Columns {
			columns[j] = hash(side.rowText([]Column{c}), 0)
		}
		conditions := make([]string, len(values))
		arguments := make([]string, len(values))
		for j, v := range values {
			at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == v.Column })
			// typed as the column is, so that its index is of use
			conditions[j] = fmt.Sprintf("t.%s = $%d::%s", archive.FormatIdent(v.Column), j+1, t.Columns[at].Type)
			arguments[j] = v.Value
		}
		rows, err := side.rows(ctx, "SELECT "+strings.Join(columns, ", ")+t.from(strings.Join(conditions, " AND ")), arguments...)
		if err == nil && len(rows) == 1 {
			hashes[i] = rows[0]
		}
		return err
	})
	if err != nil || len(hashes[0]) == 0 || len(hashes[0]) != len(hashes[1]) {
		return nil, err
	}
	var names []string
	for j, c := range tables[0].Columns {
		if hashes[0][j] != hashes[1][j] {
			names = append(names, c.Name)
		}
	}
	return names, nil
}
