package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgtest"
)

// convert writes the archive in p again, as toc and f say. toc is that of p or made from it.
func convert(tb testing.TB, p []byte, change func(*archive.TOC) *archive.TOC, f archive.Format) string {
	tb.Helper()
	r := archive.NewReader(bytes.NewReader(p), archive.Limits{})
	from, err := r.ReadTOC()
	if err != nil {
		tb.Fatal(err)
	}
	toc := change(from)
	path := filepath.Join(tb.TempDir(), "converted")
	var w *archive.Writer
	if f == archive.FormatDirectory {
		w, err = archive.NewDirectoryWriter(path, toc)
	} else {
		file, errFile := os.Create(path)
		if errFile != nil {
			tb.Fatal(errFile)
		}
		defer file.Close()
		w, err = archive.NewWriter(file, toc)
	}
	if err != nil {
		tb.Fatal(err)
	}
	s, err := archive.NewSegmenter(toc.Header.Compression, f)
	if err != nil {
		tb.Fatal(err)
	}
	for {
		d, err := r.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = copyData(w, s, d)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

// copyData writes what d holds.
func copyData(w *archive.Writer, s *archive.Segmenter, d *archive.Data) error {
	contents := func() error {
		p, err := io.ReadAll(d)
		if err != nil {
			return err
		}
		seg, err := s.Segment(p)
		return errors.Join(err, w.Append(seg))
	}
	if err := w.Begin(d.Entry()); err != nil {
		return err
	}
	if d.Entry().Desc != "BLOBS" {
		return errors.Join(contents(), w.End())
	}
	for {
		oid, err := d.NextObject()
		if err == io.EOF {
			return w.End()
		}
		if err = errors.Join(err, w.BeginObject(oid), contents(), w.EndObject()); err != nil {
			return err
		}
	}
}

// as returns a TOC for another version and compression.
func as(tb testing.TB, minor byte, a archive.Algorithm) func(*archive.TOC) *archive.TOC {
	return func(toc *archive.TOC) *archive.TOC {
		if minor < toc.Header.Version.Minor {
			lower, left, err := toc.Downgrade(minor)
			if err != nil || len(left) > 0 {
				tb.Fatal(left, err)
			}
			toc = lower
		}
		h := toc.Header
		h.Version.Minor, h.Compression = minor, archive.Compression{Algorithm: a, Level: -1}
		return &archive.TOC{Header: h, Entries: toc.Entries}
	}
}

// restore runs pg_restore into a database. From 17 on it sets a parameter that older servers refuse, and says so; it must not say
// more.
func restore(tb testing.TB, major int, url string, args ...string) {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), program(tb, major, "pg_restore"), append([]string{"-d", url}, args...)...)
	out, err := cmd.CombinedOutput()
	refused, others := strings.Count(string(out), `parameter "transaction_timeout"`), 0
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "transaction_timeout") && line != fmt.Sprintf("pg_restore: warning: errors ignored on restore: %d\n", refused) {
			others++
		}
	}
	if others > 0 || err != nil && refused == 0 {
		tb.Fatalf("pg_restore %d %q: %v\n%s", major, args, err, out)
	}
}

// inDatabase reads what goldenData holds.
func inDatabase(tb testing.TB, url string) map[string]string {
	tb.Helper()
	got := map[string]string{}
	conn, err := pgconn.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.Background())
	for name := range goldenData() {
		sql := "COPY public." + name + " TO STDOUT"
		if name[0] <= '9' {
			sql = "COPY (SELECT convert_from(lo_get(" + name + "), 'UTF8')) TO STDOUT"
		}
		var b bytes.Buffer
		if _, err := conn.CopyTo(tb.Context(), &b, sql); err != nil {
			tb.Errorf("%s: %v", sql, err)
			continue
		}
		got[name] = b.String()
		if name[0] <= '9' {
			got[name] = strings.TrimSuffix(strings.ReplaceAll(b.String(), `\n`, "\n"), "\n")
		}
	}
	return got
}

// Archives of real pg_dumps, written again by ours in each version, compression and format, restored by real pg_restores.
func TestConvertedArchivesAreRestored(t *testing.T) {
	for major, newest := range map[int]byte{15: 14, 17: 16, 18: 16} {
		for version := byte(14); version <= newest; version++ {
			for _, a := range algorithms[:2+2*btoi(version > 14)] {
				for _, f := range []archive.Format{archive.FormatCustom, archive.FormatDirectory} {
					t.Run(fmt.Sprintf("pg_restore %d 1.%d %s %d", major, version, a, f), func(t *testing.T) {
						t.Parallel()
						program(t, major, "pg_restore")
						url := pgtest.Database(t)
						from := "testdata/data/pg17-lz4-pipe.dump"
						if version == 14 && a == archive.Gzip {
							from = "testdata/data/pg15-gzip-pipe.dump"
						}
						path := convert(t, readFile(t, from), as(t, version, a), f)
						restore(t, major, url, "-j2", "--no-owner", path)
						compare(t, path, inDatabase(t, url), nil)
					})
				}
			}
		}
	}
}

// pg_restore's own list, cut by hand, restores one table.
func TestSelectedEntriesAreRestored(t *testing.T) {
	for _, major := range []int{15, 17, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			list := output(t, program(t, major, "pg_restore"), "-l", "testdata/data/pg15-none-pipe.dump")
			path := convert(t, readFile(t, "testdata/data/pg15-none-pipe.dump"), as(t, 14, archive.NoCompression), archive.FormatCustom)
			if got := output(t, program(t, major, "pg_restore"), "-l", path); got != list {
				t.Errorf("listed as\n%s\nnot as\n%s", got, list)
			}
			var many []string
			for line := range strings.Lines(list) {
				if strings.Contains(line, " many ") {
					many = append(many, line)
				}
			}
			use := filepath.Join(t.TempDir(), "list")
			if err := os.WriteFile(use, []byte(strings.Join(many, "")), 0o600); err != nil {
				t.Fatal(err)
			}
			url := pgtest.Database(t)
			restore(t, major, url, "--no-owner", "-L", use, path)
			if got := pgtest.Query(t, url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"); len(got) != 1 || got[0][0] != "many" {
				t.Errorf("tables %q", got)
			}
			if n := pgtest.Scalar[int64](t, url, "SELECT count(*) FROM many"); n != 300 {
				t.Errorf("%d rows", n)
			}
		})
	}
}
