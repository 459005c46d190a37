package archive_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgsluice/internal/archive"
)

func TestHandMadeVersions(t *testing.T) {
	for minor := byte(12); minor <= 16; minor++ {
		want := handMade(minor)
		if minor >= 15 {
			want.Header.Compression.Algorithm = archive.Zstd
		}
		got := readTOC(t, archive.EncodeTOC(want))
		if !reflect.DeepEqual(got.Header, want.Header) || !reflect.DeepEqual(got.Entries, want.Entries) {
			t.Errorf("version 1.%d:\ngot  %+v\nwant %+v", minor, got, want)
		}
		if got.Encoding() != "LATIN1" || got.StdStrings() || got.SearchPath() != "" {
			t.Errorf("version 1.%d: %q, %v, %q", minor, got.Encoding(), got.StdStrings(), got.SearchPath())
		}
	}
}

func TestSmallOffsets(t *testing.T) {
	want := handMade(12)
	want.Header.OffSize = 4
	want.Entries[3].Offset.Position = 1<<32 - 1
	if got := readTOC(t, archive.EncodeTOC(want)); got.ByID(9).Offset != want.Entries[3].Offset {
		t.Errorf("%+v", got.ByID(9))
	}
}

func TestByIDOfTOCMadeByHand(t *testing.T) {
	toc := handMade(14)
	if e := toc.ByID(9); e != &toc.Entries[3] {
		t.Errorf("%+v", e)
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	for minor := byte(12); minor <= 16; minor++ {
		p := archive.EncodeTOC(handMade(minor))
		for n := range p {
			_, err := archive.ReadTOC(bytes.NewReader(p[:n]), archive.Limits{})
			if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
				t.Fatalf("1.%d, first %d of %d bytes: %v", minor, n, len(p), err)
			}
		}
	}
	p := archive.EncodeTOC(readTOC(t, readFile(t, "testdata/golden/pg18.dump")))
	for n := 0; n < len(p); n += 31 {
		if _, err := archive.ReadTOC(bytes.NewReader(p[:n]), archive.Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("first %d of %d bytes: %v", n, len(p), err)
		}
	}
}

