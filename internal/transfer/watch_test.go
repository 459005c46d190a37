package transfer

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"pgsluice/internal/catalog"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// watched is a tracker with three tasks in work, and what is seen of them.
type watched struct {
	t       *testing.T
	tracker *progress.Tracker
	tasks   [3]*progress.Running
	log     *observer.ObservedLogs
	stop    func()
}

// watching watches two databases, a hundred times as often as a transfer does.
func watching(t *testing.T, src, dst string) *watched {
	t.Helper()
	core, log := observer.New(zap.InfoLevel)
	w := &watched{t: t, tracker: progress.New(), log: log}
	w.tracker.Plan([]progress.Task{
		{ID: 0, Phase: progress.Data, Kind: progress.TableData, Name: "public.t", Table: "public.t"},
		{ID: 1, Phase: progress.Indexes, Kind: "INDEX", Name: "public.i", Table: "public.t"},
		{ID: 2, Phase: progress.Constraints, Kind: progress.Analyze, Name: "public.t", Table: "public.t"},
	})
	for i := range w.tasks {
		w.tasks[i] = w.tracker.Start(i)
	}
	w.stop = newWatcher(w.tracker, zap.New(core), watchEvery/100).start(t.Context(), address(t, src), address(t, dst))
	t.Cleanup(w.stop)
	return w
}

func address(t *testing.T, url string) *catalog.Address {
	t.Helper()
	a, err := catalog.ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// by says which sessions do a task; nil is none.
func (w *watched) by(task int, src, dst *session) {
	worker := progress.Worker{Name: fmt.Sprintf("worker %d", task)}
	if src != nil {
		worker.SourcePID = src.conn.PID()
	}
	if dst != nil {
		worker.TargetPID = dst.conn.PID()
	}
	w.tasks[task].By(worker)
}

func (w *watched) detail(task int) progress.Detail {
	running := w.tracker.Snapshot().Running
	i := slices.IndexFunc(running, func(r progress.RunningTask) bool { return r.Task.ID == task })
	return running[i].Detail
}

// sees waits until a task is described as wanted.
func (w *watched) sees(task int, what string, wanted func(progress.Detail) bool) progress.Detail {
	w.t.Helper()
	if !pgtest.Poll(patience, func() bool { return wanted(w.detail(task)) }) {
		w.t.Fatalf("task %d was never seen %s: %+v, log %v", task, what, w.detail(task), w.log.All())
	}
	return w.detail(task)
}

func targetWaits(event string) func(progress.Detail) bool {
	return func(d progress.Detail) bool { return d.TargetWait == event }
}

// named is a session with an application_name.
func named(t *testing.T, url, application string) *session {
	t.Helper()
	s := openSession(t, url)
	s.exec("SET application_name = '" + application + "'")
	return s
}

const watchers = "application_name = 'pgsluice watch' AND datname = current_database()"

// A build is seen at rising numbers of blocks, those of the server's own view. The tuples that come
// then have no gate: TestLiveProgressAgreesWithTheServer sees them in a build that takes its time.
func TestWatchBuild(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, dst, `
		CREATE FUNCTION stop_at(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
		BEGIN
		  IF x IN (1000, 2000, 3000) THEN PERFORM pg_catalog.pg_advisory_xact_lock_shared(x); END IF;
		  RETURN x;
		END $$;
		CREATE TABLE t WITH (autovacuum_enabled = off) AS SELECT i FROM generate_series(1, 400000) i`)
	w := watching(t, src, dst)
	holder, builder := openSession(t, dst), openSession(t, dst)
	holder.exec("SELECT pg_advisory_lock(1000), pg_advisory_lock(2000), pg_advisory_lock(3000)")
	w.by(1, nil, builder)
	done := builder.begin("CREATE INDEX ON t (stop_at(i))")
	var last int64
	for _, at := range []int{1000, 2000, 3000} {
		d := w.sees(1, "further on at the next gate", func(d progress.Detail) bool { return d.TargetWait == "Lock: advisory" && d.Done > last })
		view := pgtest.Query(t, dst, fmt.Sprintf(
			"SELECT phase, blocks_done, blocks_total FROM pg_stat_progress_create_index WHERE pid = %d", builder.conn.PID()))[0]
		if got := []string{d.Activity, fmt.Sprint(d.Done), fmt.Sprint(d.Total)}; !slices.Equal(got, view) || d.Unit != "blocks" {
			t.Errorf("seen %q %s, the server says %q", got, d.Unit, view)
		}
		last = d.Done
		holder.exec(fmt.Sprintf("SELECT pg_advisory_unlock(%d)", at))
	}
	ended(t, "the build", done)
	w.sees(1, "at rest", func(d progress.Detail) bool { return d.Activity == "" && d.Total == 0 })
}

