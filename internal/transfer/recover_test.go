package transfer

import (
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// crashable is a server of the test's own, with a database on it.
func crashable(t *testing.T, settings ...string) (server *cluster.Cluster, url string) {
	t.Helper()
	all := map[string]string{"autovacuum": "off"}
	for i := 0; i < len(settings); i += 2 {
		all[settings[i]] = settings[i+1]
	}
	server = pgtest.New(t, cluster.Options{Settings: all})
	return server, server.URL("postgres")
}

// crash makes a server lose what was not flushed, and starts it again.
func crash(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	if err := c.Crash(); err != nil {
		t.Error(err)
	}
	if err := c.Restart(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// broken starts a copy, ends it when so many tables have arrived, and lets the gate of the target open.
func broken(t *testing.T, opt Options, tables int) {
	t.Helper()
	open := holdGate(t, opt.Target)
	defer open()
	c := beginCopy(t, opt)
	until(t, opt.Target, atGate)
	c.until("the others are there", func(s progress.Snapshot) bool { return s.Data.TablesDone == tables })
	c.cancel(errInterrupted)
	<-c.done
}

// A crash of the target after the ledger was read, and before anything is written, empties unlogged tables: that is noticed.
func TestCrashWhileResuming(t *testing.T) {
	t.Parallel()
	_, src := crashable(t)
	server, dst := crashable(t)
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+"CREATE UNLOGGED TABLE u AS SELECT generate_series(1, 50) AS id;")
	broken(t, Options{Source: src, Target: dst, Jobs: 2}, 1)
	app := openSession(t, src)
	app.exec("BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE")
	c := beginCopy(t, Options{Source: src, Target: dst, Resume: ResumeMixed})
	until(t, src, dumpWaits)
	crash(t, server)
	app.exec("ROLLBACK")
	c.ok()
	sameTables(t, src, dst)
}

// What a crash empties is the target's unlogged tables, whatever they are on the source.
func TestCrashOfDataOnly(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string][2]string{
		"target unlogged": {"", "ALTER TABLE a SET UNLOGGED"},
		"source unlogged": {"ALTER TABLE a SET UNLOGGED", "ALTER TABLE a SET LOGGED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, src := crashable(t)
			server, dst := crashable(t)
			pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+smallTables("a")+sql[0])
			copyOK(t, Options{Source: src, Target: dst, SchemaOnly: true})
			pgtest.Exec(t, dst, sql[1])
			holdGate(t, dst)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2, DataOnly: true})
			until(t, dst, atGate)
			c.until("a is there", func(s progress.Snapshot) bool { return s.Data.TablesDone == 1 })
			pgtest.Exec(t, dst, "CHECKPOINT")
			crash(t, server)
			c.ok()
			same(t, dst, contents(t, src, "a", "big"))
		})
	}
}

// Unlogged tables with a foreign key between them are loaded again although the key is there by then.
func TestCrashOfUnloggedKeys(t *testing.T) {
	t.Parallel()
	_, src := crashable(t)
	server, dst := crashable(t)
	pgtest.Exec(t, src, gate+`CREATE UNLOGGED TABLE p AS SELECT generate_series(1, 50) AS id; ALTER TABLE p ADD PRIMARY KEY (id);
		CREATE UNLOGGED TABLE c AS SELECT 1 + i % 50 AS pid, repeat('x', 100) AS filler FROM generate_series(1, 20000) i; ALTER TABLE c ADD FOREIGN KEY (pid) REFERENCES p;
		CREATE MATERIALIZED VIEW m AS SELECT public.gate(100)`)
	holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
	until(t, dst, atGate)
	pgtest.Exec(t, dst, "CHECKPOINT")
	crash(t, server)
	c.fails("its rows were lost in the crash of the target, and the source's snapshot is released already")
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1, Resume: Resume})
	sameTables(t, src, dst)
}

