package archive_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pgsluice/internal/archive"
)

// most is how much of one entry the fuzzer reads: a few bytes can make gigabytes, which is no error.
const most = 1 << 20

// FuzzReadData reads archives of the custom format and tar files, as streams, with their data.
func FuzzReadData(f *testing.F) {
	for _, a := range algorithms {
		f.Add(small(f, a))
	}
	f.Add(readFile(f, "testdata/data/pg17-inserts.dump"))
	list := []table{{name: "few", pieces: []string{"1\n"}}, {name: "BLOBS", objects: map[uint32][]string{5: {"five"}}, order: []uint32{5}}}
	toc := tocOf(15, archive.Compression{}, list)
	toc.Entries = toc.Entries[2:]
	dir := directoryOf(f, toc, list)
	var members []member
	for _, name := range []string{"toc.dat", "4.dat", "blob_5.dat", "blobs.toc"} {
		m := member{text: string(readFile(f, filepath.Join(dir, name)))}
		m.Name = name
		members = append(members, m)
	}
	f.Add(tarOf(f, members))
	lim := archive.Limits{StringBytes: 1 << 16, Entries: 1000, Dependencies: 1000, TotalBytes: 1 << 20, WindowBytes: 1 << 20}
	f.Fuzz(func(t *testing.T, p []byte) {
		if err := fuzzStream(archive.NewReader(bytes.NewReader(p), lim)); errors.Is(err, io.EOF) {
			t.Fatalf("looks like a clean end: %v", err)
		}
	})
}

// fuzzStream reads an archive up to its end or an error, though not more than some of each entry.
func fuzzStream(r *archive.Reader) error {
	if _, err := r.ReadTOC(); err != nil {
		return err
	}
	for {
		d, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if d.Entry().Desc != "BLOBS" {
			if _, err := io.Copy(io.Discard, io.LimitReader(d, most)); err != nil {
				return err
			}
			continue
		}
		for {
			_, err := d.NextObject()
			if err == io.EOF {
				break
			}
			if err == nil {
				_, err = io.Copy(io.Discard, io.LimitReader(d, most))
			}
			if err != nil {
				return err
			}
		}
	}
}

// FuzzRoundTrip writes rows, cut into segments, and reads them.
func FuzzRoundTrip(f *testing.F) {
	f.Add("1\tone\n2\ttwo\n", "large\x00object", uint8(3), uint8(2))
	f.Add("", "", uint8(0), uint8(0))
	f.Add("\\.\n\n\n", "\\.\n", uint8(1), uint8(1))
	f.Add("1\n\\.\n", strings.Repeat("x", 70000), uint8(200), uint8(3))
	f.Fuzz(func(t *testing.T, rows, object string, step, how uint8) {
		if rows = strings.TrimRight(rows, "\n"); rows != "" {
			rows += "\n" // segments end at a row's end
		}
		if bytes.HasSuffix([]byte("\n"+strings.TrimRight(rows, "\n")), []byte("\n\\.")) {
			t.Skip("COPY never writes such a line") // in the text format it would be the end mark
		}
		pieces := func(s string) (all []string) {
			for n := 1 + int(step); len(s) > 0; s = s[min(n, len(s)):] {
				if len(all) == 50 {
					n = len(s)
				}
				all = append(all, s[:min(n, len(s))])
			}
			return all
		}
		list := []table{
			{name: "few", pieces: pieces(rows)},
			{name: "BLOBS", objects: map[uint32][]string{5: pieces(object), 6: nil}, order: []uint32{6, 5}},
		}
		toc := tocOf(15+how/4%2, archive.Compression{Algorithm: algorithms[how%4], Level: -1}, list)
		r := archive.NewReader(bytes.NewReader(custom(t, toc, list, false)), archive.Limits{})
		got, err := r.ReadTOC()
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, list, func(*archive.Entry) (*archive.Data, error) { return r.Next() })
		if _, err := r.Next(); err != io.EOF {
			t.Fatal(err)
		}
	})
}

// Whatever is written comes back: any tables and large objects, in any segments, in each format, read in any steps and in any order.
func TestAnyArchiveRoundTrips(t *testing.T) {
	row := rapid.StringMatching(`[0-9]{1,5}\t[a-z \\tn]{0,40}\n`)
	piece := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(row, 1, 20).Draw(t, "rows"), "") })
	rapid.Check(t, func(rt *rapid.T) {
		var list []table
		for i := range rapid.IntRange(1, 4).Draw(rt, "tables") {
			list = append(list, table{name: string(rune('a' + i)), pieces: rapid.SliceOfN(piece, 0, 4).Draw(rt, "pieces")})
		}
		if rapid.Bool().Draw(rt, "large objects") {
			x := table{name: "BLOBS", objects: map[uint32][]string{}}
			for _, oid := range rapid.SliceOfNDistinct(rapid.Uint32Min(1), 0, 4, rapid.ID).Draw(rt, "oids") {
				x.objects[oid] = rapid.SliceOfN(rapid.StringN(0, 100, 300), 0, 3).Draw(rt, "object")
				x.order = append(x.order, oid)
			}
			list = append(list, x)
		}
		toc := tocOf(rapid.SampledFrom([]byte{15, 16}).Draw(rt, "version"),
			archive.Compression{Algorithm: rapid.SampledFrom(algorithms).Draw(rt, "compression"), Level: -1}, list)
		step := rapid.IntRange(1, 2000).Draw(rt, "step")
		p := custom(t, toc, list, rapid.Bool().Draw(rt, "seekable"))
		got, err := readStream(stepReader{bytes.NewReader(p), step}, archive.Limits{})
		if err != nil {
			rt.Fatal(err)
		}
		for _, x := range list {
			if x.objects == nil && got[x.name] != x.text() {
				rt.Fatalf("%s: %q, not %q", x.name, got[x.name], x.text())
			}
		}
	})
}

// stepReader gives at most n bytes at a time.
type stepReader struct {
	r io.Reader
	n int
}

func (s stepReader) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), s.n)]) }
