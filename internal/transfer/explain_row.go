package transfer

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// locateDeadline bounds the search for a row that the target refused. Without it the error says less.
const locateDeadline = 20 * time.Second

// place is where in a source's table a value is.
type place struct {
	table   string // quoted
	row     int64  // from 1, in the order of the COPY
	part    string // of a table that is copied in parts, which one: "part 3 of 11 of ", else ""
	column  string // "" if it can't be told which
	archive bool   // it is an archive's rows
	tid     string // the row's ctid, "" if it was not found
}

// String says it, with a query that shows the row.
func (p *place) String() string {
	if p.archive {
		return fmt.Sprintf("it is in row %d of the table's rows in the archive", p.row)
	}
	text := fmt.Sprintf("it is in row %d of %sthe source's table", p.row, p.part)
	if p.column != "" {
		text = fmt.Sprintf("it is in column %s of row %d of %sthe source's table", archive.FormatIdent(p.column), p.row, p.part)
	}
	if p.tid != "" {
		text += fmt.Sprintf(" (SELECT * FROM ONLY %s WHERE ctid = '%s')", p.table, p.tid)
	}
	return text
}

// lineOf finds the line in the context of an error in COPY: `COPY t, line 3, column v: "…"`, in whatever language. The
// table's name stands before it and may hold anything, a value behind it as well.
func lineOf(e *pgconn.PgError, table string) int64 {
	rest := strings.TrimPrefix(e.Where, "COPY "+table)
	digits := regexp.MustCompile(`\d+`).FindString(rest)
	n, _ := strconv.ParseInt(digits, 10, 64) // 0: there is none
	return n
}

// wrongBytes are the bytes that a conversion error names: 0xe2 0x82 0xac.
func wrongBytes(e *pgconn.PgError) []byte {
	var all []byte
	for _, found := range regexp.MustCompile(`0x([0-9a-f]{2})`).FindAllStringSubmatch(e.Message, -1) {
		b, _ := hex.DecodeString(found[1])
		all = append(all, b...)
	}
	return all
}

// locate finds the value that a conversion error is about: the server tells the row but not the column. It is nil if that
// is not known.
func (r *run) locate(ctx context.Context, t *plan.Task, e *pgconn.PgError) *place {
	line := lineOf(e, t.Entry.Tag)
	if line == 0 || r.sharedIn(t) > 1 { // it is the line of a share
		return nil
	}
	p := &place{table: archive.QualifiedName(t.Entry.Namespace, t.Entry.Tag), row: line}
	condition := "true"
	switch {
	case t.Parts > 0:
		p.part, condition = fmt.Sprintf("part %d of %d of ", t.Part, t.Parts), t.Where
	case strings.HasPrefix(t.CopyOut, "COPY ("):
		return p // not the whole table: its rows are counted otherwise
	}
	if r.fromArchive() {
		p.archive = true
		return p
	}
	ctx, cancel := context.WithTimeout(ctx, locateDeadline)
	defer cancel()
	reader, err := r.openReader(ctx, r.readerOptions("copy-out"), 0)
	if err != nil {
		return p
	}
	defer catalog.Close(ctx, reader)
	results, err := reader.Exec(ctx, fmt.Sprintf("SELECT ctid, * FROM ONLY %s WHERE %s OFFSET %d LIMIT 1", p.table, condition, line-1)).ReadAll()
	if err != nil || len(results) != 1 || len(results[0].Rows) != 1 {
		return p
	}
	row, wrong := results[0].Rows[0], wrongBytes(e)
	for i, field := range results[0].FieldDescriptions {
		switch {
		case i == 0:
			p.tid = string(row[0])
		case e.Code == untranslatable && bytes.Contains(row[i], wrong),
			e.Code == invalidByteSequence && r.dstFacts.Encoding == "UTF8" && !utf8.Valid(row[i]):
			p.column = field.Name
			return p
		}
	}
	return p
}
