package transfer

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
)

// wideTable is SQL for a table of 40,000 rows in some 1,200 blocks, 8 MB.
func wideTable(name string) string {
	return `CREATE TABLE ` + name + ` (id int PRIMARY KEY, v text, w int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO ` + name + ` SELECT i, repeat('x', 190) || i FROM generate_series(1, 40000) AS i;
DELETE FROM ` + name + ` WHERE id % 10 = 3;
`
}

// parts tells how many parts of a table are done, and of how many; 0 of a table that is copied whole.
func parts(s progress.Snapshot, table string) (done, all int) {
	for _, f := range s.Finished {
		if f.Task.Table == table && f.Task.Kind == progress.TableData && f.Error == "" {
			done, all = done+1, f.Task.Parts
		}
	}
	return done, all
}

// A table in parts is what the snapshot sees of it, whatever is written to the source meanwhile, and each part knows its rows.
func TestSplitIsExact(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, wideTable("wide")+wideTable(`"W; --"`)+`
CREATE TABLE parent (id int, v text); CREATE TABLE child () INHERITS (parent);
INSERT INTO parent SELECT i, repeat('p', 300) FROM generate_series(1, 10000) AS i; INSERT INTO child SELECT i, repeat('c', 300) FROM generate_series(1, 10000) AS i;
CREATE TABLE log (id int) PARTITION BY RANGE (id); CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (100000);
INSERT INTO log SELECT i FROM generate_series(0, 99999) AS i;
CREATE TYPE colour AS ENUM ('red', 'green'); CREATE TABLE hashed (c colour, v text) PARTITION BY HASH (c);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hashed SELECT (ARRAY['red', 'green'])[i % 2 + 1]::colour, repeat('h', 300) FROM generate_series(1, 20000) AS i;
CREATE UNLOGGED TABLE fleeting AS SELECT i, repeat('f', 300) AS v FROM generate_series(1, 10000) AS i`)
	tables := []string{"wide", `"W; --"`, "ONLY parent", "child", "log", "hashed", "fleeting"}
	want := contents(t, src, tables...)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 3, SplitAbove: 500_000, Limiter: NewLimiter(4_000_000)})
	c.untilMoved(2_000_000)
	pgtest.Exec(t, src, `UPDATE wide SET v = v || 'later'; DELETE FROM "W; --" WHERE id % 2 = 0; INSERT INTO wide SELECT -i, 'later' FROM generate_series(1, 5000) AS i`)
	pgtest.Exec(t, src, `UPDATE wide SET id = id + 1000000; UPDATE "W; --" SET v = 'later'; DELETE FROM parent; UPDATE log SET id = 99999 - id`)
	c.opt.Limiter.SetRate(0)
	c.ok()
	same(t, dst, want)
	s := c.opt.Progress.Snapshot()
	for _, table := range []string{"public.wide", `public."W; --"`, "public.parent", "public.child", "public.log_1", "public.fleeting"} {
		if done, all := parts(s, table); all < 4 || done != all {
			t.Errorf("%s: %d of %d parts", table, done, all)
		}
	}
	if _, all := parts(s, "public.hashed_0"); all > 1 {
		t.Errorf("a partition that is loaded through its root is in %d parts", all)
	}
}

// --split-above 0 leaves tables whole, and so does one stream.
func TestNotSplit(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, wideTable("wide"))
	c := beginCopy(t, Options{Source: src, Target: dst, SplitAbove: -1})
	c.ok()
	sameTables(t, src, dst)
	if done, all := parts(c.opt.Progress.Snapshot(), "public.wide"); done != 1 || all != 0 {
		t.Errorf("%d of %d parts", done, all)
	}
	// FREEZE: all is visible to all, and no VACUUM has been there
	frozen := pgtest.Scalar[bool](t, dst, "SELECT relallvisible = relpages AND relpages > 1000 FROM pg_class WHERE relname = 'wide'")
	if !frozen {
		t.Error("the rows are not frozen")
	}
}

// someParts copies a split table until some of its parts are there, and breaks off.
func someParts(t *testing.T, src, dst string, opt Options) {
	t.Helper()
	opt.Source, opt.Target, opt.Jobs, opt.SplitAbove, opt.Limiter = src, dst, 2, 1_000_000, NewLimiter(3_000_000)
	c := beginCopy(t, opt)
	c.until("three parts are there", func(s progress.Snapshot) bool { done, all := parts(s, "public.wide"); return done >= 3 && all > 10 })
	c.cancel(errInterrupted)
	if _, err := c.wait(prompt); !errors.Is(err, errInterrupted) {
		t.Fatalf("ended with %v", err)
	}
}

