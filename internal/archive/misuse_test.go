package archive_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgsluice/internal/archive"
)

func TestVersionsThatCantBeWritten(t *testing.T) {
	for want, change := range map[string]func(h *archive.Header){
		"": func(*archive.Header) {},
		"archives of version 1.13-0 can't be written, but 1.14": func(h *archive.Header) { h.Version.Minor = 13 },
		"archives of version 1.17-0 can't be written":           func(h *archive.Header) { h.Version.Minor = 17 },
		"can't be compressed with lz4: that takes 1.15":         func(h *archive.Header) { h.Version.Minor, h.Compression.Algorithm = 14, archive.LZ4 },
		"can't be compressed with zstd: that takes 1.15":        func(h *archive.Header) { h.Version.Minor, h.Compression.Algorithm = 14, archive.Zstd },
		"compression gzip has levels 1 to 9, not 0":             func(h *archive.Header) { h.Compression = archive.Compression{Algorithm: archive.Gzip} },
		"unknown compression algorithm 7":                       func(h *archive.Header) { h.Compression.Algorithm = 7 },
	} {
		toc := tocOf(16, archive.Compression{Level: -1}, nil)
		change(&toc.Header)
		for i := range 2 {
			var err error
			var b bytes.Buffer
			dir := filepath.Join(t.TempDir(), "dir")
			if i == 0 {
				_, err = archive.NewWriter(&b, toc)
			} else {
				_, err = archive.NewDirectoryWriter(dir, toc)
			}
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%q: %v", want, err)
			}
			if _, err := os.Stat(dir); want != "" && (b.Len() > 0 || err == nil) {
				t.Errorf("%q: something was written", want)
			}
		}
	}
}

// Each wrong step is an error, and no archive comes of what follows.
func TestWriterInWrongOrder(t *testing.T) {
	list := []table{{name: "few"}, {name: "other"}, {name: "BLOBS", objects: map[uint32][]string{}}}
	c := archive.Compression{Level: -1}
	toc := tocOf(16, c, list)
	few, other, blobs := find(t, toc, "TABLE DATA", "few"), find(t, toc, "TABLE DATA", "other"), find(t, toc, "BLOBS", "BLOBS")
	segment := func(c archive.Compression, f archive.Format) archive.Segment {
		s, err := archive.NewSegmenter(c, f)
		if err != nil {
			t.Fatal(err)
		}
		seg, err := s.Segment([]byte("1\n"))
		if err != nil {
			t.Fatal(err)
		}
		return seg
	}
	good := segment(c, archive.FormatCustom)
	for name, c := range map[string]struct {
		steps func(w *archive.Writer) []error
		want  string
	}{
		"nested":            {func(w *archive.Writer) []error { return []error{w.Begin(few), w.Begin(other)} }, `TABLE DATA "public.other" (dump id 6) begins before TABLE DATA "public.few"`},
		"twice":             {func(w *archive.Writer) []error { return []error{w.Begin(few), w.End(), w.Begin(few)} }, "is written twice"},
		"no data":           {func(w *archive.Writer) []error { return []error{w.Begin(&toc.Entries[0])} }, "has no data by the TOC"},
		"stranger":          {func(w *archive.Writer) []error { return []error{w.Begin(&archive.Entry{DumpID: 99})} }, "has no data by the TOC"},
		"append":            {func(w *archive.Writer) []error { return []error{w.Append(good)} }, "data before Begin"},
		"append to objects": {func(w *archive.Writer) []error { return []error{w.Begin(blobs), w.Append(good)} }, "data before Begin or BeginObject"},
		"other compression": {func(w *archive.Writer) []error {
			return []error{w.Begin(few), w.Append(segment(archive.Compression{Algorithm: archive.Zstd, Level: -1}, archive.FormatCustom))}
		}, "of another compression or format"},
		"object in rows":     {func(w *archive.Writer) []error { return []error{w.Begin(few), w.BeginObject(5)} }, "large object 5 begins outside of a BLOBS entry"},
		"object in object":   {func(w *archive.Writer) []error { return []error{w.Begin(blobs), w.BeginObject(5), w.BeginObject(6)} }, "large object 6 begins before"},
		"object 0":           {func(w *archive.Writer) []error { return []error{w.Begin(blobs), w.BeginObject(0)} }, "a large object with id 0"},
		"end of no object":   {func(w *archive.Writer) []error { return []error{w.Begin(blobs), w.EndObject()} }, "that was not begun"},
		"end inside":         {func(w *archive.Writer) []error { return []error{w.Begin(blobs), w.BeginObject(5), w.End()} }, "inside of a large object"},
		"end of nothing":     {func(w *archive.Writer) []error { return []error{w.End()} }, "End without Begin"},
		"close inside":       {func(w *archive.Writer) []error { return []error{w.Begin(few), w.Close()} }, `closed inside of TABLE DATA "public.few"`},
		"close without data": {func(w *archive.Writer) []error { return []error{w.Begin(few), w.End(), w.Close()} }, `closed without the data of TABLE DATA "public.other"`},
	} {
		w, err := archive.NewWriter(io.Discard, toc)
		if err != nil {
			t.Fatal(err)
		}
		steps := c.steps(w)
		last := steps[len(steps)-1]
		if err := errors.Join(steps[:len(steps)-1]...); err != nil || last == nil || !strings.Contains(last.Error(), c.want) {
			t.Errorf("%s: %v, then %v", name, err, last)
		}
		for _, again := range []error{w.Begin(other), w.Append(good), w.BeginObject(5), w.EndObject(), w.End(), w.Close()} {
			if !errors.Is(again, last) {
				t.Errorf("%s: afterwards %v", name, again)
			}
		}
	}
}

