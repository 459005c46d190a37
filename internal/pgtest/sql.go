package pgtest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Run sends sql, which may hold several statements, as one simple query over a
// connection of its own. PostgreSQL runs several statements as one transaction.
// Unlike Exec it may be called from any goroutine.
func Run(ctx context.Context, url, sql string) error {
	_, err := run(ctx, url, sql)
	return err
}

func run(ctx context.Context, url, sql string) ([]*pgconn.Result, error) {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%.200s: %w", sql, err)
	}
	return results, nil
}

// Exec is Run that fails the test on an error.
func Exec(t testing.TB, url, sql string) {
	t.Helper()
	if err := Run(t.Context(), url, sql); err != nil {
		t.Fatal(err)
	}
}

// Shell has the server at url run a shell command as its own account. The command gets an empty input: one that ends
// without having read a row would break the pipe, and COPY with it.
func Shell(t testing.TB, url, command string) {
	t.Helper()
	Exec(t, url, "COPY (SELECT WHERE false) TO PROGRAM '"+strings.ReplaceAll(command, "'", "''")+"'")
}

// Null stands for NULL in what Query returns, as in COPY's text format.
const Null = `\N`

// Query returns the rows of the last statement in sql, each value as text.
func Query(t testing.TB, url, sql string) [][]string {
	t.Helper()
	results, err := run(t.Context(), url, sql)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{}
	if len(results) == 0 {
		return rows
	}
	for _, values := range results[len(results)-1].Rows {
		row := make([]string, len(values))
		for i, v := range values {
			if v == nil {
				row[i] = Null
			} else {
				row[i] = string(v)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Scalar returns the one value of the one row of sql.
func Scalar[T any](t testing.TB, url, sql string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%.200s: %v", sql, err)
	}
	return v
}
