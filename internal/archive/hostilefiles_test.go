package archive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

func TestWrongOffsets(t *testing.T) {
	list := []table{{name: "few", pieces: []string{"1\n"}}, {name: "other", pieces: []string{"2\n"}}}
	toc := tocOf(16, archive.Compression{Algorithm: archive.Gzip, Level: -1}, list)
	p := custom(t, toc, list, true)
	read := readTOC(t, p)
	few, other := find(t, read, "TABLE DATA", "few"), find(t, read, "TABLE DATA", "other")
	for name, c := range map[string]struct {
		offset archive.Offset
		want   string
	}{
		"another's":  {other.Offset, `is that of TABLE DATA "public.other"`},
		"beyond":     {archive.Offset{State: archive.OffsetSet, Position: 1 << 40}, "the archive ends at offset 1099511627776: unexpected EOF"},
		"header":     {archive.Offset{State: archive.OffsetSet}, "type of a data block: 80 at offset 0"},
		"no data":    {archive.Offset{State: archive.OffsetNoData}, "the TOC says that it has no data"},
		"in between": {archive.Offset{State: archive.OffsetSet, Position: few.Offset.Position + 1}, "data block"},
	} {
		bad := readTOC(t, p)
		find(t, bad, "TABLE DATA", "few").Offset = c.offset
		path := filepath.Join(t.TempDir(), "dump")
		if err := os.WriteFile(path, append(archive.EncodeTOC(bad), p[len(archive.EncodeTOC(bad)):]...), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := archive.Open(path, archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(find(t, f.TOC(), "TABLE DATA", "few")); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `"public.few"`) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := f.Open(find(t, f.TOC(), "TABLE", "few")); err == nil {
			t.Error("a table has data")
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestHostileDirectories(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.dat")
	list := []table{{name: "few", pieces: []string{"1\n"}}, {name: "BLOBS", objects: map[uint32][]string{5: {"five"}}, order: []uint32{5}}}
	toc := tocOf(16, archive.Compression{}, list)
	write := func(path, s string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(outside, "secret\n\\.\n\n\n")
	blobs := fmt.Sprintf("blobs_%d.toc", toc.Entries[len(toc.Entries)-1].DumpID)
	for name, c := range map[string]struct {
		damage func(dir string)
		want   string
	}{
		"none":              {func(string) {}, ""},
		"cut":               {func(dir string) { write(filepath.Join(dir, "4.dat"), "1\n") }, "some may be missing: unexpected EOF, in file 4.dat before offset 2"},
		"empty":             {func(dir string) { write(filepath.Join(dir, "4.dat"), "") }, "no line \\. behind the rows"},
		"gone":              {func(dir string) { _ = os.Remove(filepath.Join(dir, "4.dat")) }, "the archive has no file 4.dat"},
		"object gone":       {func(dir string) { _ = os.Remove(filepath.Join(dir, "blob_5.dat")) }, "the archive has no file blob_5.dat"},
		"list gone":         {func(dir string) { _ = os.Remove(filepath.Join(dir, blobs)) }, "the archive has no file " + blobs},
		"list cut":          {func(dir string) { write(filepath.Join(dir, blobs), "5 blob_5.dat") }, "ends within a line: unexpected EOF"},
		"list of nothing":   {func(dir string) { write(filepath.Join(dir, blobs), "x\n") }, "names no large object"},
		"list of zero":      {func(dir string) { write(filepath.Join(dir, blobs), "0 blob_5.dat\n") }, "names no large object"},
		"list of long line": {func(dir string) { write(filepath.Join(dir, blobs), "5 "+strings.Repeat("x", 2000)+"\n") }, "file " + blobs},
		"list of other":     {func(dir string) { write(filepath.Join(dir, blobs), "5 ../outside.dat\n") }, "is no name of a file in the archive"},
		"link":              {func(dir string) { replace(t, filepath.Join(dir, "4.dat"), outside) }, "escapes"},
		"folder":            {func(dir string) { replaceByFolder(t, filepath.Join(dir, "4.dat")) }, "is no regular file"},
		"toc":               {func(dir string) { write(filepath.Join(dir, "toc.dat"), "hello") }, "toc.dat: not a pg_dump"},
		"toc gone":          {func(dir string) { _ = os.Remove(filepath.Join(dir, "toc.dat")) }, "the archive has no file toc.dat"},
		"gz that is none":   {func(dir string) { _ = os.Rename(filepath.Join(dir, "4.dat"), filepath.Join(dir, "4.dat.gz")) }, "the gzip stream is cut off in file 4.dat before offset"},
	} {
		dir := directoryOf(t, toc, list)
		c.damage(dir)
		_, err := readFileOf(dir)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, io.EOF)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"../outside.dat", outside, "..", ".", "a/b", `a\b`, "c:x", "x\x00y"} {
		dir := directoryOf(t, toc, list)
		p := readFile(t, filepath.Join(dir, "toc.dat"))
		bad := bytes.Replace(p, []byte(num(5)+"4.dat"), []byte(num(len(name))+name), 1)
		write(filepath.Join(dir, "toc.dat"), string(bad))
		_, err := readFileOf(dir)
		if err == nil || !strings.Contains(err.Error(), "is no name of a file in the archive") && !strings.Contains(err.Error(), "zero byte") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func replace(tb testing.TB, path, target string) {
	if err := errors.Join(os.Remove(path), os.Symlink(target, path)); err != nil {
		tb.Fatal(err)
	}
}

func replaceByFolder(tb testing.TB, path string) {
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
		tb.Fatal(err)
	}
}

// member is one of a tar file.
type member struct {
	tar.Header
	text string
}

func tarOf(tb testing.TB, list []member) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range list {
		m.Mode, m.Size = 0o600, int64(len(m.text))
		err := w.WriteHeader(&m.Header)
		_, err2 := io.WriteString(w, m.text)
		if err = errors.Join(err, err2); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileTarFiles(t *testing.T) {
	list := []table{{name: "few", pieces: []string{"1\n"}}, {name: "BLOBS", objects: map[uint32][]string{5: {"five"}}, order: []uint32{5}}}
	toc := tocOf(15, archive.Compression{}, list)
	dir := directoryOf(t, toc, list)
	m := func(name string) member {
		return member{tar.Header{Name: name}, string(readFile(t, filepath.Join(dir, name)))}
	}
	start, rows, object, end := m("toc.dat"), m("4.dat"), m("blob_5.dat"), m("blobs.toc")
	other := member{tar.Header{Name: "restore.sql"}, "hello"}
	for name, c := range map[string]struct {
		members      []member
		stream, file string // what is wrong with it
	}{
		"as it should be": {[]member{start, rows, object, end, other}, "", ""},
		"other order":     {[]member{start, object, end, rows}, "", ""},
		"toc last":        {[]member{rows, object, end, start}, "not a pg_dump custom-format archive", ""},
		"no list":         {[]member{start, rows, object}, "before the list that ends the large objects", "has no member"},
		"list too late":   {[]member{start, object, rows, end}, "comes before the list that ends the large objects", ""},
		"rows missing":    {[]member{start, object, end}, "is missing", "has no member"},
		"twice":           {[]member{start, rows, rows, object, end}, "data for a second time", "a second member"},
		"link":            {[]member{start, {tar.Header{Name: "4.dat", Linkname: "x", Typeflag: tar.TypeSymlink}, ""}, object, end}, "is no regular file", "is no regular file"},
		"not named so":    {[]member{start, rows, {tar.Header{Name: "blob_x.dat"}, ""}, object, end}, "", ""},
	} {
		p := tarOf(t, c.members)
		path := filepath.Join(t.TempDir(), "tar")
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		_, stream := readStream(bytes.NewReader(p), archive.Limits{})
		_, file := readFileOf(path)
		for want, err := range map[string]error{"stream " + c.stream: stream, "file " + c.file: file} {
			_, want, _ = strings.Cut(want, " ")
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, io.EOF)) {
				t.Errorf("%s: %v; not %q", name, err, want)
			}
		}
	}
}

// Before 1.16 there is one list of large objects in a directory, whatever the TOC says.
func TestSeveralBlobsInOldDirectories(t *testing.T) {
	path := convert(t, readFile(t, "testdata/golden/pg17.dump"), func(toc *archive.TOC) *archive.TOC {
		lower, _, err := toc.Downgrade(14)
		if err != nil {
			t.Fatal(err)
		}
		return lower
	}, archive.FormatDirectory)
	f, err := archive.Open(path, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var oids []uint32
	entries := 0
	for i := range f.TOC().Entries {
		if e := &f.TOC().Entries[i]; e.Desc == "BLOBS" {
			entries++
			d, err := f.Open(e)
			if err != nil {
				t.Fatal(err)
			}
			for {
				oid, err := d.NextObject()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				oids = append(oids, oid)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if entries != 2 || !slices.Equal(oids, []uint32{900001, 900002, 900003}) {
		t.Errorf("%d BLOBS entries with %d", entries, oids)
	}
}

// A block that is looked for is passed over without being read, though never beyond the file's end.
func TestBlockThatLeavesTheFile(t *testing.T) {
	toc, start, rows, _ := head(archive.NoCompression)
	p := slices.Concat(start, []byte("\x01"+num(rows)+num(1<<30)+"1\n"))
	path := filepath.Join(t.TempDir(), "dump")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := archive.Open(path, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	_, err = f.Open(find(t, toc, "BLOBS", "BLOBS"))
	if want := fmt.Sprintf("the archive ends at offset %d: unexpected EOF", len(p)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
}

// In a tar file of several BLOBS entries the tags tell which objects are whose, in any order.
func TestBlobsInATarFileByTheirTags(t *testing.T) {
	dir := convert(t, readFile(t, "testdata/golden/pg17.dump"), func(toc *archive.TOC) *archive.TOC { return toc }, archive.FormatDirectory)
	lists, err := filepath.Glob(filepath.Join(dir, "blobs_*.toc"))
	if err != nil || len(lists) != 2 {
		t.Fatal(lists, err)
	}
	slices.Reverse(lists)
	toc := readFile(t, filepath.Join(dir, "toc.dat"))
	members := []member{{tar.Header{Name: "toc.dat"}, string(toc)}}
	add := func(name string) {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			path += ".gz"
		}
		members = append(members, member{tar.Header{Name: filepath.Base(path)}, string(readFile(t, path))})
	}
	for i, list := range lists {
		for _, oid := range [][]string{{"900003"}, {"900001", "900002"}}[i] {
			add("blob_" + oid + ".dat")
		}
		add(filepath.Base(list))
	}
	r := archive.NewReader(bytes.NewReader(tarOf(t, members)), archive.Limits{})
	if _, err := r.ReadTOC(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"900003", "900001..900002"} {
		d, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		if err := readAll(d, got); err != nil || d.Entry().Tag != want || len(got) != strings.Count(want, "90000") {
			t.Errorf("%s for %s: %q, %v", d.Entry().Tag, want, got, err)
		}
	}
}
