package transfer

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// A large table comes over several connections, from a file and from a stream, and is what it was.
func TestRestoreInShares(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, bigTable("big", "PRIMARY KEY")+smallTables("s1"))
	path := dumpedBy(t, src, "custom", "--compress=0")
	for _, stream := range []bool{false, true} {
		dst := pgtest.DatabaseOn(t, pgtest.Second(t))
		opt := RestoreOptions{Path: path, Options: Options{Target: dst, Jobs: 3, Progress: progress.New()}}
		if stream {
			opt.Input, opt.Path = piped(readFile(t, path)), ""
		}
		restoreOK(t, opt)
		pgtest.DBDiff(t, src, dst)
		if n := pgtest.Scalar[int](t, dst, "SELECT count(DISTINCT xmin::text) FROM big"); n != 3 {
			t.Errorf("a stream: %v: the rows came in %d transactions, not in 3", stream, n)
		}
		for _, f := range opt.Progress.Snapshot().Finished {
			if f.Task.Kind == progress.TableData && f.Task.Name == "public.big" && (f.Rows != 2000 || f.Bytes < 20_000_000) {
				t.Errorf("a stream: %v: %d rows, %d bytes", stream, f.Rows, f.Bytes)
			}
		}
	}
}

// One share is committed, and the connection of the next is lost before it is. What is there is not sent again, by the same run or a later one.
func TestRestoreLosesAShare(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, bigTable("big", "PRIMARY KEY"))
	path := dumpedBy(t, src, "custom", "--compress=0")
	for _, stream := range []bool{false, true} {
		dst := pgtest.DatabaseOn(t, pgtest.Second(t))
		address, cut := cutAtCommit(t, dst)
		opt := RestoreOptions{Path: path, Memory: 1 << 20, Options: Options{Target: address, Jobs: 2}}
		if stream {
			opt.Input, opt.Path = piped(readFile(t, path)), ""
			restoreFails(t, opt, "table public.big", "came through a pipe")
			if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM big"); n == 0 || n >= 2000 {
				t.Errorf("%d rows of one of two shares of 2000", n)
			}
			opt.Input, opt.Resume, opt.Jobs = piped(readFile(t, path)), Resume, 4
		}
		restoreOK(t, opt)
		pgtest.DBDiff(t, src, dst)
		select {
		case <-cut:
		default:
			t.Error("no connection was lost")
		}
	}
}

// cutAtCommit is another address of a database. When one connection has committed the first of two shares, the next to commit rows ends before it
// does; the channel is closed then.
func cutAtCommit(t *testing.T, url string) (string, <-chan struct{}) {
	t.Helper()
	done := make(chan struct{})
	var mu sync.Mutex
	first, cut := false, false
	ends := func(text []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case cut || !bytes.Contains(text, []byte("; COMMIT")) || !bytes.Contains(text, []byte("SET rows = ")):
		case bytes.Contains(text, []byte("/1 of 2'")):
			first = true
		case first:
			cut = true
			close(done)
			return true
		}
		return false
	}
	return relay(t, url, func() (up, down func(to, from net.Conn)) {
		up = func(backend, client net.Conn) {
			buf := make([]byte, 64<<10)
			for {
				n, err := client.Read(buf)
				if ends(buf[:n]) {
					client.Close()
					return
				}
				if _, failed := backend.Write(buf[:n]); failed != nil || err != nil {
					return
				}
			}
		}
		return up, func(client, backend net.Conn) { _, _ = io.Copy(client, backend) }
	}), done
}