// An owner that could not be set is recorded with the object, also when nothing else can be recorded.
func TestOwnerIsNoted(t *testing.T) {
	t.Parallel()
	server, src := crashable(t)
	_, dst := crashable(t)
	role := pgtest.Role(t, server, "stranger")
	pgtest.Exec(t, src, "CREATE SCHEMA s;"+smallTables("s.a")+"ALTER TABLE s.a OWNER TO "+role)
	blocker := openSession(t, dst)
	blocker.exec("BEGIN; CREATE SCHEMA s")
	opt := Options{Source: src, Target: dst, Jobs: 1, OnError: Continue}
	c := beginCopy(t, opt)
	until(t, dst, schemaWaits)
	terminate(t, dst, "application_name = 'pgsluice ledger'")
	blocker.exec("ROLLBACK")
	c.goesOn(1)
	opt.Resume = Resume
	c = beginCopy(t, opt)
	c.goesOn(1)
	c.failed("s.a", "owner: ")
}

// On a standby nothing tells which transactions are in work: rows that came meanwhile are noticed all the same.
func TestResumeFromStandby(t *testing.T) {
	t.Parallel()
	primary, on := crashable(t)
	src := standby(t, primary, "postgres")
	_, dst := crashable(t)
	pgtest.Exec(t, on, gate+bigTable("big", "CHECK (gate(id))")+smallTables("a", "b"))
	other, writer := openSession(t, on), openSession(t, on)
	other.exec("BEGIN; SELECT txid_current(); CREATE TEMP TABLE z ()") // the oldest that is in work
	writer.exec("BEGIN; INSERT INTO a VALUES (-1, 'later'); INSERT INTO big VALUES (-1, 'later')")
	pgtest.Exec(t, on, "CREATE TABLE more ()")
	caughtUp(t, on, src)
	broken(t, Options{Source: src, Target: dst, Jobs: 2}, 3)
	writer.exec("COMMIT")
	caughtUp(t, on, src)
	until(t, src, "SELECT count(*) = 51 FROM a")
	_, err := Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume})
	refusedKeeping(t, err, "may have been written to since")
}

// --data-only --restart removes what the copy had loaded, and nothing of an extension's.
func TestRestartDataOnly(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, cluster.Options{Programs: pgtest.WithExtension(t, pgtest.Programs(t), "testdata/extension"), Settings: map[string]string{"autovacuum": "off"}})
	for name, sql := range map[string]string{
		"extension":     "CREATE EXTENSION pgsluice_conf; INSERT INTO pgsluice_conf.region VALUES ('x', 'mine', false);",
		"large objects": "SELECT lo_from_bytea(4711, 'large'); CREATE TABLE pgsluice_none ();",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.DatabaseOn(t, server), pgtest.DatabaseOn(t, server)
			pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+sql)
			copyOK(t, Options{Source: src, Target: dst, SchemaOnly: true})
			open := holdGate(t, dst)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2, DataOnly: true})
			until(t, dst, atGate)
			c.cancel(errInterrupted)
			<-c.done
			open()
			copyOK(t, Options{Source: src, Target: dst, Jobs: 2, DataOnly: true, Restart: true, Confirm: databaseName(dst)})
			same(t, dst, contents(t, src, "big"))
			if name == "extension" {
				same(t, dst, contents(t, src, "pgsluice_conf.region"))
			} else if got := pgtest.Scalar[string](t, dst, "SELECT convert_from(lo_get(4711), 'UTF8')"); got != "large" {
				t.Errorf("the large object holds %q", got)
			}
		})
	}
}

// What crashes the target each time that it is tried ends the copy after some times.
func TestCrashesAgainAndAgain(t *testing.T) {
	t.Parallel()
	_, src := crashable(t)
	_, dst := crashable(t, "restart_after_crash", "on")
	pgtest.Exec(t, src, smallTables("a", "b")+`
		CREATE FUNCTION public.kill() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'; END $$;
		CREATE FUNCTION public.deadly(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
		BEGIN
		  IF pg_catalog.current_setting('app.deadly', true) = 'on' THEN PERFORM public.kill(); END IF;
		  RETURN x;
		END $$;
		CREATE INDEX slow ON a (deadly(id))`)
	pgtest.Exec(t, dst, "ALTER DATABASE postgres SET app.deadly = 'on'")
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 2})
	_, err := c.wait(3 * patience)
	mentions(t, err, "its server has crashed 11 times during this copy")
	pgtest.Exec(t, dst, "ALTER DATABASE postgres RESET app.deadly")
	copyOK(t, Options{Source: src, Target: dst, Resume: Resume})
	sameTables(t, src, dst)
}
