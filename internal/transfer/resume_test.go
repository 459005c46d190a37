package transfer

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

var errInterrupted = errors.New("interrupted")

var halfwaySchema = gate + bigTable("big", "CHECK (gate(id))") + smallTables("a", "b", "c") + "CREATE INDEX ON a (id); CREATE SEQUENCE s"

// halfway starts a copy of three small tables and a big one, and ends it when the small ones have arrived.
func halfway(t *testing.T, src, dst string) {
	t.Helper()
	pgtest.Exec(t, src, halfwaySchema)
	open := holdGate(t, dst)
	defer open()
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
	until(t, dst, atGate)
	c.until("three tables are there", func(s progress.Snapshot) bool { return s.Data.TablesDone == 3 })
	c.cancel(errInterrupted)
	if _, err := c.wait(prompt); !errors.Is(err, errInterrupted) {
		t.Fatalf("ended with %v", err)
	}
}

// A copy that was broken off goes on with what is missing, and the ledger goes with the last of it.
func TestResume(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	halfway(t, src, dst)
	_, err := Copy(t.Context(), Options{Source: src, Target: dst})
	refusedKeeping(t, err, "has the ledger of a copy from", "--resume", "--restart")
	c := beginCopy(t, Options{Source: src, Target: dst, Resume: Resume})
	c.ok()
	if c.result.Resumed == 0 || len(c.result.Mixed) > 0 {
		t.Errorf("resumed %d tasks, mixed %v", c.result.Resumed, c.result.Mixed)
	}
	if s := c.opt.Progress.Snapshot(); s.Data.TablesDone != 4 || s.Data.EarlierRows != 150 || s.Data.Rows != 2000 {
		t.Errorf("tables %d, rows of before %d, of now %d", s.Data.TablesDone, s.Data.EarlierRows, s.Data.Rows)
	}
	sameTables(t, src, dst)
	_, err = Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume})
	refusedKeeping(t, err, "nothing to resume")
}

// refusedKeeping is refused for a target that is not empty.
func refusedKeeping(t *testing.T, err error, words ...string) {
	t.Helper()
	mentions(t, err, words...)
	if !IsRefused(err) {
		t.Errorf("%v: does not say that nothing was changed", err)
	}
}

// quiet is sourceAndTarget with nobody else on the source's server, whose transactions would count as changes.
func quiet(t *testing.T) (src, dst string) {
	t.Helper()
	server := pgtest.New(t, cluster.Options{Settings: map[string]string{"autovacuum": "off"}})
	return pgtest.DatabaseOn(t, server), pgtest.DatabaseOn(t, pgtest.Second(t))
}

// If the source has been written to since, the rows would be of two moments: that must be asked for, and is said.
func TestResumeMixed(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	halfway(t, src, dst)
	pgtest.Exec(t, src, "INSERT INTO a VALUES (-1, 'later'); SELECT nextval('s')")
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume})
	refusedKeeping(t, err, "may have been written to since", "table public.a", "now: .*table public.big", "--resume=mixed")
	c := beginCopy(t, Options{Source: src, Target: dst, Resume: ResumeMixed})
	c.ok()
	c.warned("the rows are of different moments")
	if m := c.result.Mixed; len(m) != 2 || len(m[0].Tables) != 3 || m[1].Taken != "now" {
		t.Errorf("mixed: %+v", m)
	}
	same(t, dst, contents(t, src, "big", "b", "c"))
	_, err = Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume})
	refusedKeeping(t, err, "nothing to resume")
	if got := pgtest.Scalar[string](t, dst, "SELECT last_value || ' ' || is_called FROM s"); got != "1 true" {
		t.Errorf("the sequence stands at %s", got)
	}
}

// A copy whose plan is another is no continuation, and it is said what has changed.
func TestResumeRefuses(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	halfway(t, src, dst)
	for _, change := range []struct{ sql, words string }{
		{"CREATE TABLE new ()", "table public.new is new"},
		{"DROP TABLE new; DROP TABLE c", "table public.c is no longer there"},
		{"ALTER TABLE b ADD COLUMN more int", "table public.b is defined otherwise"},
	} {
		pgtest.Exec(t, src, change.sql)
		_, err := Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume})
		refusedKeeping(t, err, "schema is not what it was", change.words, "--restart")
	}
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume, NoOwner: true})
	refusedKeeping(t, err, "other options: none, and now it is --no-owner")
	_, err = Copy(t.Context(), Options{Source: src, Target: dst, Restart: true, Confirm: "wrong"})
	refusedKeeping(t, err, "--confirm")
	copyOK(t, Options{Source: src, Target: dst, Restart: true, Confirm: databaseName(dst)})
	sameTables(t, src, dst)
	_, err = Copy(t.Context(), Options{Source: src, Target: dst, Restart: true, Confirm: databaseName(dst)})
	refusedKeeping(t, err, "nothing to resume or to restart")
}

