package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgtest"
)

const restoredShop = `
CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT i, 'a ' || i FROM generate_series(1, 3000) i;
CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a, v text); INSERT INTO c SELECT i, i, md5(i::text) FROM generate_series(1, 3000) i; CREATE INDEX ON c (v);
SELECT lo_from_bytea(7001, 'seven'), lo_from_bytea(7002, decode(repeat('ab', 300000), 'hex'));
`

// restoreFails is a restore that must fail, once the target is no longer untouched, with an error that says all of words.
func restoreFails(t *testing.T, opt RestoreOptions, words ...string) *Result {
	t.Helper()
	result, err := Restore(t.Context(), opt)
	mentions(t, err, words...)
	if IsRefused(err) || !Resumable(result, err) {
		t.Errorf("%v: refused or not resumable", err)
	}
	return result
}

// A stream that is cut off anywhere ends in an error that says where; no table is left in part, and the whole stream, read once more,
// completes what is there.
func TestRestoreOfACutStream(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, restoredShop)
	path := dumpedBy(t, src, "custom")
	content := readFile(t, path)
	toc := tocOf(t, path)
	begin := map[string]int{}
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.Offset.State == archive.OffsetSet {
			begin[e.Desc+e.Tag] = int(e.Offset.Position)
		}
	}
	first := begin["TABLE DATAa"]
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	for _, n := range []int{0, 4, 100, first - 1} {
		_, err := Restore(t.Context(), RestoreOptions{Input: piped(content[:n]), Options: Options{Target: dst}})
		if mentions(t, err, "stdin"); !IsRefused(err) {
			t.Errorf("%d bytes: %v: does not say that nothing was changed", n, err)
		}
	}
	for name, cut := range map[string]struct {
		at    int
		words []string
	}{
		"before the first block":   {first, []string{"missing"}},
		"in the first block":       {first + 2000, []string{"a", "the archive ends at offset"}},
		"before a block":           {begin["TABLE DATAc"], []string{"missing"}},
		"in the last table":        {begin["TABLE DATAc"] + 20000, []string{"c", "the archive ends at offset"}},
		"in the large objects":     {begin["BLOBSBLOBS"] + 30, []string{"large objects 7001 to 7002", "the archive ends at offset"}},
		"before the very last one": {len(content) - 1, []string{"the archive ends at offset"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.DatabaseOn(t, pgtest.Second(t))
			opt := RestoreOptions{Input: piped(content[:cut.at]), Options: Options{Target: dst, Jobs: 2}}
			restoreFails(t, opt, cut.words...)
			for _, table := range []string{"a", "c"} {
				if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM "+table); n != 0 && n != 3000 {
					t.Errorf("%d rows of 3000 in table %s", n, table)
				}
			}
			opt.Input, opt.Resume = piped(content), Resume
			restoreOK(t, opt)
			pgtest.DBDiff(t, src, dst)
		})
	}
}

// The index of a table that has come is built while the stream holds back the rows of a later one.
func TestIndexesAreBuiltWhileTheStreamStillComes(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, restoredShop)
	path := dumpedBy(t, src, "custom", "--compress=0")
	content, toc, last := readFile(t, path), tocOf(t, path), 0
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.Desc == "TABLE DATA" && e.Tag == "c" {
			last = int(e.Offset.Position)
		}
	}
	reader, writer := io.Pipe()
	built := make(chan bool, 1)
	go func() {
		_, _ = writer.Write(content[:last+1000])
		built <- pgtest.Poll(patience, func() bool {
			return pgtest.Scalar[int](t, dst, "SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid = to_regclass('a')") == 1
		})
		_, err := writer.Write(content[last+1000:])
		writer.CloseWithError(err)
	}()
	restoreOK(t, RestoreOptions{Input: reader, Options: Options{Target: dst, Jobs: 2}})
	if !<-built {
		t.Error("the index of the first table was not built before the rows of the second had come")
	}
	pgtest.DBDiff(t, src, dst)
}

// What breaks on the side of the archive is no connection that was lost: it ends the restore at once.
func TestRestoreOfABrokenReader(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, restoredShop)
	content := readFile(t, dumpedBy(t, src, "custom", "--compress=0"))
	broken := io.MultiReader(bytes.NewReader(content[:len(content)/2]), iotest.ErrReader(errors.New("the disk makes noises")))
	started := time.Now()
	restoreFails(t, RestoreOptions{Input: broken, Options: Options{Target: dst, Jobs: 2}}, "the disk makes noises")
	if time.Since(started) > patience {
		t.Error("it was tried again and again")
	}
}

