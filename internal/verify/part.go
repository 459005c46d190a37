package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// parts are the WHERE conditions, on t, of the pieces that a table is read in. Ranges of ctid are only cheap from 14 on, and only
// in a heap (FACTS.md 6). The last one is open: the table may have grown.
func (s *Side) parts(t *Table) []string {
	if s.Version < 140000 || !t.heap || t.pages <= s.partPages {
		return []string{""}
	}
	var parts []string
	for from := int64(0); from < t.pages; from += s.partPages {
		where := fmt.Sprintf("t.ctid >= '(%d,0)'", from)
		if from+s.partPages < t.pages {
			where += fmt.Sprintf(" AND t.ctid < '(%d,0)'", from+s.partPages)
		}
		parts = append(parts, where)
	}
	return parts
}

// from is the FROM clause of a table's own rows, with the conditions that are not empty. Children's rows are their own.
func (t *Table) from(conditions ...string) string {
	var all []string
	for _, c := range conditions {
		if c != "" {
			all = append(all, "("+c+")")
		}
	}
	sql := " FROM ONLY " + t.Name + " AS t"
	if t.filter != "" {
		// the condition is written for the table's own name
		sql = " FROM (SELECT ctid, * FROM ONLY " + t.Name + " " + t.filter + ") AS t"
	}
	if len(all) > 0 {
		sql += " WHERE " + strings.Join(all, " AND ")
	}
	return sql
}

var errRewritten = errors.New("it was truncated, rewritten or renamed after the snapshot was taken: run verify again")

// readPart adds a part's digest to its table's.
func (s *Side) readPart(ctx context.Context, r *reader, t *Table, where string) error {
	// OFFSET 0 keeps the text from being made once for each hash
	sql := "SELECT count(*), coalesce(sum(" + hash("x.text", 0) + "), 0), coalesce(sum(" + hash("x.text", 1) + "), 0)" +
		" FROM (SELECT " + s.rowText(t.Columns) + " AS text" + t.from(where) + " OFFSET 0) AS x"
	rows, err := catalog.Rows(ctx, r.conn, sql)
	if err == nil {
		err = t.unchanged(ctx, r)
	}
	if back := r.back(ctx); err == nil {
		err = back
	}
	if err != nil && !r.unreadable(ctx, err) {
		return fmt.Errorf("%s: %w", t.object(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.partsPending--
	switch {
	case err != nil && !t.failed:
		t.failed = true
		s.Unverified = append(s.Unverified, Remark{t.object(), "its rows could not be read: " + explain(err)})
	case err == nil:
		d := Digest{Rows: number(rows[0][0]), First: rows[0][1], Second: rows[0][2]}
		t.Digest = t.Digest.add(d)
		s.options.Meter.read(d.Rows, t.Bytes/int64(max(1, len(s.parts(t)))))
	}
	if t.partsPending == 0 {
		t.Read = !t.failed
		s.options.Meter.done()
	}
	return nil
}

// explain adds to an error of the server what it means here.
func explain(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) && strings.Contains(server.Message, "invalid memory alloc request size") || isCode(server, "54000", "53200") {
		return "a row is too long to be made into text, which ends at 1 GB: " + err.Error()
	}
	return err.Error()
}

func isCode(err *pgconn.PgError, codes ...string) bool {
	return err != nil && slices.Contains(codes, err.Code)
}

// unchanged is errRewritten if the table, which r has just locked by reading it, is no longer what the snapshot sees: it would
// have looked empty (FACTS.md 1).
func (t *Table) unchanged(ctx context.Context, r *reader) error {
	changed, err := catalog.Rewritten(ctx, r.conn, []uint32{t.oid}, []string{t.Name})
	if err == nil && len(changed) > 0 {
		err = errRewritten
	}
	return err
}

// columnNames are the quoted names of a list of columns.
func columnNames(columns []Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = archive.FormatIdent(c.Name)
	}
	return strings.Join(names, ", ")
}