// Who holds the lock is named, and whether it is one of ours.
func TestWatchBlocked(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	w := watching(t, src, dst)
	for _, url := range []string{src, dst} {
		pgtest.Exec(t, url, "CREATE TABLE t (i int); CREATE TABLE u (i int)")
	}
	app, reader := named(t, src, "billing"), openSession(t, src)
	app.exec("BEGIN; LOCK TABLE t")
	other, builder, analyzer := named(t, dst, "pgsluice of somebody else"), named(t, dst, "pgsluice build"), openSession(t, dst)
	other.exec("BEGIN; LOCK TABLE t")
	builder.exec("BEGIN; LOCK TABLE u")

	w.by(0, reader, nil)
	w.by(1, nil, builder)
	w.by(2, nil, analyzer)
	reading, building := reader.begin("TABLE t"), builder.begin("CREATE INDEX ON t (i)")
	d := w.sees(0, "blocked", func(d progress.Detail) bool { return len(d.BlockedBy) == 1 })
	started := pgtest.Scalar[time.Time](t, src, fmt.Sprintf("SELECT query_start FROM pg_stat_activity WHERE pid = %d", app.conn.PID()))
	want := progress.Blocker{
		Server: "source", PID: app.conn.PID(), Application: "billing", User: "postgres", State: "idle in transaction",
		QueryStart: d.BlockedBy[0].QueryStart,
	}
	if d.SourceWait != "Lock: relation" || d.TargetWait != "" || d.BlockedBy[0] != want || !d.BlockedBy[0].QueryStart.Equal(started) {
		t.Errorf("reader: %+v, want blocker %+v since %s", d, want, started)
	}
	d = w.sees(1, "blocked", func(d progress.Detail) bool { return len(d.BlockedBy) == 1 })
	if b := d.BlockedBy[0]; b.Server != "target" || b.PID != other.conn.PID() || b.Ours {
		t.Errorf("builder: %+v", d)
	}

	analyzing := analyzer.begin("ANALYZE u")
	d = w.sees(2, "blocked", func(d progress.Detail) bool { return len(d.BlockedBy) == 1 })
	if b := d.BlockedBy[0]; d.TargetWait != "Lock: relation" || b.PID != builder.conn.PID() || !b.Ours {
		t.Errorf("analyzer: %+v", d)
	}
	app.exec("COMMIT")
	other.exec("COMMIT")
	ended(t, "the reader", reading)
	ended(t, "the builder", building)
	builder.exec("COMMIT")
	ended(t, "the analyzer", analyzing)
	for task := range w.tasks {
		w.sees(task, "free", func(d progress.Detail) bool { return len(d.BlockedBy) == 0 })
	}
}

// The watcher's session is killed, and it comes back; its complaint is one line.
func TestWatchSurvives(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	w := watching(t, src, dst)
	holder, worker := openSession(t, dst), openSession(t, dst)
	w.by(1, nil, worker)
	for range 3 {
		holder.exec("SELECT pg_advisory_lock(1)")
		waits := worker.begin("SELECT pg_advisory_xact_lock(1)")
		w.sees(1, "waiting", targetWaits("Lock: advisory"))
		terminate(t, dst, watchers)
		w.sees(1, "no more", targetWaits(""))
		holder.exec("SELECT pg_advisory_unlock(1)")
		ended(t, "the worker", waits)
		w.sees(1, "at rest", targetWaits("Client: ClientRead"))
	}
	if w.log.Len() != 1 || !strings.Contains(w.log.All()[0].Message, "target") {
		t.Errorf("it complained: %v", w.log.All())
	}
}

// One server that can't be reached, or that hangs, does not hide the other, and does not hold up the end.
func TestWatchOneServer(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, source := range map[string]func(*testing.T, string) (string, <-chan struct{}){
		"closed": func(*testing.T, string) (string, <-chan struct{}) {
			return "postgres://postgres@" + closed.Addr().String() + "/x", nil
		},
		"stalled": func(t *testing.T, url string) (string, <-chan struct{}) { return through(t, url, 5000, stall) },
		"full": func(t *testing.T, url string) (string, <-chan struct{}) {
			role := pgtest.Role(t, pgtest.Server(t), "full")
			pgtest.Exec(t, url, "ALTER ROLE "+role+" CONNECTION LIMIT 0")
			return strings.Replace(url, "postgres@", role+"@", 1), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := sourceAndTarget(t)
			reader, writer := openSession(t, src), openSession(t, dst)
			url, stalled := source(t, src)
			w := watching(t, url, dst)
			w.by(0, reader, writer)
			w.sees(0, "at rest", targetWaits("Client: ClientRead"))
			if stalled != nil {
				<-stalled
			} else if !pgtest.Poll(patience, func() bool { return w.log.Len() == 1 }) {
				t.Error("it never complained")
			}
			w.tracker.Describe(0, progress.Detail{})
			w.sees(0, "at rest again", targetWaits("Client: ClientRead"))
			begun := time.Now()
			w.stop()
			if took := time.Since(begun); took > prompt/2 {
				t.Errorf("it took %s to stop", took)
			}
		})
	}
}

