package catalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Rows runs one query and returns its rows as text; a NULL is the empty string. Arguments are sent as text, apart
// from the statement.
func Rows(ctx context.Context, conn *pgconn.PgConn, sql string, args ...string) ([][]string, error) {
	rows := [][]string{}
	err := eachRow(ctx, conn, func(row [][]byte) { rows = append(rows, texts(row)) }, sql, args...)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// eachRow is Rows for results of which not all need be there at a time: a hundred thousand tables have many columns. The
// values that each gets are only good until it returns; those of an error's query may be some.
func eachRow(ctx context.Context, conn *pgconn.PgConn, each func(row [][]byte), sql string, args ...string) error {
	values := make([][]byte, len(args))
	for i, a := range args {
		values[i] = []byte(a)
	}
	result := conn.ExecParams(ctx, sql, values, nil, nil, nil)
	for result.NextRow() {
		each(result.Values())
	}
	if _, err := result.Close(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return nil
}

// texts copies the values of a row, all into one piece of memory.
func texts(row [][]byte) []string {
	var b strings.Builder
	n := 0
	for _, v := range row {
		n += len(v)
	}
	b.Grow(n)
	for _, v := range row {
		b.Write(v)
	}
	all, copied := b.String(), make([]string, len(row))
	for i, v := range row {
		copied[i], all = all[:len(v)], all[len(v):]
	}
	return copied
}

// Row is Rows for a query that gives exactly one row.
func Row(ctx context.Context, conn *pgconn.PgConn, sql string, args ...string) ([]string, error) {
	rows, err := Rows(ctx, conn, sql, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("%d rows where one was expected", len(rows))
	}
	return rows[0], nil
}

func parseOID(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32) // the server wrote it
	return uint32(n)
}

// readOID, readInt and isTrue read values of eachRow without a string of each.
func readOID(b []byte) uint32 { return uint32(readInt(b)) }

func readInt(b []byte) (n int64) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	for _, c := range b {
		n = n*10 + int64(c-'0') // the server wrote it
	}
	if negative {
		return -n
	}
	return n
}

func isTrue(b []byte) bool { return len(b) == 1 && b[0] == 't' }
