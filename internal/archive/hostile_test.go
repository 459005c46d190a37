package archive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"pgsluice/internal/archive"
)

// head is header and TOC of an archive with a table "few" and large objects; their data is for the test to append.
func head(a archive.Algorithm) (toc *archive.TOC, p []byte, rows, blobs int) {
	toc = tocOf(16, archive.Compression{Algorithm: a, Level: -1}, []table{{name: "few"}, {name: "BLOBS", objects: map[uint32][]string{}}})
	for i := range toc.Entries {
		toc.Entries[i].Offset.State = archive.OffsetNotSet
		switch e := toc.Entries[i]; e.Desc {
		case "TABLE DATA":
			rows = e.DumpID
		case "BLOBS":
			blobs = e.DumpID
		}
	}
	return toc, archive.EncodeTOC(toc), rows, blobs
}

// num is an integer as archives have them.
func num(n int) string {
	sign := byte(0)
	if n < 0 {
		sign, n = 1, -n
	}
	return string([]byte{sign, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
}

func chunk(s string) string { return num(len(s)) + s }

func TestHostileBlocks(t *testing.T) {
	_, start, rows, blobs := head(archive.NoCompression)
	one := "\x01" + num(rows) + chunk("1\n") + chunk("\\.\n\n\n") + num(0)
	objects := "\x03" + num(blobs) + num(5) + chunk("five") + num(0) + num(0)
	for name, c := range map[string]struct{ blocks, want string }{
		"as it should be": {one + objects, ""},
		"other order":     {objects + one, ""},
		"twice":           {one + one, `TABLE DATA "public.few" (dump id 4): data for a second time at offset`},
		"unknown":         {"\x01" + num(77) + num(0), "the TOC has no entry with dump id 77"},
		"no data":         {"\x01" + num(3) + num(0), `TABLE "public.few" (dump id 3) has no data by the TOC`},
		"rows as objects": {"\x03" + num(rows) + num(0), "type 3 does not fit TABLE DATA"},
		"objects as rows": {"\x01" + num(blobs) + num(0), "type 1 does not fit BLOBS"},
		"type":            {"\x02" + num(rows), "type of a data block: 2 at offset"},
		"id":              {"\x01" + num(-rows), "dump id of a data block: -4 at offset"},
		"length":          {"\x01" + num(rows) + num(-1), `TABLE DATA "public.few" (dump id 4): chunk length: -1 at offset`},
		"sign":            {"\x01" + num(rows) + "\x02\x01\x00\x00\x00", "sign byte 2 at offset"},
		"huge length":     {"\x01" + num(rows) + num(1<<31-1) + "1\n", "data: the archive ends at offset"},
		"huge object id":  {"\x03" + num(blobs) + "\x01\xff\xff\xff\xff", "large object id: -4294967295 at offset"},
		"missing":         {one, `the data of BLOBS "BLOBS" (dump id 5) is missing: unexpected EOF`},
		"both missing":    {"", `the data of TABLE DATA "public.few" (dump id 4) is missing, and that of 1 more: unexpected EOF`},
		"zeros behind":    {one + objects + "\x00\x00\x00\x00\x00", "second copy of the TOC: 0 entries at offset"},
		"more behind":     {one + objects + "hello", "type of a data block: 104 at offset"},
		"TOC behind, cut": {one + objects + string(secondTOC(start))[:40], "second copy of the TOC: "},
		"TOC behind":      {one + objects + string(secondTOC(start)), ""},
		"TOC and more":    {one + objects + string(secondTOC(start)) + "x", "there is more at offset"},
		"another TOC":     {one + objects + strings.Replace(string(secondTOC(start)), "few", "fee", 1), `is not that of TABLE "public.few"`},
	} {
		_, err := readStream(bytes.NewReader(append(bytes.Clone(start), c.blocks...)), archive.Limits{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, io.EOF)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// secondTOC cuts the header off.
func secondTOC(start []byte) []byte {
	return start[bytes.LastIndex(start, []byte(num(4)+"17.1"))+9:]
}

func TestUseInWrongOrder(t *testing.T) {
	p := small(t, archive.Gzip)
	r := archive.NewReader(bytes.NewReader(p), archive.Limits{})
	if d, err := r.Next(); err == nil || r.Missing() != nil {
		t.Errorf("before ReadTOC: %v", d.Entry())
	}
	r = archive.NewReader(bytes.NewReader(p), archive.Limits{})
	toc, err := r.ReadTOC()
	if err != nil || len(r.Missing()) != 3 {
		t.Fatalf("%v, missing %d", err, len(r.Missing()))
	}
	first, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.NextObject(); err == nil {
		t.Error("a table has a large object")
	}
	second, err := r.Next()
	if err != nil || second.Entry() != toc.ByID(second.Entry().DumpID) || len(r.Missing()) != 1 {
		t.Fatalf("%v, missing %d", err, len(r.Missing()))
	}
	if n, err := first.Read(make([]byte, 10)); err == nil || err == io.EOF {
		t.Errorf("data that was left behind: %d, %v", n, err)
	}
	if first.Taken() <= 0 || first.Taken() > r.Offset() {
		t.Errorf("%d bytes taken", first.Taken())
	}
	blobs, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := blobs.Read(make([]byte, 10)); err == nil || err == io.EOF {
		t.Errorf("read before NextObject: %d, %v", n, err)
	}
	if d, err := r.Next(); err == nil || err == io.EOF {
		t.Errorf("after that error: %v, %v", d, err)
	}
}

func TestHostileStreams(t *testing.T) {
	zlib := func(s string) string { return "\x78\x9c" + s }
	frame, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	good := string(frame.EncodeAll([]byte("1\n"), nil))
	empty := zlib("\x03\x00\x00\x00\x00\x01")
	for name, c := range map[string]struct {
		a      archive.Algorithm
		chunks string
		want   string
	}{
		"gzip":               {archive.Gzip, chunk(empty), ""},
		"gzip, no bytes":     {archive.Gzip, "", "the gzip stream is cut off before offset"},
		"gzip, cut":          {archive.Gzip, chunk(zlib("\x03\x00\x00\x00")), "the gzip stream is cut off before offset"},
		"gzip, checksum":     {archive.Gzip, chunk(zlib("\x03\x00\x00\x00\x00\x02")), "zlib: invalid checksum"},
		"gzip, more":         {archive.Gzip, chunk(empty) + chunk("x"), "there is more behind the end of the compressed stream"},
		"gzip, more at once": {archive.Gzip, chunk(empty + "x"), "there is more behind the end of the compressed stream"},
		"gzip, two":          {archive.Gzip, chunk(empty) + chunk(empty), "there is more behind the end of the compressed stream"},
		"gzip, garbage":      {archive.Gzip, chunk("hello"), "zlib: invalid header"},
		"zstd, two":          {archive.Zstd, chunk(good) + chunk(good), ""},
		"zstd, in pieces":    {archive.Zstd, chunk(good[:3]) + chunk(good[3:]), ""},
		"zstd, more":         {archive.Zstd, chunk(good) + chunk("hello"), "zstd before offset"},
		"zstd, a bit more":   {archive.Zstd, chunk(good) + chunk("x"), "the zstd stream is cut off before offset"},
		"zstd, garbage":      {archive.Zstd, chunk("hello"), "zstd before offset"},
		"zstd, window":       {archive.Zstd, chunk("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00"), "zstd before offset"},
		"zstd, long":         {archive.Zstd, chunk("\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00"), ""}, // 128 MiB, as with pg_dump --compress=zstd:long
		"lz4, more":          {archive.LZ4, chunk("\x04\x22\x4d\x18\x60\x40\x82\x00\x00\x00\x00hello"), "lz4 before offset"},
		"lz4, block too big": {archive.LZ4, chunk("\x04\x22\x4d\x18\x60\x40\x82\xff\xff\xff\x7f" + strings.Repeat("x", 99)), "lz4 before offset"},
	} {
		_, start, rows, blobs := head(c.a)
		start = append(start, "\x01"+num(rows)+c.chunks+num(0)+"\x03"+num(blobs)+num(0)...)
		_, err := readStream(bytes.NewReader(start), archive.Limits{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, io.EOF)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What says that it is large takes no memory before it is.
func TestHostileDataTakesNoMemory(t *testing.T) {
	zeros, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	bomb := string(zeros.EncodeAll(make([]byte, 64<<20), nil))
	for name, c := range map[string]struct {
		a      archive.Algorithm
		chunks string
	}{
		"a chunk of 2 GiB":      {archive.NoCompression, num(1<<31-1) + "1\n"},
		"a chunk of 2 GiB, lz4": {archive.LZ4, num(1<<31-1) + "\x04\x22\x4d\x18\x60\x40\x82"},
		"64 MiB in 6 KB":        {archive.Zstd, chunk(bomb) + num(0)},
	} {
		_, start, rows, _ := head(c.a)
		r := archive.NewReader(bytes.NewReader(append(start, "\x01"+num(rows)+c.chunks...)), archive.Limits{})
		if _, err := r.ReadTOC(); err != nil {
			t.Fatal(err)
		}
		d, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := io.Copy(io.Discard, d)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 24<<20 {
			t.Errorf("%s: %d bytes of memory for %d bytes of data, %v", name, used, n, err)
		}
	}
}

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

// What has arrived is given before more is waited for, but for the few bytes that may be the end mark.
func TestDataAsksForNoByteTooMany(t *testing.T) {
	_, start, rows, _ := head(archive.NoCompression)
	text := strings.Repeat("1\tone\n", 20)
	p := slices.Concat(start, []byte("\x01"+num(rows)+chunk(text[:60])+chunk(text[60:])))
	once := bytes.NewReader(append(bytes.Clone(p), 0, 9)) // all at once, and some of the next chunk's length
	for kind, in := range map[string]io.Reader{"one byte": upTo(t, p), "at once": io.MultiReader(once, readFunc(func([]byte) (int, error) {
		t.Error("asked for more than came at once")
		return 0, io.EOF
	}))} {
		r := archive.NewReader(in, archive.Limits{})
		if _, err := r.ReadTOC(); err != nil {
			t.Fatal(err)
		}
		d, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(text)-6)
		if n, err := io.ReadFull(d, got); err != nil || string(got) != text[:len(got)] {
			t.Errorf("%s: %d bytes, %v", kind, n, err)
		}
	}
}

// Rows that others have written without an end mark are given as they are, as pg_restore does.
func TestEndMarks(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "\\.\n\n\n": "", "\\.\n": "", "\\.": "", "1\n\\.\n\n\n": "1\n", "1\n\\.\n": "1\n", "\n\n\n\\.\n\n\n": "\n\n\n",
		"1\n": "1\n", "1": "1", "\n": "\n", "1\\.\n\n\n": "1\\.\n\n\n", "1\n\\.\n\n\n\n": "1\n\\.\n\n\n\n", "\\.\n1\n": "\\.\n1\n",
	} {
		_, start, rows, blobs := head(archive.NoCompression)
		chunks := ""
		if text != "" {
			chunks = chunk(text)
		}
		p := string(start) + "\x01" + num(rows) + chunks + num(0) + "\x03" + num(blobs) + num(0)
		if got, err := readStream(strings.NewReader(p), archive.Limits{}); got["few"] != want || err != nil {
			t.Errorf("%q: %q, not %q, %v", text, got["few"], want, err)
		}
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