// A role without privileges watches its own sessions.
func TestWatchWithoutPrivileges(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	role := pgtest.Role(t, pgtest.Second(t), "modest")
	pgtest.Exec(t, dst, "CREATE TABLE t (i int); ALTER TABLE t OWNER TO "+role)
	modest := strings.Replace(dst, "postgres@", role+"@", 1)
	w := watching(t, src, modest)
	app, builder := named(t, dst, "billing"), openSession(t, modest)
	app.exec("BEGIN; LOCK TABLE t")
	w.by(1, nil, builder)
	done := builder.begin("CREATE INDEX ON t (i)")
	d := w.sees(1, "blocked", func(d progress.Detail) bool { return len(d.BlockedBy) == 1 })
	want := progress.Blocker{Server: "target", PID: app.conn.PID(), Application: "billing", User: "postgres"}
	if d.TargetWait != "Lock: relation" || d.BlockedBy[0] != want {
		t.Errorf("%+v, want blocker %+v", d, want)
	}
	app.exec("ROLLBACK")
	select {
	case <-done: // it may not create an index in schema public, but it was free to try
	case <-time.After(patience):
		t.Fatal("the build has not ended")
	}
	if w.log.Len() > 0 {
		t.Errorf("it complained: %v", w.log.All())
	}
}

// It holds neither a transaction nor, when there is nothing to ask for, a session.
func TestWatchLeavesNothing(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	reader, writer := openSession(t, src), openSession(t, dst)
	w := watching(t, src, dst)
	w.by(0, reader, writer)
	d := w.sees(0, "at rest on both sides", func(d progress.Detail) bool { return d.SourceWait != "" && d.TargetWait != "" })
	if d.SourceWait != "Client: ClientRead" || d.TargetWait != "Client: ClientRead" {
		t.Errorf("%+v", d)
	}
	until(t, src, "SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'idle' AND backend_xmin IS NULL AND xact_start IS NULL AND "+watchers)
	w.by(0, nil, writer)
	until(t, src, "SELECT count(*) = 0 FROM pg_stat_activity WHERE "+watchers)
	until(t, dst, "SELECT count(*) = 1 FROM pg_stat_activity WHERE "+watchers)
	w.by(0, reader, writer)
	until(t, src, "SELECT count(*) = 1 FROM pg_stat_activity WHERE "+watchers)
	w.stop()
	for _, url := range []string{src, dst} {
		if n := pgtest.Scalar[int](t, url, "SELECT count(*) FROM pg_stat_activity WHERE "+watchers); n > 0 {
			t.Errorf("%d sessions are left", n)
		}
	}
}

// A transfer's own watcher asks once a second, and nothing is left of it when its context has ended.
func TestWatchOfRun(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	r := &run{Options: Options{}.withDefaults(), src: address(t, src), dst: address(t, dst)}
	r.Progress.Plan([]progress.Task{{ID: 7, Phase: progress.Indexes, Kind: "INDEX", Name: "i"}})
	r.Progress.Start(7).By(progress.Worker{Name: "build 1", TargetPID: openSession(t, dst).conn.PID()})
	ctx, cancel := context.WithCancel(t.Context())
	stop := r.watch(ctx)
	if !pgtest.Poll(patience, func() bool { return r.Progress.Snapshot().Running[0].Detail.TargetWait == "Client: ClientRead" }) {
		t.Error("it saw nothing")
	}
	cancel()
	stop()
	until(t, dst, "SELECT count(*) = 0 FROM pg_stat_activity WHERE "+watchers)
}

// A copy is watched from its first change of the target on: a stream that is held up on both sides, and then a build.
// The loss of the watchers' sessions means nothing to it.
func TestWatchOfCopy(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+bigTable("a", "CHECK (gate(id))")+"CREATE INDEX i ON a (gate(id))")
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst})
	seen := func(kind string, wanted func(progress.Detail) bool) {
		t.Helper()
		var last []progress.RunningTask
		if !pgtest.Poll(patience, func() bool {
			last = c.opt.Progress.Snapshot().Running
			return slices.ContainsFunc(last, func(r progress.RunningTask) bool { return r.Task.Kind == kind && wanted(r.Detail) })
		}) {
			t.Fatalf("no task of kind %s was seen as wanted: %+v", kind, last)
		}
	}
	seen(progress.TableData, func(d progress.Detail) bool {
		return d.SourceWait == "Client: ClientWrite" && d.TargetWait == "Lock: advisory" && len(d.BlockedBy) == 1
	})
	again := openSession(t, dst)
	queued := again.begin("SELECT pg_advisory_lock(4711)") // in time for the build
	terminate(t, src, watchers)
	terminate(t, dst, watchers)
	open()
	ended(t, "the second lock", queued)
	seen("INDEX", func(d progress.Detail) bool {
		return d.Activity == "building index: scanning table" && d.Total > 0 && d.TargetWait == "Lock: advisory" &&
			len(d.BlockedBy) == 1 && d.BlockedBy[0].PID == again.conn.PID()
	})
	again.exec("SELECT pg_advisory_unlock(4711)")
	c.ok()
	same(t, dst, contents(t, src, "a"))
}
