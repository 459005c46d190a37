package archive_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgsluice/internal/archive"
)

// table is a table, or large objects, with what they hold; several pieces become several segments.
type table struct {
	name    string
	pieces  []string
	objects map[uint32][]string
	order   []uint32
}

func (t table) text() string { return strings.Join(t.pieces, "") }

// rowsOf makes COPY text of about that many bytes, which compresses as such text does, in pieces that end at rows.
func rowsOf(bytes, pieces int) (all []string) {
	r := rand.New(rand.NewPCG(1, 2))
	n := 0
	for range pieces {
		var b strings.Builder
		for b.Len() < bytes/pieces {
			n++
			fmt.Fprintf(&b, "%d\t2024-03-%02d %02d:%02d:%02d\tuser%d@example.com\t%x\n", n, 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000), r.Uint32())
		}
		all = append(all, b.String())
	}
	return all
}

// manyRows are rows in several segments, one of which takes several chunks however it is compressed.
var manyRows = sync.OnceValue(func() []string {
	random := make([]byte, 1_500_000)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	var b strings.Builder
	for part := range slices.Chunk(random, 300) {
		b.WriteString("0\t" + base64.StdEncoding.EncodeToString(part) + "\t\t\n")
	}
	return append(rowsOf(200_000, 3), b.String())
})

// contents is what the tests write: no rows, a few, many in several segments, and large objects.
func contents() []table {
	return []table{
		{name: "empty"},
		{name: "few", pieces: []string{"1\tone\tx\ty\n", "2\ttwo\tx\ty\n"}},
		{name: "many", pieces: manyRows()},
		{name: "BLOBS", objects: map[uint32][]string{
			5: {"five", "\x00and\xff"}, 4294967295: {strings.Repeat("last ", 1000)}, 2147483648: {"middle"}, 7: nil, 8: {"", ""},
		}, order: []uint32{5, 7, 8, 2147483648, 4294967295}},
		{name: "after", pieces: []string{"3\tz\tx\ty\n"}},
	}
}