// An object that failed is tried again by the next run.
func TestResumeFailedObject(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	pgtest.Exec(t, src, "ALTER DATABASE "+databaseName(src)+" SET app.ready = 'yes'")
	pgtest.Exec(t, src, smallTables("a")+`
		CREATE FUNCTION public.ready(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
		BEGIN
		  IF pg_catalog.current_setting('app.ready', true) IS DISTINCT FROM 'yes' THEN RAISE 'not ready'; END IF;
		  RETURN x;
		END $$;
		CREATE INDEX slow ON a (ready(id))`)
	opt := Options{Source: src, Target: dst, OnError: Continue, NoDBSettings: true}
	c := beginCopy(t, opt)
	c.goesOn(1)
	if got := pgtest.Query(t, dst, "SELECT name, error FROM _pgsluice.entry WHERE error <> ''"); len(got) != 1 || got[0][0] != "public.slow" || !strings.Contains(got[0][1], "not ready") {
		t.Errorf("recorded failures: %v", got)
	}
	pgtest.Exec(t, dst, "ALTER DATABASE "+databaseName(dst)+" SET app.ready = 'yes'")
	opt.Resume = Resume
	copyOK(t, opt)
	sameTables(t, src, dst)
	if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM pg_indexes WHERE indexname = 'slow'"); n != 1 {
		t.Error("the index is not there")
	}
}

// An object that is there but could not be given to its owner is given to him by the next run.
func TestResumeOwner(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, cluster.Options{Settings: map[string]string{"autovacuum": "off"}})
	second := pgtest.New(t, cluster.Options{}) // the role stays
	src, dst, role := pgtest.DatabaseOn(t, server), pgtest.DatabaseOn(t, second), "resumed_owner"
	pgtest.Exec(t, src, "CREATE ROLE "+role+"; "+smallTables("a")+"ALTER TABLE a OWNER TO "+role)
	opt := Options{Source: src, Target: dst, OnError: Continue}
	c := beginCopy(t, opt)
	c.goesOn(1)
	c.failed("public.a", `owner: ERROR: role "resumed_owner" does not exist`)
	opt.Resume = Resume
	c = beginCopy(t, opt)
	c.goesOn(1) // he still is not there
	pgtest.Exec(t, second.URL("postgres"), "CREATE ROLE "+role)
	copyOK(t, opt)
	if got := pgtest.Scalar[string](t, dst, "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'a'"); got != role {
		t.Errorf("the table belongs to %s", got)
	}
	if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM pg_namespace WHERE nspname = '_pgsluice'"); n != 0 {
		t.Error("the ledger is still there")
	}
}

// A --data-only copy that was broken off goes on in tables that are no longer empty, and can be begun again.
func TestResumeDataOnly(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	pgtest.Exec(t, src, bigTable("big", "")+smallTables("a"))
	pgtest.Exec(t, dst, gate+"CREATE TABLE big (id int CHECK (gate(id)), filler text); CREATE TABLE a (id int, v text)")
	interrupted := func() {
		open := holdGate(t, dst)
		defer open()
		c := beginCopy(t, Options{Source: src, Target: dst, DataOnly: true, Jobs: 2})
		until(t, dst, atGate)
		c.until("a is there", func(s progress.Snapshot) bool { return s.Data.TablesDone == 1 })
		c.cancel(errInterrupted)
		<-c.done
	}
	interrupted()
	copyOK(t, Options{Source: src, Target: dst, DataOnly: true, Resume: Resume})
	same(t, dst, contents(t, src, "big", "a"))
	pgtest.Exec(t, dst, "TRUNCATE big, a")
	interrupted()
	copyOK(t, Options{Source: src, Target: dst, DataOnly: true, Restart: true, Confirm: databaseName(dst)})
	same(t, dst, contents(t, src, "big", "a"))
}

// Another database with the same schema is not the one that the copy was begun from.
func TestResumeFromAnother(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	halfway(t, src, dst)
	config, err := pgconn.ParseConfig(src)
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, strings.Replace(src, "/"+config.Database, "/postgres", 1), "CREATE DATABASE another")
	pgtest.Exec(t, strings.Replace(src, "/"+config.Database, "/another", 1), halfwaySchema)
	for _, mode := range []ResumeMode{Resume, ResumeMixed} {
		_, err := Copy(t.Context(), Options{Source: strings.Replace(src, "/"+config.Database, "/another", 1), Target: dst, Resume: mode})
		refusedKeeping(t, err, "begun from another database, "+config.Database, "now is another")
	}
}
