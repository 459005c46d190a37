package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
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
	if _, err := os.Stdout.WriteString("!"); err != nil {
		return err
	}
	New(Options{Queue: q, Config: c.Config, Name: "killed", AckWait: testAckWait, Recheck: 50 * time.Millisecond}).Run(ctx)
	q.Close()
	return nil
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
		if _, err := out.Read(make([]byte, 1)); err != nil { // it has opened the queue
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(int64(4 * time.Second))))
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
