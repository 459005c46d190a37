package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// need skips a test where the benchmarks can't run.
func need(t *testing.T) {
	t.Helper()
	if _, err := findPrograms(); err != nil {
		t.Skip(err)
	}
	if err := supported(); err != nil {
		t.Skip(err)
	}
}

// results runs a benchmark on a little data and returns the text of its result.
func results(t *testing.T, name string, c config) string {
	t.Helper()
	c.run, c.rounds, c.results, c.out = name, 1, t.TempDir(), t.Output()
	if err := c.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(c.results, "*-"+name+".md"))
	if err != nil || len(files) != 1 {
		t.Fatalf("results of %s: %v, %v", name, files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"svg", "json"} {
		if beside := strings.TrimSuffix(files[0], "md") + end; (name == "peers") != exists(beside) {
			t.Errorf("%s is there: %v", beside, exists(beside))
		}
	}
	return string(text)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// All benchmarks run from end to end on a little data and leave their results.
func TestMeasure(t *testing.T) {
	need(t)
	for _, c := range []struct {
		name   string
		config config
		want   []string
	}{
		{"memory", config{scale: 0.01}, []string{"| 0.02 GB | ", "| 0.04 GB | ", " MiB** ("}},
		{"peers", config{scale: 0.002, peers: "pgsluice"}, []string{
			"| orders | pgsluice | **", "| one | pgsluice | **", "## kv", "## ledger", "## events", "## wide", "## blobs", "## tiny",
			"Phases of pgsluice (spans, which may overlap): constraints ", "Left out: pgloader",
		}},
		{"limits", config{scale: 0.002, sets: "events"}, []string{"| events | events | text | ", "| events | events | binary | ", "* events, events: events_kind_at_idx ", "; critical path **"}},
		{"tiny-latency", config{scale: 0.01}, []string{"10 tables with ", ", through a ", "| pgsluice | pgsluice copy | **"}},
		{"plan100k", config{scale: 0.001}, []string{"# A plan for 100 empty tables", "| pgsluice plan SOURCE | **", "| pg_dump -s | **", "| 1.00 |"}},
		{"gin", config{scale: 0.01}, []string{"| pgsluice copy | **", "| pgsluice copy, tasks in TOC order | **", "| pg_dump -Fd -j2, then pg_restore -j2 | **", "* Critical path, "}},
		{"unread", config{scale: 0.01}, []string{"| stderr is read | **", "| its reader is stopped | **"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := results(t, c.name, c.config)
			for _, want := range append(c.want, "* Machine: ", "`fsync=off`", "`wal_level=replica`") {
				if !strings.Contains(text, want) {
					t.Errorf("the result lacks %q:\n%s", want, text)
				}
			}
		})
	}
}

// Every peer makes an equal copy, of a data set with keys, indexes and several tables.
func TestPeers(t *testing.T) {
	need(t)
	text := results(t, "peers", config{scale: 0.002, sets: "orders", variants: []variant{{name: "two", flags: []string{"--jobs", "2"}}}})
	for _, want := range []string{"| orders | pgsluice-two | **", "| pgsluice-two | pgsluice copy --jobs 2 (ANALYZE) | **", "| pgsluice | pgsluice copy (ANALYZE) | **", `| dump | pg_dump -Fc -Z0 \| pg_restore | **`, "| dump-1GB | ", "| dir | ", "| dir-1GB | ", `| psql | psql COPY \| psql COPY | **`} {
		if !strings.Contains(text, want) {
			t.Errorf("the result lacks %q:\n%s", want, text)
		}
	}
	if _, err := exec.LookPath("pgcopydb"); err == nil && !strings.Contains(text, "| pgcopydb | pgcopydb ") {
		t.Errorf("the result lacks pgcopydb:\n%s", text)
	}
}

func TestWrongNames(t *testing.T) {
	need(t)
	for _, c := range []struct {
		config config
		want   string
	}{
		{config{run: "copy", scale: 1}, "-run copy: there are memory, peers, "},
		{config{run: "peers", scale: 0}, "-scale must be positive"},
		{config{run: "peers", scale: 1, sets: "order"}, "-sets order: there are orders, one, "},
		{config{run: "peers", scale: 0.0001, sets: "tiny", peers: "nobody"}, "-peers nobody: there are pgsluice, dump, "},
	} {
		c.config.results, c.config.out = t.TempDir(), t.Output()
		if err := c.config.measure(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, not %q", c.config, err, c.want)
		}
	}
}

// startField gives two servers, which go with the test.
func startField(t *testing.T) *field {
	t.Helper()
	f, err := newField(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.remove(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// A copy that differs, in its rows or in how they are declared, is no copy; and a peer that fails is told, is out, and does
// not take the others with it.
func TestUnequal(t *testing.T) {
	need(t)
	f := startField(t)
	if err := f.fillSet(t.Context(), "bench", "kv", 0.00001); err != nil {
		t.Fatal(err)
	}
	then := func(sql string) func(context.Context) (cost, error) {
		return func(ctx context.Context) (cost, error) {
			c, err := f.dumpRestore(ctx, "")
			if err == nil {
				_, err = f.dst.sql(ctx, "bench", sql)
			}
			return c, err
		}
	}
	peers := []*peer{
		{name: "equal", copy: then("SELECT")},
		{name: "a row less", copy: then("DELETE FROM kv WHERE k = 1")},
		{name: "another value", copy: then("UPDATE kv SET v = v + 1 WHERE k = 1")},
		{name: "another type", copy: then("ALTER TABLE kv ALTER v TYPE bigint")},
		{name: "no NOT NULL", copy: then("ALTER TABLE kv ALTER v DROP NOT NULL")},
		{name: "no key", copy: then("ALTER TABLE kv DROP CONSTRAINT kv_pkey")},
	}
	if err := f.rounds(t.Context(), config{rounds: 2, out: t.Output()}, peers); err != nil {
		t.Fatal(err)
	}
	for i, p := range peers {
		switch {
		case i == 0 && (p.err != nil || len(p.costs) != 2):
			t.Errorf("%s: %v, %d runs", p.name, p.err, len(p.costs))
		case i > 0 && (len(p.costs) > 0 || p.err == nil || !strings.Contains(p.err.Error(), "the copy is not equal: source ")):
			t.Errorf("%s: %v, %d runs", p.name, p.err, len(p.costs))
		}
	}
}

// The CPU time of a server has that of sessions that have ended, and hardly more: about what the kernel tells such a
// session of itself.
func TestServerCPU(t *testing.T) {
	need(t)
	f := startField(t)
	var told float64
	c, err := f.metered(t.Context(), func(ctx context.Context) (cost, error) {
		text, err := f.dst.sql(ctx, "postgres", "SELECT count(*) FROM generate_series(1, 3000000);\nSELECT pg_read_file('/proc/self/stat')")
		if err != nil {
			return cost{}, err
		}
		_, text, _ = strings.Cut(text, ") ") // behind the count and the name
		fields := strings.Fields(text)
		var user, system float64
		_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
		told = (user + system) / 100
		return cost{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if told < 0.1 || target(c) < told-0.02 || target(c) > told+0.3 || source(c) > 0.1 {
		t.Errorf("the session took %.2f s of its own account, the target %.2f s, and the source, which was idle, %.2f s", told, target(c), source(c))
	}
}

// leaver cancels when it is told of the first run.
type leaver struct {
	cancel context.CancelFunc
	writes int
}

func (l *leaver) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "# round 1") {
		l.writes++
		l.cancel()
	}
	return len(p), nil
}

// Whoever interrupts a benchmark finds what was measured, and neither files nor servers of it.
func TestInterrupted(t *testing.T) {
	need(t)
	dir, err := os.MkdirTemp("", "left-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, name := range []string{"peers", "tiny-latency"} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &leaver{cancel: cancel}
		c := config{run: name, scale: 0.001, sets: "kv", results: folder, out: out}
		if err := c.measure(ctx); !errors.Is(err, context.Canceled) || out.writes != 1 {
			t.Errorf("%s: %v after %d runs", name, err, out.writes)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s left %v, %v", name, left, err)
		}
		commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range commands {
			if command, err := os.ReadFile(path); err == nil && strings.Contains(string(command), dir) {
				t.Errorf("%s left a process: %q", name, command)
			}
		}
		if name == "peers" {
			if files, _ := filepath.Glob(filepath.Join(c.results, "*-peers.json")); len(files) != 1 {
				t.Error("the run that was measured is lost")
			}
		}
	}
}
