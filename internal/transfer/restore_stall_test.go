package transfer

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// swallows is another address of the database at url, which passes nothing more on of the first connection that has sent so many bytes.
func swallows(t *testing.T, url string, after int64) string {
	t.Helper()
	var swallowed atomic.Bool
	return relay(t, url, func() (up, down func(to, from net.Conn)) {
		up = func(backend, client net.Conn) {
			if _, err := io.CopyN(backend, client, after); err != nil {
				return
			}
			var to io.Writer = backend
			if !swallowed.Swap(true) {
				to = io.Discard
			}
			_, _ = io.Copy(to, client)
		}
		return up, func(client, backend net.Conn) { _, _ = io.Copy(client, backend) }
	})
}

// bigArchive is an archive of one table of 20 MB.
func bigArchive(t *testing.T) (src, path string) {
	t.Helper()
	src = pgtest.Database(t)
	pgtest.Exec(t, src, bigTable("big", ""))
	return src, dumpedBy(t, src, "custom", "--compress=0")
}

// A connection to the target that is dead though nobody has closed it is noticed. From a file the rows are sent again; those that came
// through a pipe are gone.
func TestRestoreStalls(t *testing.T) {
	t.Parallel()
	src, path := bigArchive(t)
	for _, pipe := range []bool{false, true} {
		dst := pgtest.Database(t)
		opt := RestoreOptions{Path: path, Memory: 1 << 20, Options: Options{
			Target: swallows(t, dst, 3_000_000), Jobs: 1, StallFor: 3 * time.Second, Progress: progress.New(),
		}}
		if pipe {
			opt.Path, opt.Input = "", piped(readFile(t, path))
		}
		_, err := Restore(t.Context(), opt)
		if pipe {
			if !errors.Is(err, errStalled) || !errors.Is(err, errGone) {
				t.Errorf("through a pipe: %v", err)
			}
			continue
		}
		if s := opt.Progress.Snapshot(); err != nil || s.RetryCount != 1 {
			t.Errorf("from a file: error %v, tried again %d times: %v", err, s.RetryCount, s.Retries)
		}
		pgtest.DBDiff(t, src, dst)
	}
}

// A stream that has nothing for a while has not stalled.
func TestSlowStreamIsNotStalled(t *testing.T) {
	t.Parallel()
	src, path := bigArchive(t)
	content := readFile(t, path)
	r, w := io.Pipe()
	goOn := make(chan struct{})
	go func() {
		_, err := w.Write(content[:len(content)/2])
		<-goOn
		if err == nil {
			_, err = w.Write(content[len(content)/2:])
		}
		w.CloseWithError(err)
	}()
	tracker := progress.New()
	go func() {
		defer close(goOn)
		if !pgtest.Poll(patience, func() bool { return tracker.Snapshot().Data.Idle > 4*time.Second }) {
			t.Error("it never stood still")
		}
	}()
	dst := pgtest.Database(t)
	restoreOK(t, RestoreOptions{Input: struct{ io.Reader }{r}, Options: Options{Target: dst, Jobs: 1, StallFor: 2 * time.Second, Progress: tracker}})
	if s := tracker.Snapshot(); s.RetryCount > 0 {
		t.Errorf("tried again: %v", s.Retries)
	}
	pgtest.DBDiff(t, src, dst)
}