// A resumed copy makes the same parts, whatever --split-above and --jobs say now, and reads only those that are missing.
func TestSplitResumed(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	pgtest.Exec(t, src, wideTable("wide"))
	someParts(t, src, dst, Options{})
	c := beginCopy(t, Options{Source: src, Target: dst, Resume: Resume, Jobs: 4, SplitAbove: -1})
	c.ok()
	sameTables(t, src, dst)
	s := c.opt.Progress.Snapshot()
	if done, all := parts(s, "public.wide"); all < 10 || done != all {
		t.Errorf("%d of %d parts", done, all)
	}
	if s.Data.EarlierRows < 3000 || s.Data.EarlierRows+s.Data.Rows != 36000 {
		t.Errorf("%d rows of before, %d of now", s.Data.EarlierRows, s.Data.Rows)
	}
}

// Parts of different moments never make one table: rows have moved from one to the other in between.
func TestSplitMixed(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]Options{"full": {}, "data only": {DataOnly: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := quiet(t)
			schema := strings.Split(wideTable("wide"), "\n")[0]
			pgtest.Exec(t, src, wideTable("wide")+"CREATE TABLE refers (id int REFERENCES wide); INSERT INTO refers VALUES (1)")
			if opt.DataOnly {
				pgtest.Exec(t, dst, schema+"CREATE TABLE refers (id int REFERENCES wide)")
			}
			someParts(t, src, dst, opt)
			pgtest.Exec(t, src, "UPDATE wide SET v = v || 'later' WHERE id <> 1") // each row is on another block now
			again := Options{Source: src, Target: dst, DataOnly: opt.DataOnly, Resume: Resume}
			_, err := Copy(t.Context(), again)
			refusedKeeping(t, err, "may have been written to since", "table public.wide", "--resume=mixed")
			again.Resume = ResumeMixed
			c := beginCopy(t, again)
			c.ok()
			c.warned("table public.wide had arrived in part, as of another moment")
			sameTables(t, src, dst)
		})
	}
}

// --vacuum all vacuums each table once, its TOAST too; by itself a server from 13 on is left to do it.
func TestVacuum(t *testing.T) {
	t.Parallel()
	for vacuum, want := range map[plan.Vacuum]int{plan.VacuumAuto: 0, plan.VacuumNone: 0, plan.VacuumAll: 1} {
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, wideTable("wide")+"ALTER TABLE wide ADD long text; ALTER TABLE wide ALTER long SET STORAGE EXTERNAL; UPDATE wide SET long = repeat('y', 3000) WHERE id % 100 = 0")
		c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2, SplitAbove: 2_000_000, Vacuum: vacuum})
		c.ok()
		sameTables(t, src, dst)
		for _, oid := range []string{"'wide'::regclass", "(SELECT reltoastrelid FROM pg_class WHERE oid = 'wide'::regclass)"} {
			until(t, dst, fmt.Sprintf("SELECT vacuum_count = %d FROM pg_stat_all_tables WHERE relid = %s", want, oid))
		}
		until(t, dst, "SELECT analyze_count = 1 FROM pg_stat_all_tables WHERE relname = 'wide'")
	}
}

// A byte that the target does not take is found in a part, too.
func TestWrongByteInPart(t *testing.T) {
	t.Parallel()
	src, dst := encoded(t, "SQL_ASCII", false), encoded(t, "UTF8", true)
	pgtest.Exec(t, src+"&client_encoding=SQL_ASCII", `CREATE TABLE wide (id int, note text);
		INSERT INTO wide SELECT i, repeat('n', 200) || CASE WHEN i = 15000 THEN chr(233) || ' ' ELSE '' END FROM generate_series(1, 20000) AS i`)
	tid := pgtest.Scalar[string](t, src, "SELECT ctid::text FROM wide WHERE id = 15000")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2, SplitAbove: 1_000_000})
	c.fails(`^table public\.wide: copy-in: ERROR: .*22021`, `it is in column note of row \d+ of part [2-9] of [0-9]+ of the source's table`,
		`SELECT \* FROM ONLY public\.wide WHERE ctid = '\(`+strings.Trim(tid, "()")+`\)'`)
}
