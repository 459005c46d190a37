package pgdump

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// bridged is a client of a bridge, in a transaction, and another address of the same database.
func bridged(t *testing.T) (client *pgconn.PgConn, direct *pgconn.PgConn) {
	t.Helper()
	b := overTCP(t, "for the child")
	config, err := pgconn.ParseConfig(strings.Replace(b.url("for%20the%20child"), "prefer", "disable", 1))
	if err != nil {
		t.Fatal(err)
	}
	if client, err = pgconn.ConnectConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(context.Background()) })
	address := *b.server.Config
	if direct, err = pgconn.ConnectConfig(t.Context(), &address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { direct.Close(context.Background()) })
	query(t, direct, `CREATE TABLE a (); CREATE TABLE "b; c" ()`)
	query(t, client, "BEGIN")
	return client, direct
}

func query(t *testing.T, conn *pgconn.PgConn, sql string) string {
	t.Helper()
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var b strings.Builder
	for _, row := range results[len(results)-1].Rows {
		for _, column := range row {
			b.Write(column)
		}
	}
	return b.String()
}

const held = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE relname IN ('a', 'b; c') AND mode = 'AccessShareLock' AND granted AND pid <> pg_backend_pid()"

// A lock is answered before it is held, and what is asked next waits for it.
func TestLockIsAnsweredAhead(t *testing.T) {
	t.Parallel()
	client, direct := bridged(t)
	query(t, direct, "BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
	query(t, client, "LOCK TABLE public.a IN ACCESS SHARE MODE") // it would wait for ever
	query(t, client, `LOCK TABLE public."b; c" IN ACCESS SHARE MODE;`)
	if got := query(t, direct, held); got != "0" {
		t.Errorf("%s locks are held", got)
	}
	query(t, direct, "COMMIT")
	if got := query(t, client, "SELECT repeat('x', 100000)"); len(got) != 100000 {
		t.Errorf("an answer of %d bytes", len(got))
	}
	if got := query(t, direct, held); got != "2" {
		t.Errorf("%s locks are held", got)
	}
	query(t, client, "COMMIT")
}

// The error of a lock is what the next query gets, with the statement that it is about, and nothing is read without it.
func TestLockFailsLater(t *testing.T) {
	t.Parallel()
	client, _ := bridged(t)
	for _, name := range []string{"a", "gone", "also_gone"} {
		if _, err := client.Exec(t.Context(), "LOCK TABLE public."+name+" IN ACCESS SHARE MODE").ReadAll(); err != nil && name == "a" {
			t.Fatal(err) // of others it depends on how fast the server is
		}
	}
	var first error
	for range 2 {
		_, err := client.Exec(t.Context(), "SELECT 1").ReadAll()
		if err == nil {
			t.Fatal("a query of a failed transaction goes well")
		}
		if first == nil {
			first = err
		}
	}
	var refused *pgconn.PgError
	if !errors.As(first, &refused) {
		t.Fatal(first)
	}
	if refused.Code != "25P02" && (refused.Code != "42P01" || !strings.HasSuffix(refused.Message, "(in LOCK TABLE public.gone IN ACCESS SHARE MODE)")) {
		t.Errorf("error %v", first)
	}
	query(t, client, "ROLLBACK")
	query(t, client, "SELECT 1")
}

// The end of the server's session while locks are waited for is told with its reason.
func TestLockEndsWithTheServer(t *testing.T) {
	t.Parallel()
	client, direct := bridged(t)
	query(t, direct, "BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
	query(t, client, "LOCK TABLE public.a IN ACCESS SHARE MODE")
	ended := make(chan error, 1)
	go func() {
		_, err := client.Exec(t.Context(), "SELECT 1").ReadAll()
		ended <- err
	}()
	wait(t, "the lock is waited for", func() bool {
		return query(t, direct, "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "1"
	})
	query(t, direct, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "57P01") {
		t.Errorf("error %v", err)
	}
}
