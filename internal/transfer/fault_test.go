package transfer

import (
	"strings"
	"testing"
	"time"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// empty demands that no row of a broken part was committed.
func empty(t *testing.T, dst, table string) {
	t.Helper()
	if got := content(t, dst, table); got != "0 rows, 0" {
		t.Errorf("table %s of the target: %s, want none", table, got)
	}
}

// The source's backend is lost at work, and while the target holds the stream up, and the connection at a counted byte.
// A backend that waits for its client to take bytes can't say why it ends; whether it waits just then is chance.
func TestLostCopyOut(t *testing.T) {
	t.Parallel()
	const cause = `^table public\.big: copy-out: (FATAL: .*\(SQLSTATE 57P01\)$|the server closed the connection)`
	t.Run("at work", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, bigTable("big", "")+strings.Repeat("INSERT INTO big SELECT * FROM big;", 3))
		c := beginCopy(t, Options{Source: src, Target: dst, RetryFor: -1})
		c.untilMoved(1_000_000)
		terminate(t, src, copyOut)
		c.fails(cause)
		empty(t, dst, "big")
	})
	t.Run("held up", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))"))
		open := holdGate(t, dst)
		c := beginCopy(t, Options{Source: src, Target: dst, RetryFor: -1})
		until(t, dst, atGate)
		until(t, src, readerIsHeldUp)
		terminate(t, src, copyOut)
		open()
		c.fails(cause)
		empty(t, dst, "big")
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, bigTable("big", ""))
		broken, _ := through(t, src, 1_000_000, cut)
		c := beginCopy(t, Options{Source: broken, Target: dst, RetryFor: -1})
		c.fails(`^table public\.big: copy-out: the server closed the connection and gave no reason`)
		empty(t, dst, "big")
	})
}

// A cancelled COPY ends on the source with an error, after thousands of rows that went well, and the others still arrive.
func TestErrorInCopyOut(t *testing.T) {
	t.Parallel()
	for name, onError := range map[string]OnError{"stop": Stop, "continue": Continue} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := sourceAndTarget(t)
			pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+smallTables("a", "b"))
			want := contents(t, src, "a", "b")
			open := holdGate(t, dst)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, OnError: onError, RetryFor: -1})
			until(t, dst, atGate)
			until(t, src, readerIsHeldUp)
			signal(t, src, "pg_cancel_backend", copyOut)
			open()
			const cause = `^table public\.big: copy-out: ERROR: canceling statement due to user request \(SQLSTATE 57014\)$`
			if onError == Stop {
				c.fails(cause)
			} else {
				c.goesOn(1)
				same(t, dst, want)
			}
			empty(t, dst, "big")
		})
	}
}

// The target's backend is lost in the middle of its work, and while it waits for the source.
func TestLostCopyIn(t *testing.T) {
	t.Parallel()
	const cause = `^table public\.big: copy-in: FATAL: terminating connection due to administrator command \(SQLSTATE 57P01\)$`
	t.Run("at work", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))"))
		open := holdGate(t, dst)
		c := beginCopy(t, Options{Source: src, Target: dst, RetryFor: -1})
		until(t, dst, atGate)
		until(t, src, readerIsHeldUp)
		terminate(t, dst, copyIn)
		c.fails(cause)
		open()
		empty(t, dst, "big")
	})
	t.Run("waiting", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, bigTable("big", ""))
		slow, stalled := through(t, src, 1_000_000, stall)
		c := beginCopy(t, Options{Source: slow, Target: dst, RetryFor: -1})
		<-stalled
		until(t, dst, "SELECT count(*) > 0 FROM pg_stat_activity WHERE "+ours+" AND "+copyIn+" AND wait_event = 'ClientRead'")
		terminate(t, dst, copyIn)
		c.fails(cause)
		empty(t, dst, "big")
	})
}

// A reader that is lost before it was needed is replaced.
func TestLostIdleReader(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, "CREATE SCHEMA s;"+smallTables("s.a", "s.b"))
	blocker := openSession(t, dst)
	blocker.exec("BEGIN; CREATE SCHEMA s")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
	until(t, dst, schemaWaits)
	terminate(t, src, "application_name = 'pgsluice copy-out'")
	blocker.exec("ROLLBACK")
	c.ok()
	sameTables(t, src, dst)
}

