//go:build unix

package durable

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// TestDrained ends a daemon by SIGTERM while a copy and a dump run: it ends in order, leaves no half file, and its next start goes on.
func TestDrained(t *testing.T) {
	t.Parallel()
	server := pgtest.Second(t)
	source, copied, restored := pgtest.Database(t), pgtest.DatabaseOn(t, server), pgtest.DatabaseOn(t, server)
	pgtest.Exec(t, source, shop)
	disk := t.TempDir()
	d := newDaemon(t, configured(t, map[string]string{"prod": source, "staging": copied},
		map[string]string{"prod": ", max_transfers: 2, max_streams: 2, rate_limit: 300kB/s"}, fmt.Sprintf("stores: {disk: %s}\n", disk)))
	ids := []string{
		d.create(work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}),
		d.create(work.Spec{Kind: work.Dump, Source: "prod", Target: "disk"}),
	}
	wait(t, "COPY on the target", func() bool {
		return pgtest.Scalar[int](t, server.URL("postgres"), "SELECT count(*)::int FROM pg_stat_activity WHERE datname = split_part($1, '?', 1) AND query ILIKE 'copy%'", filepath.Base(copied)) > 0
	})
	wait(t, "half of a dump", func() bool { return len(entries(t, disk)) > 0 })

	d.signal(syscall.SIGTERM)
	<-d.ended
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("its exit code is %d (%s), want 0", code, d.cmd.ProcessState)
	}
	if left := entries(t, disk); len(left) > 0 {
		t.Errorf("%v is left of the dump", left)
	}
	d.start()
	d.ready()
	for _, id := range ids {
		if done := d.completed(id); done.Attempts != 2 {
			t.Errorf("%s took %d attempts, want 2: it did not run when the daemon was ended, or was not taken up", id, done.Attempts)
		}
		d.history(id) // has one end
	}
	pgtest.DBDiff(t, source, copied)
	left := entries(t, disk)
	if want := ids[1] + ".dump"; len(left) != 1 || left[0] != want {
		t.Fatalf("the store has %v, want %s", left, want)
	}
	pgtest.Restore(t, restored, filepath.Join(disk, left[0]))
	pgtest.DBDiff(t, source, restored)
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}
