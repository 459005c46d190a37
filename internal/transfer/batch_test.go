package transfer

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/plan"
)

// tinyTables is SQL for t1 to tN with a key and n rows each, whose ids count up from 1 over all.
func tinyTables(tables, rows int) string {
	return fmt.Sprintf(`DO $$ BEGIN FOR i IN 1..%[1]d LOOP
		EXECUTE pg_catalog.format('CREATE TABLE public.t%%s (id int PRIMARY KEY, v text); COMMENT ON TABLE public.t%%1$s IS ''a comment'';
			INSERT INTO public.t%%1$s SELECT %%s * %[2]d + g, ''row '' || g FROM pg_catalog.generate_series(1, %[2]d) g', i, i - 1);
		END LOOP; END $$;`, tables, rows)
}

// turns is another address of the database at url, and how often a client has spoken there after the server: round trips.
func turns(t *testing.T, url string) (string, *atomic.Int64) {
	t.Helper()
	count := new(atomic.Int64)
	address := relay(t, url, func() (up, down func(to, from net.Conn)) {
		var heard atomic.Bool
		heard.Store(true)
		pass := func(to, from net.Conn, tell func()) {
			_, _ = io.Copy(io.MultiWriter(to, teller(tell)), from)
		}
		up = func(backend, client net.Conn) {
			pass(backend, client, func() {
				if heard.Swap(false) {
					count.Add(1)
				}
			})
		}
		return up, func(client, backend net.Conn) { pass(client, backend, func() { heard.Store(true) }) }
	})
	return address, count
}

type teller func()

func (f teller) Write(p []byte) (int, error) { f(); return len(p), nil }

// Many tiny tables cost few round trips, and each is accounted for by itself.
func TestTinyTables(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	const tables = 300
	pgtest.Exec(t, src, tinyTables(tables, 10))
	from, asked := turns(t, src)
	to, told := turns(t, dst)
	c := beginCopy(t, Options{Source: from, Target: to, Jobs: 2, IndexJobs: 2})
	c.ok()
	sameTables(t, src, dst)
	s := c.opt.Progress.Snapshot()
	var bytes int64
	for _, f := range s.Finished {
		if bytes += f.Bytes; f.Task.Kind == "TABLE DATA" && (f.Rows != 10 || f.Bytes == 0 || f.Worker.Name == "") {
			t.Errorf("table %s: %d rows, %d bytes, by %q", f.Task.Name, f.Rows, f.Bytes, f.Worker.Name)
		}
	}
	if s.Data.Bytes != bytes || s.Data.Rows != 10*tables || s.Data.TablesDone != tables || s.Data.Redone != 0 {
		t.Errorf("in all %d bytes, %+v", bytes, s.Data)
	}
	// per table: made, described, filled, two halves of a key, analyzed
	t.Logf("%d tasks; round trips: %d to the source, %d to the target", len(s.Finished), asked.Load(), told.Load())
	if asked.Load() > 3*tables || told.Load() > tables {
		t.Errorf("round trips: %d to the source, %d to the target", asked.Load(), told.Load())
	}
	if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM pg_constraint WHERE conname LIKE 't%pkey' AND connamespace = 'public'::regnamespace"); n != tables {
		t.Errorf("%d keys", n)
	}
	if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM pg_description WHERE description = 'a comment'"); n != tables {
		t.Errorf("%d comments", n)
	}
}

// What fails in the middle of a batch is named as if it had been alone, and nothing else is missing.
func TestBatchCulprit(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, onlyOnSource(t, src)+tinyTables(60, 10)+`
		ALTER TABLE t10 ADD CHECK (fits(id)); ALTER TABLE t50 ADD FOREIGN KEY (id) REFERENCES t10 NOT VALID;
		CREATE FUNCTION brittle(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
			IF x = 205 AND pg_catalog.current_database() <> '`+pgtest.Scalar[string](t, src, "SELECT current_database()")+`' THEN RAISE EXCEPTION 'brittle'; END IF;
			RETURN x; END $$;
		CREATE INDEX t21_brittle ON t21 (brittle(id));`)
	want := contents(t, src, "t9", "t11", "t21", "t50", "t60")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, IndexJobs: 1, OnError: Continue})
	c.goesOn(4)
	c.failed("public.t10", `^copy-in: ERROR: new row .*violates check constraint.*SQLSTATE 23514`)
	c.failed("public.t10_pkey", "^left out: it needs table public.t10, which failed$")
	c.failed("public.t50 t50_id_fkey", "^left out: it needs ")
	c.failed("public.t21_brittle", "brittle")
	same(t, dst, want)
	empty(t, dst, "t10")
	if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM pg_constraint WHERE conname LIKE 't%pkey' AND connamespace = 'public'::regnamespace"); n != 59 {
		t.Errorf("%d keys", n)
	}
	if s := c.opt.Progress.Snapshot(); s.Data.TablesDone != 59 || s.Data.Rows < 590 {
		t.Errorf("%+v", s.Data)
	}
}

// With --on-error stop it is the culprit that stops the copy.
func TestBatchStops(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, onlyOnSource(t, src)+tinyTables(40, 10)+"ALTER TABLE t10 ADD CHECK (fits(id));")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
	c.fails(`^table public\.t10: copy-in: ERROR: new row .*\(SQLSTATE 23514\)$`)
}

// What the server warns of is told of the object that it is about.
func TestBatchWarns(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, tinyTables(40, 10)+`
		CREATE FUNCTION loud(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
			IF x = 205 THEN RAISE WARNING 'two hundred and five'; END IF; RETURN x; END $$;
		CREATE INDEX t21_loud ON t21 (loud(id));`)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, IndexJobs: 1})
	c.ok()
	c.warned("index public.t21_loud two hundred and five")
	sameTables(t, src, dst)
}

