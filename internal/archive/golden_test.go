package archive_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgsluice/internal/archive"
)

// goldens returns the names of the archives that real pg_dumps made, without ".dump".
func goldens(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/golden/*.dump")
	if err != nil || len(files) < 5 {
		tb.Fatalf("golden archives: %v, %v", files, err)
	}
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".dump")
	}
	return files
}

func readFile(tb testing.TB, name string) []byte {
	tb.Helper()
	p, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func readTOC(tb testing.TB, p []byte) *archive.TOC {
	tb.Helper()
	toc, err := archive.ReadTOC(bytes.NewReader(p), archive.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	return toc
}

func TestGoldensListAsPgRestoreListsThem(t *testing.T) {
	for _, name := range goldens(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			got := list(readTOC(t, readFile(t, name+".dump")))
			want := string(readFile(t, name+".list"))
			for i, line := range strings.Split(want, "\n") {
				if lines := strings.Split(got, "\n"); i >= len(lines) || lines[i] != line {
					t.Fatalf("line %d is not %q:\n%s", i+1, line, got)
				}
			}
			if got != want {
				t.Errorf("more than pg_restore lists:\n%s", got)
			}
		})
	}
}

// list prints a TOC as pg_restore -lv does (PrintTOCSummary in pg_backup_archiver.c).
func list(t *archive.TOC) string {
	var b strings.Builder
	h := &t.Header
	line := func(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }
	fmt.Fprintf(&b, ";\n; Archive created at %s\n", h.Created.Format("2006-01-02 15:04:05 MST"))
	fmt.Fprintf(&b, ";     dbname: %s\n;     TOC Entries: %d\n;     Compression: %s\n", line(h.Database), len(t.Entries), h.Compression.Algorithm)
	fmt.Fprintf(&b, ";     Dump Version: %s\n;     Format: %s\n", h.Version, strings.ToUpper(h.Format.String()))
	fmt.Fprintf(&b, ";     Integer: %d bytes\n;     Offset: %d bytes\n", h.IntSize, h.OffSize)
	fmt.Fprintf(&b, ";     Dumped from database version: %s\n;     Dumped by pg_dump version: %s\n", h.ServerVersion, h.DumpVersion)
	b.WriteString(";\n;\n; Selected TOC Entries:\n;\n")
	for _, e := range t.Entries {
		fmt.Fprintf(&b, "%d; %d %d %s %s %s %s\n", e.DumpID, e.CatalogID.TableOID, e.CatalogID.OID, e.Desc,
			cmp.Or(line(e.Namespace), "-"), line(e.Tag), line(e.Owner))
		if len(e.Dependencies) > 0 {
			fmt.Fprintf(&b, ";\tdepends on: %s\n", strings.Trim(fmt.Sprint(e.Dependencies), "[]"))
		}
	}
	return b.String()
}

// Written again, a TOC must give the very bytes it was read from: no field is lost, none is read from a wrong place,
// and what follows in the archive is left alone.
func TestGoldensSurviveWritingAgain(t *testing.T) {
	for _, name := range goldens(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			p := readFile(t, name+".dump")
			again := archive.EncodeTOC(readTOC(t, p))
			if len(again) > len(p) || !bytes.Equal(again, p[:len(again)]) {
				t.Fatal("TOC differs from its archive")
			}
			if next := p[len(again)]; next != 1 && next != 3 && next != 4 {
				t.Errorf("after the TOC comes %#x, no data block", next)
			}
		})
	}
}

func TestGoldensFromSlowReaders(t *testing.T) {
	for _, name := range goldens(t) {
		p := readFile(t, name+".dump")
		for kind, r := range map[string]io.Reader{
			"one byte": iotest.OneByteReader(bytes.NewReader(p)),
			"half":     iotest.HalfReader(bytes.NewReader(p)),
			"data err": iotest.DataErrReader(bytes.NewReader(p)),
		} {
			toc, err := archive.ReadTOC(r, archive.Limits{})
			if err != nil {
				t.Fatalf("%s, %s: %v", name, kind, err)
			}
			if !bytes.Equal(archive.EncodeTOC(toc), archive.EncodeTOC(readTOC(t, p))) {
				t.Errorf("%s, %s: another TOC", name, kind)
			}
		}
	}
}

func TestGoldenHeaders(t *testing.T) {
	for name, want := range map[string]struct {
		minor       byte
		compression archive.Compression
		offset      archive.OffsetState // of the first table with data
	}{
		"pg15":      {14, archive.Compression{Algorithm: archive.Gzip, Level: -1}, archive.OffsetSet},
		"pg15-pipe": {14, archive.Compression{Algorithm: archive.Gzip, Level: -1}, archive.OffsetNotSet},
		"pg16":      {15, archive.Compression{Algorithm: archive.NoCompression}, archive.OffsetNotSet},
		"pg17":      {16, archive.Compression{Algorithm: archive.Gzip, Level: -1}, archive.OffsetSet},
		"pg18":      {16, archive.Compression{Algorithm: archive.Gzip, Level: -1}, archive.OffsetSet},
	} {
		toc := readTOC(t, readFile(t, "testdata/golden/"+name+".dump"))
		if toc.Header.Version.Minor != want.minor || toc.Header.Compression != want.compression {
			t.Errorf("%s: %+v", name, toc.Header)
		}
		if enc := toc.Encoding(); enc != "UTF8" || !toc.StdStrings() {
			t.Errorf("%s: encoding %q, standard_conforming_strings %v", name, enc, toc.StdStrings())
		}
		if got := toc.SearchPath(); got != "SELECT pg_catalog.set_config('search_path', '', false);\n" {
			t.Errorf("%s: search path %q", name, got)
		}
		e := find(t, toc, "TABLE DATA", "orders")
		if e.Offset.State != want.offset || (e.Offset.Position > 0) != (want.offset == archive.OffsetSet) {
			t.Errorf("%s: offset %+v", name, e.Offset)
		}
	}
}

func TestGoldenEntries(t *testing.T) {
	toc := readTOC(t, readFile(t, "testdata/golden/pg18.dump"))
	orders := find(t, toc, "TABLE", "orders")
	if orders.Owner != "golden owner" || orders.Namespace != "public" || orders.TableAM != "heap" || orders.RelKind != 'r' ||
		orders.Section != archive.PreData || orders.HadDumper || orders.CatalogID.TableOID != 1259 {
		t.Errorf("orders: %+v", orders)
	}
	if orders.Tablespace != "" || orders.Nulls.Has(archive.FieldTablespace) || !orders.Nulls.Has(archive.FieldCopyStmt) {
		t.Errorf("orders has the default tablespace and no COPY: nulls %b", orders.Nulls)
	}
	if v := find(t, toc, "VIEW", "recent"); !v.Nulls.Has(archive.FieldTablespace) || v.RelKind != 'v' {
		t.Errorf("a view has no tablespace: %+v", v)
	}
	if am := find(t, toc, "TABLE", "events_2024").TableAM; am != "heap2" {
		t.Errorf("table access method %q", am)
	}
	if kind := find(t, toc, "TABLE", "events").RelKind; kind != 'p' {
		t.Errorf("relkind of a partitioned table: %q", kind)
	}
	data := find(t, toc, "TABLE DATA", "by_mood_0")
	if !data.HadDumper || data.Section != archive.DataSection || data.Defn != "-- load via partition root public.by_mood" {
		t.Errorf("by_mood_0: %+v", data)
	}
	if want := "COPY public.by_mood (m) FROM stdin;\n"; data.CopyStmt != want {
		t.Errorf("copy statement %q", data.CopyStmt)
	}
	if lo := find(t, toc, "BLOB METADATA", "900001..900002"); lo.Section != archive.DataSection {
		t.Errorf("large objects: %+v", lo)
	}
	for _, id := range data.Dependencies {
		if toc.ByID(id).Tag != "by_mood_0" {
			t.Errorf("by_mood_0 depends on %+v", toc.ByID(id))
		}
	}
	if e := toc.ByID(1 << 30); e != nil {
		t.Errorf("no such entry: %+v", e)
	}
}

func find(tb testing.TB, toc *archive.TOC, desc, tag string) *archive.Entry {
	tb.Helper()
	i := slices.IndexFunc(toc.Entries, func(e archive.Entry) bool { return e.Desc == desc && e.Tag == tag })
	if i < 0 {
		tb.Fatalf("no %s %s", desc, tag)
	}
	return toc.ByID(toc.Entries[i].DumpID)
}
