package verify

import (
	"fmt"
	"strings"

	"pgsluice/internal/archive"
)

// RowDifference is a row that is not on both sides, or not the same.
type RowDifference struct {
	// What is "missing" (only the source has it), "extra" (only the target has it) or "changed".
	What string
	// Key are the columns of the row's key. Without a common key it is empty, and CTID is where one of Count such rows is: on the
	// source if it is missing, else on the target.
	Key   []KeyValue
	CTID  string
	Count int64
	// Columns are the names of those that differ in a row that was changed.
	Columns []string
}

// KeyValue is a column of a key and its value as text.
type KeyValue struct{ Column, Value string }

// String says which row it is and what is wrong with it, for people.
func (d RowDifference) String() string {
	var words []string
	for _, k := range d.Key {
		words = append(words, archive.FormatIdent(k.Column)+" = "+shortValue(k.Value))
	}
	row := "row with " + strings.Join(words, ", ")
	if len(d.Key) == 0 {
		side := "target"
		if d.What == "missing" {
			side = "source"
		}
		row = fmt.Sprintf("%s like that at ctid %s of the %s", plural(d.Count, "row"), d.CTID, side)
	}
	switch {
	case d.What != "changed":
		return row + ": " + d.What
	case len(d.Columns) == 1:
		return row + ": differs in column " + archive.FormatIdent(d.Columns[0])
	}
	names := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		names[i] = archive.FormatIdent(c)
	}
	if len(names) > mostNamed {
		names = append(names[:mostNamed], fmt.Sprintf("and %d more", len(d.Columns)-mostNamed))
	}
	return row + ": differs in columns " + strings.Join(names, ", ")
}

const mostNamed = 8

// shortValue is a key's value on one line of sensible length.
func shortValue(value string) string {
	if value != "" && strings.Trim(value, "0123456789.-") == "" {
		return value
	}
	if runes := []rune(value); len(runes) > mostQuoted {
		value = string(runes[:mostQuoted]) + "…"
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}