func TestReadErrorsPassThrough(t *testing.T) {
	broken := errors.New("line is cut")
	p := archive.EncodeTOC(handMade(14))
	for n := range p {
		_, err := archive.ReadTOC(io.MultiReader(bytes.NewReader(p[:n]), iotest.ErrReader(broken)), archive.Limits{})
		if !errors.Is(err, broken) || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
}

// upTo gives p and fails the test if it is asked for more, where a pipe would wait.
func upTo(t *testing.T, p []byte) io.Reader {
	return io.MultiReader(iotest.OneByteReader(bytes.NewReader(p)), readFunc(func([]byte) (int, error) {
		t.Errorf("asked for more than %d bytes", len(p))
		return 0, io.EOF
	}))
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// pg_dump sends the TOC before it has data; the reader must not wait for a byte that it does not need.
func TestReaderAsksForNoByteTooMany(t *testing.T) {
	if _, err := archive.ReadTOC(upTo(t, archive.EncodeTOC(handMade(16))), archive.Limits{}); err != nil {
		t.Error(err)
	}
	if toc, err := archive.ReadTOC(upTo(t, []byte("hello")), archive.Limits{}); err == nil {
		t.Error(toc)
	}
}

func TestSecondReadTOC(t *testing.T) {
	r := archive.NewReader(bytes.NewReader(archive.EncodeTOC(handMade(14))), archive.Limits{})
	if _, err := r.ReadTOC(); err != nil {
		t.Fatal(err)
	}
	if toc, err := r.ReadTOC(); err == nil {
		t.Errorf("no error, %d entries", len(toc.Entries))
	}
}

func TestDamage(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(*archive.TOC)
		want   string
	}{
		{"newer", func(x *archive.TOC) { x.Header.Version.Minor = 17 }, "archive header: version: 1.17-0 is newer than 1.16"},
		{"major", func(x *archive.TOC) { x.Header.Version.Major = 2 }, "2.14-0 is newer than 1.16"},
		{"older", func(x *archive.TOC) { x.Header.Version.Minor = 11 }, "1.11-0 is older than 1.12"},
		{"int size", func(x *archive.TOC) { x.Header.IntSize = 8 }, "integer size: 8 bytes: must be 4"},
		{"offset size", func(x *archive.TOC) { x.Header.OffSize = 16 }, "offset size: 16 bytes: must be 4 or 8"},
		{"directory", func(x *archive.TOC) { x.Header.Format = archive.FormatTar }, "toc.dat of a directory archive): must be 1 (custom)"},
		{"level", func(x *archive.TOC) { x.Header.Compression.Level = 77 }, "compression level: 77 at offset 11: must be between -1 and 9"},
		{"algorithm", func(x *archive.TOC) { x.Header.Version.Minor, x.Header.Compression.Algorithm = 15, 4 }, "compression: unknown algorithm 4"},
		{"dump id", func(x *archive.TOC) { x.Entries[2].DumpID = 0 }, "toc entry 3: dump id: 0 at offset 387: must be between 1 and"},
		{"same id", func(x *archive.TOC) { x.Entries[2].DumpID = 8 }, "toc entry 3 (dump id 8): at offset 387: an earlier entry has this dump id"},
		{"section", func(x *archive.TOC) { x.Entries[0].Section = 5 }, "toc entry 1 (dump id 7): section: 5 at offset"},
		{"zero byte", func(x *archive.TOC) { x.Entries[3].Owner = "m\x00e" }, "toc entry 4 (dump id 9): owner: zero byte at offset"},
		{"offset flag", func(x *archive.TOC) { x.Entries[3].Offset.State = 4 }, "data offset: flag 4 at offset"},
		{"position", func(x *archive.TOC) { x.Entries[3].Offset.Position = -1 }, "data offset: position 18446744073709551615 at offset"},
		{"encoding", func(x *archive.TOC) { x.Entries[0].Defn = "SET client_encoding = '';" }, "ENCODING names no encoding"},
		{"stdstrings", func(x *archive.TOC) { x.Entries[1].Defn = "SET standard_conforming_strings = on;" }, "STDSTRINGS is neither on nor off"},
	} {
		toc := handMade(14)
		c.damage(toc)
		_, err := archive.ReadTOC(bytes.NewReader(archive.EncodeTOC(toc)), archive.Limits{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDamagedBytes(t *testing.T) {
	good := string(archive.EncodeTOC(handMade(14)))
	for old, c := range map[string]struct{ damaged, want string }{
		"\x03\x00\x00\x00old":      {"\xff\xff\xff\xffold", "archive header: database name: string of 4294967295 bytes at offset 51: more than the limit of"},
		"\x00\x04\x00\x00\x001259": {"\x00\x04\x00\x00\x00-259", `toc entry 3 (dump id 1): table oid: "-259" at offset`},
		"\x00\x02\x00\x00\x00me":   {"\x01\x02\x00\x00\x00me", "toc entry 3 (dump id 1): owner: string of -2 bytes at offset"},
		"\x00\x0a\x00\x00\x00TABLE DATA": {
			"\x02\x0a\x00\x00\x00TABLE DATA", "toc entry 4 (dump id 9): description: sign byte 2 at offset",
		},
		"\x00\x04\x00\x00\x002000": {"\x00\x04\x00\x00\x002e+3", `toc entry 4 (dump id 9): dependencies: "2e+3" at offset`},
	} {
		bad := strings.Replace(good, old, c.damaged, 1)
		if bad == good {
			t.Errorf("nothing damaged: %q", old)
		}
		if _, err := archive.ReadTOC(strings.NewReader(bad), archive.Limits{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %v", c.damaged, old, err)
		}
	}
}

func TestCreatedIsNoDate(t *testing.T) {
	good := archive.EncodeTOC(handMade(14))
	month := bytes.Index(good, []byte{0, 1, 0, 0, 0, 0, 111}) // February, then 1900 + 111
	if month < 0 {
		t.Fatal("no creation date")
	}
	good[month+1] = 13
	if toc := readTOC(t, good); !toc.Header.Created.IsZero() || toc.Header.Database != "old" {
		t.Errorf("%+v", toc.Header)
	}
}

func TestOtherInputs(t *testing.T) {
	tar := make([]byte, 1024)
	copy(tar, "toc.dat")
	copy(tar[257:], "ustar\x0000")
	for name, c := range map[string]struct{ input, want string }{
		"empty":   {"", "the input is empty"},
		"tar":     {string(tar), "tar file: before offset 512: "},
		"no dump": {"x" + string(tar[1:]), "it is a tar file that does not begin with toc.dat"},
		"gzip":    {"\x1f\x8b\x08\x00", "compressed with gzip"},
		"zstd":    {"\x28\xb5\x2f\xfd\x04", "compressed with zstd"},
		"lz4":     {"\x04\x22\x4d\x18\x64", "compressed with lz4"},
		"plain":   {"--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n", "an SQL script; run it with psql"},
		"all":     {"--\n-- PostgreSQL database cluster dump\n--\n\n", "an SQL script; run it with psql"},
		"other":   {"\n create table a ();", "an SQL script; run it with psql"},
		"unknown": {"PGDM", "the archive ends at offset 4"},
		"near":    {"PGDUMP and more of it", `it starts with "PGDUMP and more "`},
	} {
		_, err := archive.ReadTOC(strings.NewReader(c.input), archive.Limits{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
