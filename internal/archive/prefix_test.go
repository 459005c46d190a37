package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

// small is a short archive of each compression with rows, an empty table and large objects.
func small(tb testing.TB, a archive.Algorithm) []byte {
	tb.Helper()
	list := []table{
		{name: "empty"},
		{name: "few", pieces: []string{strings.Repeat("1\tone and one and one\tx\ty\n", 9), "2\ttwo\tx\ty\n"}},
		{name: "BLOBS", objects: map[uint32][]string{5: {"five", "\x00and\xff"}, 7: nil}, order: []uint32{5, 7}},
	}
	toc := tocOf(16, archive.Compression{Algorithm: a, Level: -1}, list)
	toc.Entries = toc.Entries[2:] // what every archive has is tried elsewhere
	return custom(tb, toc, list, false)
}

var algorithms = []archive.Algorithm{archive.NoCompression, archive.Gzip, archive.LZ4, archive.Zstd}

func TestEveryPrefixFails(t *testing.T) {
	for _, a := range algorithms {
		p := small(t, a)
		if _, err := readStream(bytes.NewReader(p), archive.Limits{}); err != nil {
			t.Fatal(err)
		}
		for n := range p {
			_, err := readStream(bytes.NewReader(p[:n]), archive.Limits{})
			checkCut(t, fmt.Sprintf("%s, first %d of %d bytes", a, n, len(p)), err)
		}
	}
}

// checkCut fails the test if err does not say that an archive was cut off, and where.
func checkCut(tb testing.TB, name string, err error) {
	tb.Helper()
	if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "offset") && !strings.Contains(err.Error(), "empty") {
		tb.Fatalf("%s: %v", name, err)
	}
}

func TestEveryPrefixOfAFileFails(t *testing.T) {
	for _, a := range algorithms {
		list := []table{{name: "few", pieces: []string{"1\tone\tx\ty\n", "2\ttwo\tx\ty\n"}}}
		toc := tocOf(16, archive.Compression{Algorithm: a, Level: -1}, list)
		for _, seekable := range []bool{false, true} {
			p := custom(t, toc, list, seekable)
			path := filepath.Join(t.TempDir(), "dump")
			toc := len(archive.EncodeTOC(readTOC(t, p)))
			for n := 0; n < len(p); n++ {
				if n < toc && n%31 > 0 {
					continue // TestEveryTruncationIsAnError has them all
				}
				if err := os.WriteFile(path, p[:n], 0o600); err != nil {
					t.Fatal(err)
				}
				_, err := readFileOf(path)
				checkCut(t, fmt.Sprintf("%s, seekable %t, first %d of %d bytes", a, seekable, n, len(p)), err)
			}
		}
	}
}

// The data of an archive from pg_dump itself: only a cut between two blocks, behind the last one, leaves nothing out.
func TestPrefixesOfGoldensFail(t *testing.T) {
	for _, path := range append(goldenArchives(t, "*-pipe.dump"), goldenArchives(t, "*.tar")...) {
		p := readFile(t, path)
		end := len(p)
		if strings.HasSuffix(path, ".tar") {
			end = bytes.Index(p, []byte("restore.sql\x00"))
			end = bytes.LastIndex(p[:end], []byte(".dat\n")) + 5 // of the list of large objects, the last that counts
		}
		for n := 0; n < end; n += 1 + end/200 {
			_, err := readStream(bytes.NewReader(p[:n]), archive.Limits{})
			checkCut(t, fmt.Sprintf("%s, first %d of %d bytes", path, n, len(p)), err)
		}
	}
}

// A bit that is flipped may change a value where nothing has a checksum. It must never do worse.
func TestFlippedBits(t *testing.T) {
	lim := archive.Limits{StringBytes: 1 << 20, TotalBytes: 1 << 20, WindowBytes: 1 << 20}
	for _, a := range algorithms {
		p := small(t, a)
		whole, err := readStream(bytes.NewReader(p), lim)
		if err != nil {
			t.Fatal(err)
		}
		r := archive.NewReader(bytes.NewReader(p), lim)
		if _, err := r.ReadTOC(); err != nil {
			t.Fatal(err)
		}
		first := int(r.Offset()) * 8 // header and TOC have FuzzReadTOC
		unseen, values := 0, slices.Collect(maps.Values(whole))
		for i := first; i < len(p)*8; i += 3 { // each bit of a byte has its turn
			bad := bytes.Clone(p)
			bad[i/8] ^= 1 << (i % 8)
			got, err := readStream(bytes.NewReader(bad), lim)
			for _, v := range got {
				if err == nil && !slices.Contains(values, v) { // the ids of large objects are never covered
					unseen++
				}
			}
			if errors.Is(err, io.EOF) {
				t.Fatalf("%s, bit %d: looks like a clean end: %v", a, i, err)
			}
		}
		if a == archive.Gzip || a == archive.Zstd {
			if unseen > 0 {
				t.Errorf("%s has checksums, but %d flipped bits went unseen", a, unseen)
			}
		}
		t.Logf("%s: %d of %d flipped bits change values without an error", a, unseen, (len(p)*8-first)/3)
	}
}

func TestPrefixesOfTarFilesFail(t *testing.T) {
	p := readFile(t, "testdata/data/pg18.tar")
	end := bytes.Index(p, []byte("restore.sql\x00"))
	end = bytes.LastIndex(p[:end], []byte(".dat\n")) + 5
	path := filepath.Join(t.TempDir(), "tar")
	for n := 0; n < end; n += 1 + end/100 {
		if err := os.WriteFile(path, p[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readFileOf(path); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("first %d of %d bytes: %v", n, len(p), err)
		}
	}
}
