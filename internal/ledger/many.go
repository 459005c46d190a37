package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

// Many are the records of tasks that are done in one transaction, all or none. None of them is Unlogged, and all have the
// same Fence and Snapshot.
type Many []Record

// Counts are what was counted of one record.
type Counts struct{ Rows, Bytes int64 }

// Begin is Record.Begin for all of them, and runs then, SQL that may be "", in the same message. Its error is ErrFenced or the
// server's, which does not say whose task is at fault: after any, the transaction is to be rolled back and the tasks
// done one by one.
func (m Many) Begin(ctx context.Context, conn *pgconn.PgConn, then string) error {
	sql, inserts := []string{"BEGIN"}, 0
	for _, again := range []bool{false, true} {
		if keys := m.keys(again); len(keys) > 0 {
			sql = append(sql, m.insert(keys, again))
			inserts++
		}
	}
	if then != "" {
		sql = append(sql, then)
	}
	results, err := conn.Exec(ctx, strings.Join(sql, ";\n")).ReadAll()
	if err != nil {
		return err
	}
	claimed := int64(0)
	for _, r := range results[1 : 1+inserts] {
		claimed += r.CommandTag.RowsAffected()
	}
	if claimed != int64(len(m)) {
		return ErrFenced
	}
	return nil
}

func (m Many) keys(again bool) (keys []string) {
	for _, r := range m {
		if r.Again == again {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

func (m Many) insert(keys []string, again bool) string {
	sql := fmt.Sprintf("INSERT INTO _pgsluice.ledger (key, snapshot) SELECT k.key, %d FROM (SELECT FROM _pgsluice.transfer WHERE fence = %d FOR SHARE) AS t, pg_catalog.unnest(%s::text[]) AS k (key)",
		m[0].Snapshot, m[0].Fence, catalog.Literal(catalog.TextArray(keys)))
	if again {
		sql += onceMore
	}
	return sql
}

// Commit is Record.Commit for all of them; counts are in their order, nil if there are none.
func (m Many) Commit(ctx context.Context, conn *pgconn.PgConn, counts []Counts) error {
	if counts == nil {
		return commit(ctx, conn, "COMMIT")
	}
	values := make([]string, len(m))
	for i, r := range m {
		values[i] = fmt.Sprintf("(%s, %d::int8, %d::int8)", catalog.Literal(r.Key), counts[i].Rows, counts[i].Bytes)
	}
	return commit(ctx, conn, "UPDATE _pgsluice.ledger AS l SET rows = c.rows, bytes = c.bytes, finished = pg_catalog.clock_timestamp() FROM (VALUES "+
		strings.Join(values, ", ")+") AS c (key, rows, bytes) WHERE l.key = c.key; COMMIT")
}
