package script_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/cluster"
	"pgsluice/internal/script"
)

// scriptOf makes a script of an archive's bytes.
func scriptOf(tb testing.TB, dump io.Reader, opt script.Options) string {
	tb.Helper()
	r := archive.NewReader(dump, archive.Limits{})
	toc, err := r.ReadTOC()
	if err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	w, err := script.NewWriter(&b, toc, opt)
	if err != nil {
		tb.Fatal(err)
	}
	for {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			tb.Fatal(err)
		}
		if !w.Wants(d.Entry()) {
			continue
		}
		if err := pour(w, d); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// pour writes one entry's data.
func pour(w *script.Writer, d *archive.Data) error {
	if err := w.Begin(d.Entry()); err != nil {
		return err
	}
	if d.Entry().Desc != "BLOBS" {
		_, err := io.Copy(w, d)
		return errors.Join(err, w.End())
	}
	for {
		oid, err := d.NextObject()
		if errors.Is(err, io.EOF) {
			return w.End()
		}
		if err == nil {
			err = w.BeginObject(oid)
		}
		if err == nil {
			_, err = io.Copy(w, d)
		}
		if err != nil {
			return err
		}
		if err := w.EndObject(); err != nil {
			return err
		}
	}
}

var (
	tokens  = regexp.MustCompile(`(?m)^\\(un)?restrict .*`)
	timeout = regexp.MustCompile(`(?m)^(SET transaction_timeout = 0|SELECT pg_catalog.set_config\(name, .* 'transaction_timeout');\n`)
	altered = regexp.MustCompile(`(?m)^ALTER (MATERIALIZED VIEW|VIEW|SEQUENCE) `)
	note    = regexp.MustCompile(`(?m)^-- (Statistics for )Name: `)
)

// like makes a script of ours and one of pg_restore's of a major version comparable.
func like(major int, s string) string {
	s = timeout.ReplaceAllString(tokens.ReplaceAllString(s, `\${1}restrict`), "")
	if major < 16 {
		s = altered.ReplaceAllString(s, "ALTER TABLE ") // OWNER TO
	}
	if major < 18 {
		s = note.ReplaceAllString(s, "-- Name: ")
	}
	return s
}

// pgRestore is the script that a real one makes.
func pgRestore(tb testing.TB, p cluster.Programs, dump string, flags ...string) string {
	tb.Helper()
	return run(tb, p, "pg_restore", append(flags, "--file=-", dump)...)
}

// sameScript compares with pg_restore's, line by line.
func sameScript(t *testing.T, major int, what, got, want string) {
	t.Helper()
	got, want = like(major, got), like(major, want)
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s: line %d is %.300q, pg_restore %d has %.300q", what, i+1, a[i], major, b[i])
			return
		}
	}
	t.Errorf("%s: %d lines, pg_restore %d has %d", what, len(a), major, len(b))
}

var options = []struct {
	flags []string
	ours  script.Options
}{
	{nil, script.Options{}},
	{[]string{"--no-owner", "--no-tablespaces"}, script.Options{NoOwner: true, NoTablespaces: true}},
	{[]string{"--no-acl", "--no-comments", "--section=pre-data"}, script.Options{Selection: archive.Selection{
		NoACL: true, NoComments: true, Sections: []archive.Section{archive.PreData},
	}}},
	{[]string{"--data-only"}, script.Options{Selection: archive.Selection{DataOnly: true}}},
	{[]string{"--table=orders"}, script.Options{Selection: archive.Selection{Tables: []string{"orders"}}}},
}

func TestScriptIsPgRestores(t *testing.T) {
	dumps, err := filepath.Glob("../archive/testdata/golden/*.dump")
	if err != nil || len(dumps) < 5 {
		t.Fatal(dumps, err)
	}
	eachMajor(t, func(t *testing.T, programs cluster.Programs) {
		major := programs.Version
		for _, dump := range dumps {
			p, err := os.ReadFile(dump)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range options {
				if major < 16 && p[6] > 14 || major < 18 && strings.HasSuffix(dump, "pg18.dump") {
					continue // can't read it, or takes statistics for something else
				}
				what := fmt.Sprint(filepath.Base(dump), o.flags)
				sameScript(t, major, what, scriptOf(t, bytes.NewReader(p), o.ours), pgRestore(t, programs, dump, o.flags...))
			}
		}
	})
}
