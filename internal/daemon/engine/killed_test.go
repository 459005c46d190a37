package engine

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgsluice/internal/cluster"
	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/queue"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// daemonDir names the folder of a world in whose queue this process is to work, until it is killed: see TestKilled.
const daemonDir = "PGSLUICE_TEST_DAEMON"

// beDaemon is what such a process does.
func beDaemon(dir string) error {
	c, err := config.Open(filepath.Join(dir, "pgsluice.yaml"))
	if err != nil {
		return err
	}
	ctx := context.Background()
	q, err := queue.Open(ctx, queue.Options{Dir: filepath.Join(dir, "queue"), Name: "killed", AckWait: testAckWait})
	if err != nil {
		return err
	}
	tellParent(reportNews)
	go tell(ctx, q)
	New(Options{Queue: q, Config: c.Config, Name: "killed", AckWait: testAckWait, Recheck: 50 * time.Millisecond}).Run(ctx)
	q.Close()
	return nil
}

// What a daemon reports: that something has moved, and that all is done.
const (
	reportNews = '.'
	reportDone = '!'
)

func tellParent(b byte) { _, _ = os.Stdout.Write([]byte{b}) } // a parent that is gone has killed it

// tell reports each change of a record, and each state of a transfer that runs.
func tell(ctx context.Context, q *queue.Queue) {
	states := map[string]work.State{}
	for t, err := range q.Watch(ctx) {
		if err != nil {
			return
		}
		if _, known := states[t.ID]; !known {
			go func() {
				for _, err := range q.Live(ctx, t.ID) {
					if err != nil {
						return
					}
					tellParent(reportNews)
				}
			}()
		}
		states[t.ID] = t.State
		tellParent(reportNews)
		if !slices.ContainsFunc(slices.Collect(maps.Values(states)), func(s work.State) bool { return !s.Final() }) {
			tellParent(reportDone)
		}
	}
}

// awaits reads so many reports of a daemon, or up to that all is done.
func awaits(t *testing.T, daemon *bufio.Reader, reports int) {
	t.Helper()
	for range reports {
		switch b, err := daemon.ReadByte(); {
		case err != nil:
			t.Fatal(err)
		case b == reportDone:
			return
		}
	}
}

// A daemon that is killed at any moment, again and again, has done each transfer once when it is left alone: all is there, and equal.
func TestKilled(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, pgtest.New(t, cluster.Options{}))
	pgtest.Exec(t, w.src, bigTable("one")+bigTable("two")+`
CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT i, 'v' || i FROM generate_series(1, 20000) i;
CREATE INDEX ON one (id); CREATE INDEX ON a (v); CREATE TABLE b (id int REFERENCES a); INSERT INTO b SELECT i FROM generate_series(1, 20000) i`)
	e := w.engine("idle")
	spec := copyProd
	spec.Options.Clean, spec.Confirm, spec.Options.RateLimit = true, "staging", 20_000_000
	var ids []string
	for range 3 {
		ids = append(ids, w.create(e, spec).ID)
	}
	ids = append(ids, w.create(e, work.Spec{Kind: work.Dump, Source: "prod", Target: "local"}).ID)
	w.queue.Close()
	random := rand.New(rand.NewPCG(7, 7))
	for i := range 8 {
		daemon := exec.CommandContext(t.Context(), os.Args[0])
		daemon.Env = append(os.Environ(), daemonDir+"="+w.dir)
		daemon.Stderr = os.Stderr
		out, err := daemon.StdoutPipe()
		if err == nil {
			err = daemon.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		awaits(t, bufio.NewReader(out), 1+random.IntN(15)) // the first says that it has opened the queue
		if err := daemon.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := daemon.Wait(); err == nil || daemon.ProcessState.Exited() {
			t.Fatalf("daemon %d ended by itself: %v", i, err)
		}
	}
	w.open()
	w.start("last")
	for _, id := range ids {
		got := w.untilState(id, work.Completed)
		t.Logf("%s: %d attempts, %d warnings", id, got.Attempts, got.Warnings)
	}
	pgtest.DBDiff(t, w.src, w.dst)
	if n := pgtest.Scalar[int](t, w.dst, "SELECT count(*) FROM pg_namespace WHERE nspname = '_pgsluice'"); n != 0 {
		t.Error("a ledger is left")
	}
	if files := w.files(); fmt.Sprint(files) != fmt.Sprint([]string{ids[3] + dumpSuffix}) {
		t.Errorf("dumps: %v", files)
	}
	if holders, err := w.queue.Holders(t.Context(), "staging"); err != nil || len(holders) > 0 {
		t.Errorf("%v have staging, %v", holders, err)
	}
}