// A backend that ends in the middle of a group, on either side, leaves all or nothing of it, and the group is done again.
func TestBatchLost(t *testing.T) {
	t.Parallel()
	for name, side := range map[string]string{"source": "", "target": copyIn} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := sourceAndTarget(t)
			pgtest.Exec(t, src, gate+tinyTables(40, 10)+"ALTER TABLE t10 ADD CHECK (gate(id));")
			open := holdGate(t, dst)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
			until(t, dst, atGate)
			if side == "" {
				terminate(t, src, "application_name = 'pgsluice copy-out'")
			} else {
				terminate(t, dst, side)
			}
			open()
			c.ok()
			sameTables(t, src, dst)
			if s := c.opt.Progress.Snapshot(); s.Data.Rows != 400 || name == "target" && s.RetryCount == 0 {
				t.Errorf("%d rows, %d attempts lost", s.Data.Rows, s.RetryCount)
			}
		})
	}
}

// What a run that was broken off in the middle of a group has left is nothing of it, and the next run does it.
func TestBatchResumed(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+tinyTables(40, 10)+"ALTER TABLE t10 ADD CHECK (gate(id));")
	broken(t, Options{Source: src, Target: dst, Jobs: 1}, 0)
	rows := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM t1")
	if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM _pgsluice.ledger WHERE rows > 0"); rows != 0 || n != 0 {
		t.Errorf("%d rows of the first table, %d tables in the ledger", rows, n)
	}
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, Resume: ResumeMixed})
	c.ok()
	sameTables(t, src, dst)
}

// A crash of the target's server in the middle of a group.
func TestBatchCrash(t *testing.T) {
	t.Parallel()
	_, src := crashable(t)
	server, dst := crashable(t)
	pgtest.Exec(t, src, gate+tinyTables(40, 10)+"ALTER TABLE t10 ADD CHECK (gate(id));")
	holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
	until(t, dst, atGate)
	crash(t, server)
	c.ok()
	sameTables(t, src, dst)
}

// What is owned by others, lies in another tablespace or schema is made as it is alone.
func TestBatchKeepsSettings(t *testing.T) {
	t.Parallel()
	_, src := crashable(t, "allow_in_place_tablespaces", "on")
	_, dst := crashable(t, "allow_in_place_tablespaces", "on")
	for _, url := range []string{src, dst} {
		pgtest.Exec(t, url, "CREATE TABLESPACE apart LOCATION ''")
		pgtest.Exec(t, url, "CREATE ROLE somebody")
	}
	pgtest.Exec(t, src, tinyTables(20, 1)+`
		ALTER TABLE t3 SET TABLESPACE apart; ALTER TABLE t5 OWNER TO somebody; GRANT SELECT ON t6 TO somebody;
		CREATE SEQUENCE s START 7; SELECT nextval('s'); CREATE SEQUENCE z; SELECT nextval('z')`)
	copyOK(t, Options{Source: src, Target: dst})
	sameTables(t, src, dst)
	const where = `SELECT string_agg(concat_ws(' ', relname, reltablespace <> 0, relowner::regrole, relacl), ', ' ORDER BY relname)
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`
	if got, want := pgtest.Scalar[string](t, dst, where), pgtest.Scalar[string](t, src, where); got != want {
		t.Errorf("the target's tables: %s\nwant %s", got, want)
	}
	if n := pgtest.Scalar[int](t, dst, "SELECT (nextval('s') * 100 + nextval('z'))::int"); n != 802 {
		t.Errorf("the sequences go on with %d", n)
	}
}

// A batch is what is ready, small and free, in order of rank, and no more than one worker's share; locks of its own members are in nobody's way.
func TestGather(t *testing.T) {
	small := func(name string, cost float64, locks ...plan.Lock) *plan.Task {
		t := index(name, cost)
		t.Entry, t.Locks = &archive.Entry{Desc: "FK CONSTRAINT"}, locks
		return t
	}
	parent := plan.Lock{Relation: 1, Mode: plan.ShareRowExclusive}
	taken := plan.Lock{Relation: 2, Mode: plan.AccessExclusive}
	b := onBoard(10, small("large", 2*smallCost), small("holds", 90, taken), small("a", 80, parent), small("b", 70, parent), small("waits", 60, taken),
		small("c", 50), small("d", 40))
	names := func(tasks []*plan.Task) (names []string) {
		for _, t := range tasks {
			names = append(names, t.Name)
		}
		return names
	}
	give := func(most int) []string {
		b.shares = func(pool, int) int { return most }
		return names(b.give(builders))
	}
	if got := give(9); !slices.Equal(got, []string{"large"}) {
		t.Errorf("first %s", got)
	}
	if got := give(1); !slices.Equal(got, []string{"holds"}) {
		t.Errorf("then %s", got)
	}
	b.shares = func(pool, int) int { return 3 }
	batch := b.give(builders)
	if got := names(batch); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("together %s", got)
	}
	if b.active != 3 || b.left[builders] != 7 || len(b.ready[builders]) != 2 {
		t.Errorf("%d in work, %d left, %d ready", b.active, b.left[builders], len(b.ready[builders]))
	}
	b.end(batch)
	if b.active != 2 || b.left[builders] != 4 || b.locked[parent] != 0 {
		t.Errorf("%d in work, %d left, %d locks", b.active, b.left[builders], b.locked[parent])
	}
	if got := give(9); !slices.Equal(got, []string{"d"}) {
		t.Errorf("beside what waits: %s", got)
	}
}