// tocOf is a TOC with the tables of list.
func tocOf(version byte, c archive.Compression, list []table) *archive.TOC {
	const none = archive.FieldNamespace | archive.FieldTablespace | archive.FieldTableAM | archive.FieldDropStmt | archive.FieldCopyStmt
	t := &archive.TOC{Header: archive.Header{
		Version: archive.Version{Major: 1, Minor: version}, IntSize: 4, OffSize: 8, Format: archive.FormatCustom, Compression: c,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Database: "d", ServerVersion: "17.1", DumpVersion: "17.1",
	}}
	add := func(e archive.Entry) {
		e.DumpID = len(t.Entries) + 1
		t.Entries = append(t.Entries, e)
	}
	add(archive.Entry{Tag: "ENCODING", Desc: "ENCODING", Section: archive.PreData, Defn: "SET client_encoding = 'UTF8';\n", Nulls: none})
	add(archive.Entry{Tag: "STDSTRINGS", Desc: "STDSTRINGS", Section: archive.PreData, Defn: "SET standard_conforming_strings = 'on';\n", Nulls: none})
	for _, x := range list {
		if x.objects != nil {
			continue
		}
		add(archive.Entry{
			Tag: x.name, Desc: "TABLE", Section: archive.PreData, Namespace: "public", TableAM: "heap", RelKind: 'r', CatalogID: archive.CatalogID{TableOID: 1259, OID: 77},
			Defn: "CREATE TABLE public." + x.name + " (a integer, b text, c text, d text);\n", DropStmt: "DROP TABLE public." + x.name + ";\n", Nulls: archive.FieldCopyStmt,
		})
	}
	for i, x := range list {
		if x.objects != nil {
			for _, oid := range x.order {
				add(archive.Entry{Tag: fmt.Sprint(oid), Desc: "BLOB", Section: archive.PreData, Defn: fmt.Sprintf("SELECT pg_catalog.lo_create('%d');\n", oid), Nulls: none})
			}
			add(archive.Entry{Tag: "BLOBS", Desc: "BLOBS", Section: archive.DataSection, HadDumper: true, Nulls: none | archive.FieldDefn})
			continue
		}
		add(archive.Entry{
			Tag: x.name, Desc: "TABLE DATA", Section: archive.DataSection, Namespace: "public", HadDumper: true, Dependencies: []int{3 + i - btoi(i > 3)},
			CopyStmt: "COPY public." + x.name + " (a, b, c, d) FROM stdin;\n", Nulls: archive.FieldDefn | archive.FieldDropStmt | archive.FieldTablespace | archive.FieldTableAM,
		})
	}
	return t
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// write writes list into w.
func write(w *archive.Writer, toc *archive.TOC, f archive.Format, list []table) error {
	s, err := archive.NewSegmenter(toc.Header.Compression, f)
	if err != nil {
		return err
	}
	pieces := func(all []string) error {
		for _, p := range all {
			seg, err := s.Segment([]byte(p))
			if err != nil {
				return err
			}
			if err := w.Append(seg); err != nil {
				return err
			}
			s.Recycle(seg)
		}
		return nil
	}
	next := 0
	for i := range toc.Entries {
		e := &toc.Entries[i]
		if !e.HadDumper {
			continue
		}
		x := list[next]
		next++
		errs := []error{w.Begin(e)}
		for _, oid := range x.order {
			errs = append(errs, w.BeginObject(oid), pieces(x.objects[oid]), w.EndObject())
		}
		if err := errors.Join(append(errs, pieces(x.pieces), w.End())...); err != nil {
			return err
		}
	}
	return w.Close()
}

// custom writes list as an archive of the custom format, with offsets if it is seekable.
func custom(tb testing.TB, toc *archive.TOC, list []table, seekable bool) []byte {
	tb.Helper()
	var b bytes.Buffer
	out := io.Writer(&b)
	if seekable {
		f, err := os.Create(filepath.Join(tb.TempDir(), "dump"))
		if err != nil {
			tb.Fatal(err)
		}
		defer f.Close()
		out = f
	}
	w, err := archive.NewWriter(out, toc)
	if err == nil {
		err = write(w, toc, archive.FormatCustom, list)
	}
	if err != nil {
		tb.Fatal(err)
	}
	if f, ok := out.(*os.File); ok {
		return readFile(tb, f.Name())
	}
	return b.Bytes()
}

// layouts are the versions and compressions that archives are written in.
func layouts() (all []*archive.TOC) {
	for version, algorithms := range map[byte]archive.Algorithm{14: archive.Gzip, 15: archive.Zstd, 16: archive.Zstd} {
		for a := range algorithms + 1 {
			all = append(all, tocOf(version, archive.Compression{Algorithm: a, Level: -1}, contents()))
		}
	}
	return all
}

func layoutName(t *archive.TOC) string {
	return fmt.Sprintf("1.%d %s", t.Header.Version.Minor, t.Header.Compression.Algorithm)
}

// same fails the test if next does not give list.
func same(tb testing.TB, toc *archive.TOC, list []table, open func(*archive.Entry) (*archive.Data, error)) {
	tb.Helper()
	next := 0
	for i := range toc.Entries {
		if !toc.Entries[i].HadDumper {
			continue
		}
		x := list[next]
		next++
		d, err := open(&toc.Entries[i])
		if err != nil {
			tb.Fatal(err)
		}
		if d.Entry().Tag != x.name {
			tb.Fatalf("%s comes, not %s", d.Entry().Tag, x.name)
		}
		if x.objects == nil {
			if got, err := io.ReadAll(d); string(got) != x.text() || err != nil {
				tb.Fatalf("%s: %d bytes, not %d: %v", x.name, len(got), len(x.text()), err)
			}
			continue
		}
		for _, want := range x.order {
			if oid, err := d.NextObject(); oid != want || err != nil {
				tb.Fatalf("large object %d, not %d: %v", oid, want, err)
			}
			if got, err := io.ReadAll(d); string(got) != strings.Join(x.objects[want], "") || err != nil {
				tb.Fatalf("large object %d: %q: %v", want, got, err)
			}
		}
		if oid, err := d.NextObject(); oid != 0 || err != io.EOF {
			tb.Fatalf("behind the last large object: %d, %v", oid, err)
		}
	}
}

func TestCustomRoundTrip(t *testing.T) {
	for _, toc := range layouts() {
		for _, seekable := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s seekable %t", layoutName(toc), seekable), func(t *testing.T) {
				p := custom(t, toc, contents(), seekable)
				r := archive.NewReader(bytes.NewReader(p), archive.Limits{})
				got, err := r.ReadTOC()
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range got.Entries {
					want := archive.OffsetNoData
					if e.HadDumper {
						want = archive.OffsetNotSet
						if seekable {
							want = archive.OffsetSet
						}
					}
					if e.Offset.State != want {
						t.Errorf("%s: offset %+v", e.Tag, e.Offset)
					}
				}
				same(t, got, contents(), func(*archive.Entry) (*archive.Data, error) { return r.Next() })
				if d, err := r.Next(); err != io.EOF || len(r.Missing()) > 0 || r.Offset() != int64(len(p)) {
					t.Errorf("at the end: %v, %v, %v, offset %d of %d", d, err, r.Missing(), r.Offset(), len(p))
				}
			})
		}
	}
}

