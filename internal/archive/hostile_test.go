package archive_test

import (
	"bytes"
	"errors"
	"io"
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
