package transfer

import (
	"testing"

	"pgsluice/internal/pgtest"
)

// onlyOnSource is SQL for a check that holds in this database only.
func onlyOnSource(t *testing.T, src string) string {
	t.Helper()
	return `CREATE FUNCTION public.fits(x int) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT x <> 100 OR
		pg_catalog.current_database() = '` + pgtest.Scalar[string](t, src, "SELECT current_database()") + `' $$;`
}

// A row that the target does not take ends the part, also when the source is slow.
func TestConstraintViolation(t *testing.T) {
	t.Parallel()
	t.Run("check", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, onlyOnSource(t, src)+bigTable("big", "CHECK (fits(id))"))
		c := beginCopy(t, Options{Source: src, Target: dst, Limiter: NewLimiter(2_000_000)})
		c.untilMoved(500_000)
		c.fails(`^table public\.big: copy-in: ERROR: new row .* violates check constraint "big_id_check" \(SQLSTATE 23514\)$`)
		empty(t, dst, "big")
	})
	t.Run("unique", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, bigTable("big", ""))
		pgtest.Exec(t, dst, "CREATE TABLE big (id int, filler text); CREATE UNIQUE INDEX other ON big ((id % 100))")
		c := beginCopy(t, Options{Source: src, Target: dst, DataOnly: true, Limiter: NewLimiter(2_000_000)})
		c.untilMoved(500_000)
		c.fails(`^table public\.big: copy-in: ERROR: duplicate key value violates unique constraint "other" \(SQLSTATE 23505\)$`)
		empty(t, dst, "big")
	})
	t.Run("silent source", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, gate+onlyOnSource(t, src)+bigTable("big", "CHECK (gate(id) AND fits(id))"))
		open := holdGate(t, dst)
		slow, stalled := through(t, src, 1_500_000, stall)
		c := beginCopy(t, Options{Source: slow, Target: dst})
		until(t, dst, atGate)
		<-stalled
		open()
		c.fails(`^table public\.big: copy-in: ERROR: .*\(SQLSTATE 23514\)$`)
		empty(t, dst, "big")
	})
	t.Run("continue", func(t *testing.T) {
		t.Parallel()
		src, dst := sourceAndTarget(t)
		pgtest.Exec(t, src, onlyOnSource(t, src)+bigTable("big", "PRIMARY KEY CHECK (fits(id))")+smallTables("a", "b")+`
			ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES big; ALTER TABLE b ADD PRIMARY KEY (id)`)
		want := contents(t, src, "a", "b")
		c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, OnError: Continue})
		c.goesOn(3)
		same(t, dst, want)
		empty(t, dst, "big")
		for object, reason := range map[string]string{
			"public.big":         `^copy-in: .*SQLSTATE 23514`,
			"public.big_pkey":    "^left out: it needs table public.big, which failed$",
			"public.a a_id_fkey": "^left out: it needs .* which failed$",
		} {
			c.failed(object, reason)
		}
		if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM pg_constraint WHERE conname = 'b_pkey'"); n != 1 {
			t.Error("the primary key of b is missing")
		}
	})
}

// A target that swallows rows does not keep the others. The trigger comes while the copy runs: before it, it would be
// refused or not there.
func TestRowsAreCompared(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+smallTables("small"))
	want := contents(t, src, "big")
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
	until(t, dst, atGate)
	pgtest.Exec(t, dst, `
		CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id % 10 > 0 THEN NEW END; END $$;
		CREATE TRIGGER swallow BEFORE INSERT ON small FOR EACH ROW EXECUTE FUNCTION swallow()`)
	open()
	c.fails(`^table public\.small: the source sent 50 rows, but the target took 45$`)
	empty(t, dst, "small")
	same(t, dst, want)
}

// A second copy to the same target is refused and changes nothing.
func TestCopyTwice(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a", "b"))
	want := contents(t, src, "a", "b")
	beginCopy(t, Options{Source: src, Target: dst}).ok()
	pgtest.Exec(t, src, "INSERT INTO a VALUES (0, 'later'); CREATE TABLE c (); DROP TABLE b")
	for name, opt := range map[string]Options{"all": {}, "data": {DataOnly: true}} {
		opt.Source, opt.Target = src, dst
		_, err := beginCopy(t, opt).wait(prompt)
		mentions(t, err, "not empty|does not exist")
		if !IsRefused(err) {
			t.Errorf("%s: %v: does not say that nothing was changed", name, err)
		}
	}
	same(t, dst, want)
}
