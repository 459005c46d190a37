package main

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/transfer"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{&usageError{err: errors.New("x")}, 1},
		{fmt.Errorf("copy: %w", &transfer.Refused{Err: errors.New("x")}), 1},
		{&incompleteError{what: "x"}, 2},
		{errors.New("x"), 4},
		{errors.Join(errors.New("x"), &incompleteError{what: "x"}), 2},
		{&interrupted{code: 130}, 130},
		{fmt.Errorf("table t: %w", &interrupted{code: 143}), 143},
	} {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("exitCode(%v) = %d, want %d", test.err, got, test.want)
		}
	}
}

func TestPrintError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{errors.New("x"), "pgsluice: x\n"},
		{&usageError{verb: "copy", err: errors.New("x")}, "pgsluice: x\nTry: pgsluice copy --help\n"},
		{&usageError{err: errors.New("x")}, "pgsluice: x\nTry: pgsluice help\n"},
		{errors.New("table \x1b[31mred: x\nand y"), "pgsluice: table \\x1b[31mred: x\nand y\n"},
		{errors.New(`cannot parse "password=geheim"`), "pgsluice: cannot parse \"password=*****\"\n"},
		{
			fmt.Errorf("table public.orders: copy-in: %w", &pgconn.PgError{
				Severity: "ERROR", Code: "23505", Message: `duplicate key value violates unique constraint "orders_pkey"`,
				Detail: "Key (id)=(1) already exists.", Where: "COPY orders, line 2",
			}),
			`pgsluice: table public.orders: copy-in: ERROR: duplicate key value violates unique constraint "orders_pkey" (SQLSTATE 23505)
  DETAIL:   Key (id)=(1) already exists.
  CONTEXT:  COPY orders, line 2
`,
		},
		{
			&pgconn.PgError{Severity: "ERROR", Code: "42501", Message: "permission denied", Hint: "Grant it."},
			"pgsluice: ERROR: permission denied (SQLSTATE 42501)\n  HINT:     Grant it.\n",
		},
	} {
		var b bytes.Buffer
		printError(&b, test.err, []string{"geheim"})
		if b.String() != test.want {
			t.Errorf("got\n%swant\n%s", b.String(), test.want)
		}
	}
}
