package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// sluice is an output that takes some bytes and then stands still until it is opened.
type sluice struct {
	bytes.Buffer
	after int
	full  chan struct{} // closed when it stands still
	open  chan struct{}
}

func newSluice(after int) *sluice {
	return &sluice{after: after, full: make(chan struct{}), open: make(chan struct{})}
}

func (s *sluice) Write(p []byte) (int, error) {
	if before := s.Len(); before <= s.after && before+len(p) > s.after {
		close(s.full)
		<-s.open
	}
	return s.Buffer.Write(p)
}

// dumping is a Dump in work.
type dumping struct {
	opt  DumpOptions
	stop context.CancelCauseFunc
	err  error
	done chan struct{}
}

func beginDump(t *testing.T, opt DumpOptions) *dumping {
	t.Helper()
	opt.Progress = progress.New()
	if opt.Compression == nil {
		opt.Compression = &archive.Compression{}
	}
	ctx, stop := context.WithCancelCause(t.Context())
	d := &dumping{opt: opt, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		_, d.err = Dump(ctx, opt)
	}()
	t.Cleanup(func() {
		stop(errors.New("the test has ended"))
		<-d.done
	})
	return d
}

func (d *dumping) wait(t *testing.T, within time.Duration) error {
	t.Helper()
	select {
	case <-d.done:
	case <-time.After(within):
		t.Fatalf("not ended within %s", within)
	}
	return d.err
}

// restored restores an archive and demands that the tables are those of the source.
func restored(t *testing.T, src, dst string, text []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.dump")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	pgtest.Restore(t, dst, file)
	sameTables(t, src, dst)
}

// A reader whose backend is ended in the middle of a table that is partly written reads it again and passes over what it had given.
// So may one of the snapshot's holders go.
func TestDumpRetries(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	// more than sockets hold: each side of a connection may buffer 32 MB where a machine is set up so
	pgtest.Exec(t, src, bigTable("big", "")+"INSERT INTO big SELECT b.* FROM big b, generate_series(1, 4);"+smallTables("a", "z"))
	out := newSluice(2 << 20)
	d := beginDump(t, DumpOptions{Source: src, To: out, Jobs: 2, SplitAbove: -1})
	<-out.full
	until(t, src, readerIsHeldUp)
	terminate(t, src, copyOut)
	terminate(t, src, holder+" AND pid = (SELECT min(pid) FROM pg_stat_activity WHERE datname = current_database() AND "+holder+")")
	close(out.open)
	if err := d.wait(t, patience); err != nil {
		t.Fatal(err)
	}
	s := d.opt.Progress.Snapshot()
	if s.RetryCount == 0 || s.Data.Redone == 0 {
		t.Errorf("nothing was tried again: %d retries, %d bytes in vain", s.RetryCount, s.Data.Redone)
	}
	restored(t, src, dst, out.Bytes())
}

// Without a snapshot nothing more can be read: the dump ends, and a file is not there.
func TestDumpSnapshotLost(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, bigTable("big", ""))
	out := newSluice(5 << 20)
	d := beginDump(t, DumpOptions{Source: src, To: out, Jobs: 1})
	<-out.full
	terminate(t, src, "application_name LIKE 'pgsluice%'")
	close(out.open)
	if err := d.wait(t, patience); !errors.Is(err, errSnapshotLost) || IsRefused(err) {
		t.Errorf("%v", err)
	}
}

// A connection that is dead though nobody has closed it is noticed; an output that stands still is not taken for that.
func TestDumpStalls(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, bigTable("big", ""))
	slow, stalled := through(t, src, 3_000_000, stallOnce)
	out := newSluice(1 << 20)
	d := beginDump(t, DumpOptions{Source: slow, To: out, Jobs: 1, StallFor: 2 * time.Second})
	<-out.full
	if !pgtest.Poll(patience, func() bool { return d.opt.Progress.Snapshot().Data.Idle > 4*time.Second }) { // twice as long as a stall may last
		t.Fatal("it never stood still")
	}
	if n := d.opt.Progress.Snapshot().RetryCount; n != 0 {
		t.Errorf("%d retries while the output stood still", n)
	}
	close(out.open)
	<-stalled
	if err := d.wait(t, patience); err != nil {
		t.Fatal(err)
	}
	if s := d.opt.Progress.Snapshot(); s.RetryCount != 1 {
		t.Errorf("%d retries: %v", s.RetryCount, s.Retries)
	}
	restored(t, src, dst, out.Bytes())
}

// A dump that is cancelled ends at once although its output takes nothing, and a reader that is gone is told from a disk.
func TestDumpOutputEnds(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, bigTable("big", ""))
	out := newSluice(3 << 20)
	d := beginDump(t, DumpOptions{Source: src, To: out, Jobs: 2})
	<-out.full
	stop := errors.New("stopped")
	d.stop(stop)
	if err := d.wait(t, prompt); !errors.Is(err, stop) {
		t.Errorf("cancelled: %v", err)
	}
	close(out.open)

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	d = beginDump(t, DumpOptions{Source: src, To: w, Jobs: 2})
	if _, err := io.CopyN(io.Discard, r, 2<<20); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := d.wait(t, prompt); !errors.Is(err, syscall.EPIPE) || !strings.Contains(err.Error(), "standard output: whoever read it has gone away") {
		t.Errorf("a reader that is gone: %v", err)
	}
	until(t, src, noneLeft)
}