// script is what pg_restore makes of list.
func script(list []table) string {
	var b strings.Builder
	for _, x := range list {
		if x.objects == nil {
			fmt.Fprintf(&b, "COPY public.%s (a, b, c, d) FROM stdin;\n%s\\.\n\n", x.name, x.text())
		}
	}
	return b.String()
}

// copies returns the COPY statements of a script with their rows.
func copies(script string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(script) {
		inside = inside || strings.HasPrefix(line, "COPY ")
		if inside {
			b.WriteString(line)
		}
		if inside && line == "\\.\n" {
			inside = false
			b.WriteString("\n")
		}
	}
	return b.String()
}

func TestPgRestoreReadsCustom(t *testing.T) {
	for major, newest := range map[int]byte{15: 14, 17: 16, 18: 16} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			restore := program(t, major, "pg_restore")
			for _, toc := range layouts() {
				if toc.Header.Version.Minor > newest {
					continue
				}
				for _, seekable := range []bool{false, true} {
					path := filepath.Join(t.TempDir(), "dump")
					if err := os.WriteFile(path, custom(t, toc, contents(), seekable), 0o600); err != nil {
						t.Fatal(err)
					}
					got := output(t, restore, "-f", "-", path)
					if copies(got) != script(contents()) {
						t.Errorf("%s, seekable %t: pg_restore gives other rows:\n%.2000s", layoutName(toc), seekable, got)
					}
				}
			}
		})
	}
}

func TestDirectoryRoundTrip(t *testing.T) {
	for _, toc := range layouts() {
		t.Run(layoutName(toc), func(t *testing.T) {
			path := directoryOf(t, toc, contents())
			f, err := archive.Open(path, archive.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			if f.TOC().Header.Format != archive.FormatDirectory || len(f.TOC().Entries) != len(toc.Entries) {
				t.Errorf("%+v, %d entries", f.TOC().Header, len(f.TOC().Entries))
			}
			same(t, f.TOC(), contents(), f.Open)
		})
	}
}

// directoryOf writes list as a directory archive and returns its path.
func directoryOf(tb testing.TB, toc *archive.TOC, list []table) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "dir")
	w, err := archive.NewDirectoryWriter(path, toc)
	if err == nil {
		err = write(w, toc, archive.FormatDirectory, list)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestPgRestoreReadsDirectories(t *testing.T) {
	for major, newest := range map[int]byte{15: 14, 17: 16, 18: 16} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			restore := program(t, major, "pg_restore")
			for _, toc := range layouts() {
				if toc.Header.Version.Minor > newest {
					continue
				}
				got := output(t, restore, "-f", "-", directoryOf(t, toc, contents()))
				if copies(got) != script(contents()) {
					t.Errorf("%s: pg_restore gives other rows:\n%.2000s", layoutName(toc), got)
				}
			}
		})
	}
}

func TestCombineAdler32(t *testing.T) {
	p := []byte(strings.Join(rowsOf(200_000, 1), ""))
	for n := 0; n <= len(p); n += 997 {
		got := archive.CombineAdler32(adler32.Checksum(p[:n]), adler32.Checksum(p[n:]), int64(len(p)-n))
		if want := adler32.Checksum(p); got != want {
			t.Fatalf("%d and %d bytes: %08x, not %08x", n, len(p)-n, got, want)
		}
	}
}
