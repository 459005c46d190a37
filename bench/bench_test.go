package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// All benchmarks run from end to end on a little data and leave their results.
func TestMeasure(t *testing.T) {
	if _, err := findPrograms(); err != nil {
		t.Skip(err)
	}
	if err := supported(); err != nil {
		t.Skip(err)
	}
	folder := t.TempDir()
	c := config{run: "all", scale: 0.01, rounds: 1, results: folder, out: t.Output()}
	if err := c.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, rows := range map[string][]string{
		"memory": {"| 0.02 GB | ", "| 0.04 GB | ", " MiB** ("},
		"copy":   {"| pgsluice copy --jobs 2 | **", `| pg_dump -Fc -Z0 \| pg_restore | **`, "| 100 % |"},
		"unread": {"| stderr is read | **", "| its reader is stopped | **"},
		"gin":    {"| pgsluice copy | **", "| pgsluice copy, tasks in TOC order | **", "| pg_dump -Fd -j2, then pg_restore -j2 | **", "* Critical path, "},
	} {
		files, err := filepath.Glob(filepath.Join(folder, "*-"+name+".md"))
		if err != nil || len(files) != 1 {
			t.Fatalf("results of %s: %v, %v", name, files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range append(rows, "* Machine: ", "`fsync=off`") {
			if !strings.Contains(string(text), row) {
				t.Errorf("%s lacks %q:\n%s", files[0], row, text)
			}
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		sample sample
		want   float64
	}{{sample{7}, 7}, {sample{3, 1}, 2}, {sample{9, 1, 2}, 2}, {sample{4, 3, 2, 1}, 2.5}} {
		if got := c.sample.median(); got != c.want {
			t.Errorf("median of %v: %v, not %v", c.sample, got, c.want)
		}
	}
}
