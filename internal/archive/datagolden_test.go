package archive_test

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgsluice/internal/archive"
)

// goldenData is what testdata/data/data.sql puts into the database, table by table and object by object.
func goldenData() map[string]string {
	var many, last strings.Builder
	for i := 1; i <= 300; i++ {
		fmt.Fprintf(&many, "%d\t%x%s\n", i, md5.Sum(fmt.Append(nil, i)), strings.Repeat(" a word", i%9))
	}
	for i := 1; i <= 500; i++ {
		fmt.Fprintf(&last, "%d of the last\n", i)
	}
	return map[string]string{
		"empty": "", "few": "1\ttab\\there\n2\t\\N\n3\t\n4\t\\\\.\n5\ttwo\\nlines\n6\té\n", "many": many.String(),
		"wide": strings.Repeat("x", 3000) + "\n", "900001": "first", "900002": "", "4000000000": strings.TrimSuffix(last.String(), "\n"),
	}
}

func goldenArchives(tb testing.TB, pattern string) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/data/" + pattern)
	if err != nil || len(files) == 0 {
		tb.Fatalf("%s: %v, %v", pattern, files, err)
	}
	return files
}

// readAll reads data to its end: rows under the table's name, large objects under their ids.
func readAll(d *archive.Data, into map[string]string) error {
	if d.Entry().Desc != "BLOBS" {
		p, err := io.ReadAll(d)
		into[d.Entry().Tag] = string(p)
		return err
	}
	for {
		oid, err := d.NextObject()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		p, err := io.ReadAll(d)
		if err != nil {
			return err
		}
		into[fmt.Sprint(oid)] = string(p)
	}
}

// readStream reads a whole archive as a stream.
func readStream(in io.Reader, lim archive.Limits) (map[string]string, error) {
	r := archive.NewReader(in, lim)
	if _, err := r.ReadTOC(); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for {
		d, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if err := readAll(d, all); err != nil {
			return all, err
		}
	}
}

// readFileOf reads a whole archive from disk, its last data first.
func readFileOf(path string) (map[string]string, error) {
	f, err := archive.Open(path, archive.Limits{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	all := map[string]string{}
	for i := len(f.TOC().Entries) - 1; i >= 0; i-- {
		e := &f.TOC().Entries[i]
		if !e.HadDumper {
			continue
		}
		d, err := f.Open(e)
		if err != nil {
			return all, err
		}
		if err := errors.Join(readAll(d, all), d.Close()); err != nil {
			return all, err
		}
		if d.Taken() <= 0 || d.Taken() > f.Size() {
			return all, fmt.Errorf("%d bytes taken of %d", d.Taken(), f.Size())
		}
	}
	return all, nil
}

func compare(tb testing.TB, name string, got map[string]string, err error) {
	tb.Helper()
	if err != nil {
		tb.Errorf("%s: %v", name, err)
		return
	}
	want := goldenData()
	if strings.Contains(name, "inserts") {
		want = map[string]string{"few": got["few"]}
		if !strings.HasPrefix(got["few"], "INSERT INTO public.few VALUES (1, 'tab\there');\n") || !strings.HasSuffix(got["few"], "'é');\n\n\n") {
			tb.Errorf("%s: %q", name, got["few"])
		}
	}
	if len(got) != len(want) {
		tb.Errorf("%s: %d tables and objects, not %d", name, len(got), len(want))
	}
	for k, v := range want {
		if got[k] != v {
			tb.Errorf("%s: %s is %.300q, not %.300q", name, k, got[k], v)
		}
	}
}

func TestGoldenStreams(t *testing.T) {
	for _, path := range append(goldenArchives(t, "*.dump"), goldenArchives(t, "*.tar")...) {
		p := readFile(t, path)
		for kind, in := range map[string]io.Reader{
			"whole": bytes.NewReader(p), "one byte": iotest.OneByteReader(bytes.NewReader(p)), "data err": iotest.DataErrReader(bytes.NewReader(p)),
		} {
			got, err := readStream(in, archive.Limits{})
			compare(t, path+" "+kind, got, err)
		}
	}
}

func TestGoldenFiles(t *testing.T) {
	for _, path := range goldenArchives(t, "pg*") {
		got, err := readFileOf(path)
		compare(t, path, got, err)
	}
}

func TestSmallReads(t *testing.T) {
	for _, path := range goldenArchives(t, "*-pipe.dump") {
		r := archive.NewReader(bytes.NewReader(readFile(t, path)), archive.Limits{})
		if _, err := r.ReadTOC(); err != nil {
			t.Fatal(err)
		}
		want := goldenData()
		for {
			d, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if d.Entry().Desc == "BLOBS" {
				continue
			}
			if err := iotest.TestReader(d, []byte(want[d.Entry().Tag])); err != nil {
				t.Errorf("%s: %s: %v", path, d.Entry().Tag, err)
			}
		}
	}
}