// A writer that stops, and one that never begins, can be waited for no more.
func TestRestoreIsCancelledWhileItWaitsForTheStream(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, restoredShop)
	content := readFile(t, dumpedBy(t, src, "custom"))
	for _, n := range []int{50, len(content) - 100} {
		r, w := pipe(t)
		go func() { _, _ = w.Write(content[:n]) }()
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := Restore(ctx, RestoreOptions{Input: r, Options: Options{Target: dst, Jobs: 1}})
			done <- err
		}()
		if n == 50 {
			time.Sleep(time.Second / 5)
		} else if !becomes(t, dst, "SELECT to_regclass('a') IS NOT NULL", patience) {
			t.Fatal("nothing arrives")
		}
		cancel(errors.New("enough"))
		select {
		case err := <-done:
			mentions(t, err, "enough")
		case <-time.After(prompt):
			t.Fatal("it does not end")
		}
	}
}

// A connection that is lost in the middle of a block is no harm where the rows can be read again: from a file, and from a stream as
// long as memory has them. Else the error says what would help, and a resumed restore is whole.
func TestRestoreLosesAConnection(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, bigTable("big", "PRIMARY KEY")+smallTables("s1", "s2"))
	path := dumpedBy(t, src, "custom")
	for _, tt := range []struct {
		name   string
		stream bool
		memory int64
		lost   bool
	}{
		{"a file", false, 0, false},
		{"a stream in memory", true, 64 << 20, false},
		{"a stream", true, 1 << 20, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.DatabaseOn(t, pgtest.Second(t))
			relayed, fired := cutOnce(t, dst, 5<<20)
			opt := RestoreOptions{Path: path, Memory: tt.memory, Options: Options{Target: relayed, Jobs: 2}}
			if tt.stream {
				opt.Input, opt.Path = piped(readFile(t, path)), ""
			}
			if !tt.lost {
				restoreOK(t, opt)
			} else {
				restoreFails(t, opt, "table public.big", "came through a pipe", "from a file")
				if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM big"); n != 0 {
					t.Errorf("%d rows of a table that failed", n)
				}
				opt.Input, opt.Resume = piped(readFile(t, path)), Resume
				restoreOK(t, opt)
			}
			select {
			case <-fired:
			default:
				t.Error("no connection was lost")
			}
			pgtest.DBDiff(t, src, dst)
		})
	}
}

// One block of a file that is damaged costs its table alone, if the user says so.
func TestRestoreOfADamagedFile(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, restoredShop)
	path := dumpedBy(t, src, "custom")
	content := readFile(t, path)
	toc := tocOf(t, path)
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.Desc == "TABLE DATA" && e.Tag == "c" {
			content[e.Offset.Position+9000] ^= 0x10
		}
	}
	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.WriteFile(damaged, content, 0o600); err != nil {
		t.Fatal(err)
	}
	opt := RestoreOptions{Path: damaged, Options: Options{Target: dst, Jobs: 2, OnError: Continue}}
	result, err := Restore(t.Context(), opt)
	if err != nil || result.Failed == 0 {
		t.Errorf("%d objects failed; error %v", result.Failed, err)
	}
	for table, want := range map[string]int{"a": 3000, "c": 0} {
		if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM "+table); n != want {
			t.Errorf("table %s has %d rows, not %d", table, n, want)
		}
	}
	opt.Path, opt.Resume = path, Resume
	restoreOK(t, opt)
	pgtest.DBDiff(t, src, dst)
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	return r, w
}

func tocOf(t *testing.T, path string) *archive.TOC {
	t.Helper()
	f, err := archive.Open(path, archive.Limits{})
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.TOC()
}

// cutOnce is another address of a database. The first connection on which so many bytes have gone to the server ends; the channel is closed
// then.
func cutOnce(t *testing.T, url string, after int64) (string, <-chan struct{}) {
	t.Helper()
	there := make(chan struct{})
	var done atomic.Bool
	return relay(t, url, func() (up, down func(to, from net.Conn)) {
		up = func(backend, client net.Conn) {
			if _, err := io.CopyN(backend, client, after); err != nil {
				return
			}
			if !done.Swap(true) {
				close(there)
				client.Close()
				return
			}
			_, _ = io.Copy(backend, client)
		}
		return up, func(client, backend net.Conn) { _, _ = io.Copy(client, backend) }
	}), there
}
