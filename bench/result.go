package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is what a benchmark has to say, in lines of Markdown.
type result struct {
	title string
	lines []string
	files map[string][]byte // what stands beside it, by the end of its name
}

func (r *result) line(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

// write puts the result into the folder, in the file of its day and name; an older one of the same day is replaced.
func (r *result) write(folder, name string, conditions []string) (string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	stem := filepath.Join(folder, time.Now().Format(time.DateOnly)+"-"+name)
	path := stem + ".md"
	for end, content := range r.files {
		if err := os.WriteFile(stem+"."+end, content, 0o644); err != nil {
			return path, err
		}
	}
	text := "# " + r.title + "\n\n" + strings.Join(append(slices.Clone(r.lines), append([]string{"", "## Conditions", ""}, conditions...)...), "\n") + "\n"
	return path, os.WriteFile(path, []byte(text), 0o644)
}

// describe says under which conditions the figures were measured.
func (f *field) describe(ctx context.Context, c config) ([]string, error) {
	version, err := output(exec.CommandContext(ctx, filepath.Join(f.bin, "postgres"), "--version"))
	if err != nil {
		return nil, err
	}
	return []string{
		"* Machine: " + machine() + ", " + runtime.GOOS + "/" + runtime.GOARCH + "; copier and both servers on it.",
		"* PostgreSQL: " + strings.TrimSpace(version) + "; its pg_dump, pg_restore and psql too.",
		"* pgsluice: " + f.commit + ", " + runtime.Version() + "; servers reached over TCP on the loopback, without TLS.",
		"* Settings of both servers: `" + strings.Join(f.src.settings, "`, `") + "`. The disk is hardly waited for: fsync is off.",
		fmt.Sprintf("* `-scale %g`; the target's database is made anew before each copy, and what was made is compared with the source after it: rows and a hash of them by table, columns, indexes, constraints.", c.scale),
	}, nil
}

// sample is a number of measurements of the same thing.
type sample []float64

// median is the middle one, or the mean of the middle two.
func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

func (s sample) min() float64 { return slices.Min(s) }
func (s sample) max() float64 { return slices.Max(s) }

// list is all of them in the order of measuring.
func (s sample) list(format string) string {
	words := make([]string, len(s))
	for i, v := range s {
		words[i] = fmt.Sprintf(format, v)
	}
	return strings.Join(words, ", ")
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
