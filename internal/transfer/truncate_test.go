package transfer

import (
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
)

// A TRUNCATE that starts on the source while the copy runs waits for its end, wherever the copy is, and the copy does
// not wait for it.
func TestTruncateWaits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		jobs     int
		truncate string
	}{
		"table in work":                    {1, "big"},
		"table not begun":                  {1, "small"},
		"table done":                       {2, "small"},
		"table not begun, several workers": {2, "later"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := sourceAndTarget(t)
			pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+smallTables("small", "later")+`
				INSERT INTO later VALUES (100, 'at the gate'); ALTER TABLE later ADD CHECK (gate(id))`)
			want := contents(t, src, "big", "later", "small")
			open := holdGate(t, dst)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: tt.jobs})
			until(t, dst, atGate)

			pgtest.Exec(t, src, "INSERT INTO small VALUES (0, 'after the snapshot')")
			truncated := openSession(t, src).begin("TRUNCATE " + tt.truncate)
			open()
			c.ok()
			same(t, dst, want)
			ended(t, "TRUNCATE", truncated)
			if n := pgtest.Scalar[int](t, src, "SELECT count(*) FROM "+tt.truncate); n != 0 {
				t.Errorf("%d rows after TRUNCATE", n)
			}
		})
	}
}

// Once all rows are read the source is free, however long the indexes take.
func TestTruncateWhileIndexIsBuilt(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+smallTables("a")+"INSERT INTO a VALUES (100, ''); CREATE INDEX ON a (gate(id))")
	want := contents(t, src, "a")
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst})
	until(t, dst, atGate)
	until(t, src, noneLeft)
	pgtest.Exec(t, src, "SET lock_timeout = 1; TRUNCATE a")
	open()
	c.ok()
	same(t, dst, want)
}

// The locks are there before the first change of the target: readers that come later would wait behind the TRUNCATE.
func TestTruncateWhileSchemaIsMade(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, "CREATE SCHEMA s;"+smallTables("s.a", "s.b"))
	want := contents(t, src, "s.a", "s.b")
	blocker := openSession(t, dst)
	blocker.exec("BEGIN; CREATE SCHEMA s")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
	until(t, dst, schemaWaits)
	truncated := openSession(t, src).begin("TRUNCATE s.a, s.b")
	blocker.exec("ROLLBACK")
	c.ok()
	same(t, dst, want)
	ended(t, "TRUNCATE", truncated)
}

// What rewrites a table after the snapshot was taken and before the table is locked would be read as an empty table.
// It is noticed, and a new snapshot is taken.
func TestRewriteBeforeLocks(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"truncate":        "TRUNCATE a",
		"move":            "INSERT INTO b SELECT * FROM a; TRUNCATE a",
		"alter":           "ALTER TABLE a ALTER id TYPE bigint",
		"drop and create": "DROP TABLE a; CREATE TABLE a (other text); INSERT INTO a VALUES ('new')",
		"drop":            "DROP TABLE a; CREATE TABLE c (id int)",
		"rename":          "ALTER TABLE a RENAME TO c",
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := sourceAndTarget(t)
			pgtest.Exec(t, src, smallTables("a", "b"))
			app := openSession(t, src)
			app.exec("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
			until(t, src, dumpWaits)
			for statement := range strings.SplitSeq(change, "; ") {
				app.exec(statement)
			}
			app.exec("COMMIT")
			c.ok()
			c.warned("new snapshot")
			sameTables(t, src, dst)
		})
	}
}

// A TRUNCATE that queues up between pg_dump's lock and ours would wait for us, and we for it. It is let through.
func TestTruncateBetweenLocks(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a", "b")+bigTable("big", "")) // pg_dump can't end before big is read
	app, other := openSession(t, src), openSession(t, src)
	app.exec("BEGIN; LOCK TABLE b IN ACCESS EXCLUSIVE MODE")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
	until(t, src, dumpWaits) // it has a by now
	truncated := other.begin("TRUNCATE a")
	app.exec("ROLLBACK")
	ended(t, "TRUNCATE", truncated)
	c.ok()
	c.warned("is let through")
	sameTables(t, src, dst)
}

// An application that does not leave the table alone is no reason to wait for ever, and none to copy less.
func TestTruncateAgainAndAgain(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a", "b"))
	app := openSession(t, src)
	app.exec("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
	for range snapshotTries {
		until(t, src, dumpWaits)
		app.exec("TRUNCATE a; COMMIT")
		app.exec("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE") // waits for the copy to give way
	}
	c.refused("3 times in a row")
	c.warned("new snapshot")
}