// failing takes that many bytes.
type failing struct{ left int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return f.left, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestWriteErrorsPassThrough(t *testing.T) {
	list := []table{{name: "few", pieces: rowsOf(300_000, 3)}, {name: "other", pieces: []string{"1\n"}}}
	toc := tocOf(16, archive.Compression{Level: -1}, list)
	for _, room := range []int{0, 10, 70_000, 200_000, len(custom(t, toc, list, false)) - 1} {
		w, err := archive.NewWriter(&failing{room}, toc)
		if err == nil {
			err = write(w, toc, archive.FormatCustom, list)
		}
		if !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
}

func TestDirectoriesThatAreRefused(t *testing.T) {
	toc := tocOf(16, archive.Compression{Level: -1}, nil)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "the directory is not empty", filepath.Join(dir, "x"): "x: ", filepath.Join(dir, "a", "b"): "no such file",
	} {
		if _, err := archive.NewDirectoryWriter(path, toc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	w, err := archive.NewDirectoryWriter(t.TempDir(), toc) // one that exists and is empty
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// A directory is an archive only when it is complete.
func TestDirectoryBeforeClose(t *testing.T) {
	list := []table{{name: "few", pieces: []string{"1\n"}}}
	toc := tocOf(16, archive.Compression{Level: -1}, list)
	dir := filepath.Join(t.TempDir(), "dir")
	w, err := archive.NewDirectoryWriter(dir, toc)
	if err != nil {
		t.Fatal(err)
	}
	few := find(t, toc, "TABLE DATA", "few")
	if err := errors.Join(w.Begin(few), w.End()); err != nil {
		t.Fatal(err)
	}
	if f, err := archive.Open(dir, archive.Limits{}); err == nil {
		t.Errorf("%d entries", len(f.TOC().Entries))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := readFileOf(dir); err != nil {
		t.Error(err)
	}
}

// Several goroutines read one file, each its own entries.
func TestFileIsReadByManyAtOnce(t *testing.T) {
	list := contents()
	for _, a := range algorithms {
		toc := tocOf(16, archive.Compression{Algorithm: a, Level: -1}, list)
		paths := map[string]string{"directory": directoryOf(t, toc, list)}
		for name, seekable := range map[string]bool{"offsets": true, "no offsets": false} {
			paths[name] = filepath.Join(t.TempDir(), "dump")
			if err := os.WriteFile(paths[name], custom(t, toc, list, seekable), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for name, path := range paths {
			f, err := archive.Open(path, archive.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for range 4 {
				for i := len(toc.Entries) - 1; i >= 0; i-- {
					e := &f.TOC().Entries[i]
					if e.Desc != "TABLE DATA" {
						continue
					}
					wg.Go(func() {
						d, err := f.Open(e)
						if err != nil {
							t.Error(err)
							return
						}
						got := map[string]string{}
						err = errors.Join(readAll(d, got), d.Close(), d.Close())
						for _, x := range list {
							if x.name == e.Tag && (got[x.name] != x.text() || err != nil) {
								t.Errorf("%s, %s: %s: %d bytes, %v", a, name, x.name, len(got[x.name]), err)
							}
						}
						if n, err := d.Read(make([]byte, 1)); err == nil || err == io.EOF {
							t.Errorf("closed: %d, %v", n, err)
						}
					})
				}
			}
			wg.Wait()
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestDetect(t *testing.T) {
	script := "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n"
	for name, c := range map[string]struct {
		head string
		want archive.Kind
	}{
		"nothing": {"", archive.KindUnknown}, "magic": {"PGDMP", archive.KindCustom}, "near": {"PGDUMP", archive.KindUnknown},
		"tar":    {string(readFile(t, "testdata/data/pg15.tar")[:archive.DetectBytes]), archive.KindTar},
		"custom": {string(readFile(t, "testdata/data/pg17-zstd-pipe.dump")[:archive.DetectBytes]), archive.KindCustom},
		"script": {script, archive.KindScript}, "script of Windows": {"\xef\xbb\xbf" + strings.ReplaceAll(script, "\n", "\r\n"), archive.KindScript},
		"of the cluster": {"--\n-- PostgreSQL database cluster dump\n--\n", archive.KindUnknown}, "other": {"SELECT 1;", archive.KindUnknown},
	} {
		if got := archive.Detect([]byte(c.head)); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

func TestFilesThatCantBeOpened(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		empty: "the input is empty", os.DevNull: "it is no regular file", filepath.Join(empty, "x"): "not a directory", t.TempDir(): "the archive has no file toc.dat",
		"testdata/golden/schema.sql": "an SQL script",
	} {
		if _, err := archive.Open(path, archive.Limits{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestBytesOfEntries(t *testing.T) {
	for path, known := range map[string]bool{
		"pg15-gzip-file.dump": true, "pg15-gzip-pipe.dump": false, "pg15-gzip.dir": true, "pg15.tar": true, "pg17-zstd-file.dump": true,
	} {
		f, err := archive.Open("testdata/data/"+path, archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		empty, many := f.Bytes(find(t, f.TOC(), "TABLE DATA", "empty")), f.Bytes(find(t, f.TOC(), "TABLE DATA", "many"))
		if known && (empty <= 0 || many <= 2*empty || many > f.Size()) || !known && many != 0 {
			t.Errorf("%s: empty %d, many %d of %d", path, empty, many, f.Size())
		}
		if n := f.Bytes(find(t, f.TOC(), "TABLE", "many")); n != 0 {
			t.Errorf("%s: a table without data has %d", path, n)
		}
		if strings.HasSuffix(path, "-file.dump") {
			d, err := f.Open(find(t, f.TOC(), "TABLE DATA", "many"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, d); err != nil || d.Taken() != many {
				t.Errorf("%s: %d taken, not %d: %v", path, d.Taken(), many, err)
			}
			if err := d.Close(); err != nil || d.Taken() != many {
				t.Errorf("%s: closed: %d taken, %v", path, d.Taken(), err)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTOCThatChangesWhileDataIsWritten(t *testing.T) {
	list := []table{{name: "few", pieces: []string{"1\n"}}}
	toc := tocOf(16, archive.Compression{Level: -1}, list)
	f, err := os.Create(filepath.Join(t.TempDir(), "dump"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	w, err := archive.NewWriter(f, toc)
	if err != nil {
		t.Fatal(err)
	}
	few := find(t, toc, "TABLE DATA", "few")
	if err := errors.Join(w.Begin(few), w.End()); err != nil {
		t.Fatal(err)
	}
	few.Tag = "fewer"
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "it was changed while data was written") {
		t.Errorf("%v", err)
	}
}

// pg_restore takes memory for a whole chunk, so none is long; and none is empty but the last.
func TestChunksAreShort(t *testing.T) {
	list := []table{{name: "many", pieces: manyRows()}}
	for _, a := range algorithms {
		toc := tocOf(16, archive.Compression{Algorithm: a, Level: -1}, list)
		p := custom(t, toc, list, true)
		rest := p[find(t, readTOC(t, p), "TABLE DATA", "many").Offset.Position+6:]
		chunks := 0
		for {
			n := int(binary.LittleEndian.Uint32(rest[1:5]))
			rest = rest[5+n:]
			if n == 0 {
				break
			}
			if chunks++; n > 1<<20 {
				t.Errorf("%s: a chunk of %d bytes", a, n)
			}
		}
		if len(rest) > 0 || chunks < 5 {
			t.Errorf("%s: %d chunks, %d bytes behind them", a, chunks, len(rest))
		}
	}
}
