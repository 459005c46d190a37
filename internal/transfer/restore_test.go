package transfer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
)

// dumpedBy has pg_dump write an archive of a database and returns its path.
func dumpedBy(t *testing.T, url, format string, flags ...string) string {
	t.Helper()
	program, err := pgtest.Programs(t).Path("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "archive")
	args := append([]string{"--format=" + format, "--file=" + path, "--dbname=" + url}, flags...)
	if out, err := osexec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("pg_dump %v: %v\n%s", args, err, out)
	}
	return path
}

// readFile is what a pipe from an archive yields.
func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// piped hides all of a reader but its Read.
func piped(content []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(content)} }

// restoreOK is a restore in which nothing may fail.
func restoreOK(t *testing.T, opt RestoreOptions) *Result {
	t.Helper()
	if opt.Progress == nil {
		opt.Progress = progress.New()
	}
	result, err := Restore(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range opt.Progress.Snapshot().Failures {
		t.Errorf("%s %s: %s", f.Task.Kind, f.Task.Name, f.Error)
	}
	if result.Failed > 0 || !result.Complete {
		t.Errorf("%d objects failed; complete: %v", result.Failed, result.Complete)
	}
	if n := pgtest.Scalar[int](t, opt.Target, "SELECT count(*) FROM pg_namespace WHERE nspname = '_pgsluice'"); n > 0 {
		t.Error("the ledger is still there")
	}
	return result
}

func regressionSource(t *testing.T) string {
	t.Helper()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Restore(t, src, "testdata/regression15.dump")
	return src
}

// PostgreSQL's own regression database arrives whole, from each format of pg_dump's, as a file and as a stream.
func TestRestoreRegression(t *testing.T) {
	t.Parallel()
	src := regressionSource(t)
	for _, tt := range []struct {
		name, format string
		flags        []string
		stream       bool
		jobs         int
	}{
		{"custom, a stream", "custom", nil, true, 4},
		{"custom, a file", "custom", []string{"--compress=0"}, false, 4},
		{"directory", "directory", nil, false, 2},
		{"tar, a stream", "tar", nil, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.DatabaseOn(t, pgtest.Second(t))
			opt := RestoreOptions{Path: dumpedBy(t, src, tt.format, tt.flags...), Options: Options{Target: dst, Jobs: tt.jobs}}
			if tt.stream {
				opt.Input, opt.Path = piped(readFile(t, opt.Path)), ""
			}
			restoreOK(t, opt)
			pgtest.DBDiff(t, src, dst)
		})
	}
}

// So does the kitchen sink, which has every kind of entry that pg_dump writes, with the settings of the database.
func TestRestoreKitchenSink(t *testing.T) {
	t.Parallel()
	source, target := sinkServers(t)
	src := source.URL("kitchen sink")
	pgtest.Exec(t, source.URL("postgres"), `CREATE DATABASE "kitchen sink"`)
	fillSink(t, src)
	for i, tt := range []struct {
		format string
		stream bool
	}{{"custom", true}, {"directory", false}, {"tar", false}, {"custom", false}} {
		t.Run(fmt.Sprintf("%s, a stream: %v", tt.format, tt.stream), func(t *testing.T) {
			name := fmt.Sprintf("kitchen sink %d", i)
			pgtest.Exec(t, target.URL("postgres"), `CREATE DATABASE "`+name+`"`)
			opt := RestoreOptions{Path: dumpedBy(t, src, tt.format), Options: Options{Target: target.URL(name), Jobs: 3, Subscriptions: true}}
			if tt.stream {
				opt.Input, opt.Path = piped(readFile(t, opt.Path)), ""
			}
			restoreOK(t, opt)
			pgtest.DBDiff(t, src, target.URL(name), "-S")
		})
	}
}

// The plan that the table of contents gives alone is the one that the catalogs of its source give: the same tasks, with the same statements.
func TestTableOfContentsPlansLikeItsSource(t *testing.T) {
	t.Parallel()
	source, _ := sinkServers(t)
	for _, fill := range []func(t *testing.T) string{
		func(t *testing.T) string {
			pgtest.Exec(t, source.URL("postgres"), `CREATE DATABASE "kitchen sink"`) // its subscription would keep it from being dropped
			url := source.URL("kitchen sink")
			fillSink(t, url)
			return url
		},
		regressionSource,
	} {
		url := fill(t)
		f, err := archive.Open(dumpedBy(t, url, "custom"), archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		choices := plan.Choices{TargetDatabase: "target", TargetVersion: 150000, Subscriptions: true, Archived: true}
		told, err := plan.Build(f.TOC(), plan.SourceOf(f.TOC(), nil), choices)
		if err != nil {
			t.Fatal(err)
		}
		known, err := plan.Build(f.TOC(), sourceOf(t, url), choices)
		if err != nil {
			t.Fatal(err)
		}
		differ(t, told, known)
	}
}

func sourceOf(t *testing.T, url string) *catalog.Source {
	t.Helper()
	address, err := catalog.ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := catalog.OpenSession(t.Context(), address, catalog.SessionOptions{Role: catalog.Reader, Encoding: "UTF8"})
	if err != nil {
		t.Fatal(err)
	}
	defer catalog.Close(context.Background(), conn)
	if err := exec(t.Context(), conn, "BEGIN"); err != nil {
		t.Fatal(err)
	}
	s, err := catalog.ReadSource(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// differ reports the tasks that are in one plan only, or wait for or lock other things.
func differ(t *testing.T, told, known *plan.Plan) {
	t.Helper()
	text := func(p *plan.Plan) []string {
		var lines []string
		for _, task := range p.Tasks {
			lines = append(lines, fmt.Sprintf("%s %s: %q %s needs %v locks %v", task.Desc, task.Name, task.Statements, task.CopyIn, task.Needs, task.Locks)) // no CopyOut: it is not run
		}
		return lines
	}
	a, b := text(told), text(known)
	for _, line := range a {
		if !slices.Contains(b, line) {
			t.Error("only in the plan that the table of contents gives:", line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			t.Error("only in the plan that the catalogs give:", line)
		}
	}
}