// An index build is lost.
func TestLostBuilder(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+"CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 500); CREATE INDEX slow ON a (gate(id))")
	want := contents(t, src, "a")
	holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, RetryFor: -1})
	until(t, dst, atGate)
	terminate(t, dst, postData)
	c.fails(`^index public\.slow: FATAL: .*\(SQLSTATE 57P01\)$`)
	same(t, dst, want)
}

// The loss of the snapshot holders does no harm once the readers are there: they have the snapshot and the locks.
func TestLostHolders(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"first":  holder + " ORDER BY backend_start LIMIT 1",
		"second": holder + " ORDER BY backend_start DESC LIMIT 1",
		"both":   holder,
	}
	for name, lost := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := sourceAndTarget(t)
			pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+smallTables("a", "b"))
			want := contents(t, src, "big", "a", "b")
			open := holdGate(t, dst)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
			until(t, dst, atGate)
			terminate(t, src, lost)
			pgtest.Exec(t, src, "INSERT INTO a VALUES (0, 'after the snapshot')")
			truncated := openSession(t, src).begin("TRUNCATE b")
			open()
			c.ok()
			same(t, dst, want)
			ended(t, "TRUNCATE", truncated)
		})
	}
}

// A reader that is lost is replaced, under the snapshot of whichever holder is left.
func TestLostReaderAndHolder(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+smallTables("a", "b"))
	want := contents(t, src, "a", "b")
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, OnError: Continue, LockTimeout: time.Second})
	until(t, dst, atGate)
	until(t, src, readerIsHeldUp)
	pgtest.Exec(t, src, "INSERT INTO a VALUES (0, 'after the snapshot')")
	truncated := openSession(t, src).begin("TRUNCATE big") // it must not hold up the new reader
	terminate(t, src, holder+" ORDER BY backend_start LIMIT 1")
	terminate(t, src, copyOut)
	open()
	c.goesOn(1) // the TRUNCATE waits for the holder, and big for the TRUNCATE
	c.failed("public.big", `lock timeout .*; a table is locked by pid \d+ .*TRUNCATE`)
	same(t, dst, want)
	empty(t, dst, "big")
	ended(t, "TRUNCATE", truncated)
}

// Where the source's lock table has no room for every reader's locks, the loss of both holders opens a gap for a
// TRUNCATE. The table that it empties is missed, never copied as an empty one.
func TestTruncateAfterLostHolders(t *testing.T) {
	t.Parallel()
	small := pgtest.New(t, cluster.Options{Settings: map[string]string{"max_connections": "20", "max_locks_per_transaction": "10"}})
	src, dst := small.URL("postgres"), pgtest.DatabaseOn(t, pgtest.Second(t))
	names := strings.Fields(strings.Repeat("t ", 60))
	for i := range names {
		names[i] += string(rune('a'+i/26)) + string(rune('a'+i%26))
	}
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))"))
	for _, name := range names {
		pgtest.Exec(t, src, smallTables(name))
	}
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, RetryFor: -1})
	until(t, dst, atGate)
	terminate(t, src, holder)
	pgtest.Exec(t, src, "TRUNCATE taz")
	open()
	c.fails(`^table public\.taz: copy-out: the table was truncated or rewritten`)
}

// pg_dump's connection is lost while it reads the schema: nothing was changed.
func TestLostDump(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a"))
	app := openSession(t, src)
	app.exec("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
	c := beginCopy(t, Options{Source: src, Target: dst, RetryFor: -1})
	until(t, src, dumpWaits)
	terminate(t, src, pgDump)
	c.refused("pg_dump: error: .*terminating connection due to administrator command")
}

// A holder is lost before the tables are locked.
func TestLostHolderBeforeLocks(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a"))
	app := openSession(t, src)
	app.exec("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
	c := beginCopy(t, Options{Source: src, Target: dst, RetryFor: -1})
	until(t, src, dumpWaits)
	terminate(t, src, holder)
	app.exec("ROLLBACK")
	c.refused(`^source: .*FATAL: .*\(SQLSTATE 57P01\)`)
}
