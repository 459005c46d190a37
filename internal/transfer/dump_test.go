package transfer

import (
	"bytes"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

var dumpFormats = map[DumpFormat]string{CustomArchive: "custom", DirectoryArchive: "directory", PlainScript: "plain"}

// dumpOK dumps what opt says to a path of its own.
func dumpOK(t *testing.T, opt DumpOptions) (path string, result *DumpResult) {
	t.Helper()
	opt.Path = filepath.Join(t.TempDir(), "dump")
	result, err := Dump(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if result.Path != opt.Path {
		t.Errorf("the result says that it is in %q", result.Path)
	}
	return opt.Path, result
}

// restoreDump restores a dump with PostgreSQL's own programs.
func restoreDump(t *testing.T, p cluster.Programs, format DumpFormat, c archive.Compression, url, path string) {
	t.Helper()
	if format != PlainScript {
		run15(t, p, "pg_restore", nil, "--exit-on-error", "--dbname="+url, path)
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var script io.Reader = bytes.NewReader(text)
	if c.Algorithm == archive.Gzip {
		script = strings.NewReader(gunzip(t, text))
	}
	run15(t, p, "psql", script, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname="+url)
}

func gunzip(t *testing.T, p []byte) string {
	t.Helper()
	cmd := osexec.CommandContext(t.Context(), "gzip", "-dc")
	cmd.Stdin = bytes.NewReader(p)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// run15 runs one of PostgreSQL's programs; it may say nothing.
func run15(t *testing.T, p cluster.Programs, name string, in io.Reader, args ...string) {
	t.Helper()
	path, err := p.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.CommandContext(t.Context(), path, args...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = in, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%.2000s", name, err, &said)
	}
}

// What is dumped restores, with the programs of PostgreSQL, into an equal database: all formats, tables in parts, large objects.
func TestDumpRestores(t *testing.T) {
	t.Parallel()
	source, target := sinkServers(t)
	var made atomic.Int32
	check := func(name, src string, combinations ...string) {
		for format, word := range dumpFormats {
			for _, c := range []archive.Compression{{Level: -1}, {Algorithm: archive.Gzip, Level: -1}} {
				combination := word + " " + c.Algorithm.String()
				if len(combinations) > 0 && !slices.Contains(combinations, combination) {
					continue
				}
				t.Run(name+" "+combination, func(t *testing.T) {
					path, _ := dumpOK(t, DumpOptions{Source: src, Format: format, Compression: &c, Jobs: 4, SplitAbove: 16 << 10})
					db := fmt.Sprintf("restored%d", made.Add(1)) // goes with its server: a subscription keeps it from being dropped
					pgtest.Exec(t, target.URL("postgres"), "CREATE DATABASE "+db)
					restoreDump(t, pgtest.Programs(t), format, c, target.URL(db), path)
					pgtest.DBDiff(t, src, target.URL(db))
				})
			}
		}
	}
	for _, db := range []string{"sink", "regression"} {
		pgtest.Exec(t, source.URL("postgres"), "CREATE DATABASE "+db)
	}
	fillSink(t, source.URL("sink"))
	check("kitchen sink", source.URL("sink"))
	pgtest.Restore(t, source.URL("regression"), "testdata/regression15.dump")
	check("regression", source.URL("regression"), "custom gzip", "directory none", "plain gzip")
}
