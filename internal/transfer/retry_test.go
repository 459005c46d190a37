package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/ledger"
	"pgsluice/internal/pgtest"
)

// whole demands that the copy ends well, that both sides are equal, that something was tried again, and that no ledger is left.
func (c *copying) whole() {
	c.t.Helper()
	c.ok()
	sameTables(c.t, c.opt.Source, c.opt.Target)
	s := c.opt.Progress.Snapshot()
	if s.RetryCount == 0 {
		c.t.Error("nothing was tried again: the fault did no harm")
	}
	if n := pgtest.Scalar[int](c.t, c.opt.Target, "SELECT count(*) FROM pg_namespace WHERE nspname = '_pgsluice'"); n != 0 {
		c.t.Error("the ledger is still there")
	}
	for table, got := range map[string]int64{"rows": s.Data.Rows} {
		if want := pgtest.Scalar[int64](c.t, c.opt.Source, "SELECT (SELECT count(*) FROM big)"); got != want {
			c.t.Errorf("%d %s are said to have arrived, want %d", got, table, want)
		}
	}
}

// A backend that is ended at work, on either side and in each phase, costs an attempt and nothing else.
func TestRetryLostBackends(t *testing.T) {
	t.Parallel()
	const schema = gate + "CREATE TABLE big (id int CHECK (gate(id)), filler text); INSERT INTO big SELECT i, repeat('x', 10000) FROM generate_series(1, 2000) i;"
	tests := map[string]struct{ sql, side, who string }{
		"copy-out":   {schema, "source", copyOut},
		"copy-in":    {schema, "target", copyIn},
		"index":      {"SELECT 1;" + gate + "CREATE TABLE big (id int, filler text); INSERT INTO big SELECT generate_series(1, 500); CREATE INDEX slow ON big (gate(id))", "target", postData},
		"constraint": {gate + "CREATE TABLE big (id int, filler text); INSERT INTO big SELECT generate_series(1, 500); ALTER TABLE big ADD CHECK (gate(id)) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT big_id_check", "target", "wait_event = 'advisory'"},
		"finish":     {gate + "CREATE TABLE big (id int, filler text); INSERT INTO big SELECT generate_series(1, 500); CREATE MATERIALIZED VIEW m AS SELECT gate(id) FROM big", "target", "wait_event = 'advisory'"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := sourceAndTarget(t)
			pgtest.Exec(t, src, test.sql)
			open := holdGate(t, dst)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
			until(t, dst, atGate)
			if test.side == "source" {
				until(t, src, readerIsHeldUp)
				terminate(t, src, test.who)
			} else {
				terminate(t, dst, test.who)
			}
			open()
			c.whole()
		})
	}
}

// A holder that is lost is replaced by the keeper, so that the loss of the other one does no harm either.
func TestHoldersAreReplaced(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))"))
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
	until(t, dst, atGate)
	until(t, src, readerIsHeldUp)
	first := pgtest.Scalar[string](t, src, "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND "+holder+" ORDER BY backend_start LIMIT 1")
	second := pgtest.Scalar[string](t, src, "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND "+holder+" AND pid <> "+first)
	for _, pid := range []string{first, second} {
		terminate(t, src, "pid = "+pid)
		until(t, src, "SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = current_database() AND "+holder+" AND backend_xmin IS NOT NULL AND pid <> "+pid)
	}
	pgtest.Exec(t, src, "INSERT INTO big VALUES (0, 'after the snapshot')")
	terminate(t, src, copyOut)
	open()
	c.ok()
	if got := content(t, dst, "big"); got == content(t, src, "big") {
		t.Error("the second attempt saw what was inserted after the snapshot")
	}
	if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM big"); n != 2000 {
		t.Errorf("%d rows arrived", n)
	}
}

// If both holders and the readers are gone nothing more can be read: that is no use in trying, and the target says what it has.
func TestSnapshotLost(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))"))
	holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
	until(t, dst, atGate)
	until(t, src, readerIsHeldUp)
	terminate(t, src, "application_name LIKE 'pgsluice %'")
	terminate(t, dst, copyIn)
	c.fails("^table public.big: .*the source's snapshot is lost")
}

// What is worth another attempt, and what is not.
func TestRetryable(t *testing.T) {
	t.Parallel()
	pg := func(code string) error { return fmt.Errorf("copy-in: %w", &pgconn.PgError{Code: code}) }
	for _, err := range []error{pg("57P01"), pg("57P03"), pg("08006"), pg("53300"), pg("40P01"), io.ErrUnexpectedEOF, fmt.Errorf("copy-out: %w", io.ErrUnexpectedEOF)} {
		if !Retryable(err) {
			t.Errorf("%v: not retryable", err)
		}
	}
	for _, err := range []error{
		pg("23505"), pg("42501"), pg("53100"), pg("57014"), pg("28P01"), pg("55P03"), errors.New("the source sent 4 rows, but the target took 2"),
		fmt.Errorf("%w (%w)", errSnapshotLost, pg("08006")), context.Canceled, ledger.ErrFenced, errCrashed,
	} {
		if Retryable(err) {
			t.Errorf("%v: retryable", err)
		}
	}
}

// The pauses grow, and end with the limit.
func TestBackoff(t *testing.T) {
	t.Parallel()
	b, now, last := &backoff{limit: time.Minute}, time.Now(), time.Duration(0)
	for n := range 100 {
		wait, ok := b.next(now)
		if !ok {
			if n < 10 || now.Sub(b.since) < time.Minute {
				t.Errorf("given up after %d tries in %s", n, now.Sub(b.since))
			}
			return
		}
		if n < 4 && wait <= last || wait > 6*time.Second {
			t.Errorf("pause %d is %s after %s", n, wait, last)
		}
		last, now = wait, now.Add(wait)
	}
	t.Error("it never gave up")
}
