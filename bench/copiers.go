package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// route is from where to where, as URLs, and in which network namespace a copier must run for it.
type route struct {
	src, dst string
	within   []string // what stands before its command
}

// command is a program that copies that way.
func (way route) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	words := slices.Concat(way.within, []string{program}, args)
	return command(ctx, words[0], words[1:]...)
}

// direct is the way between the two servers' sockets.
func (f *field) direct() route { return route{src: f.src.url("bench"), dst: f.dst.url("bench")} }

func (f *field) pgsluiceCopy(ctx context.Context, flags ...string) (cost, error) {
	return f.sluice(ctx, f.pgsluice, f.direct(), flags...)
}

// sluice runs a build of pgsluice, and reads the spans of its phases from its report.
func (f *field) sluice(ctx context.Context, program string, way route, flags ...string) (c cost, err error) {
	path := filepath.Join(f.dir, "report.json")
	defer func() { err = errors.Join(err, os.RemoveAll(path)) }()
	args := append([]string{"copy", "--pg-dump", filepath.Join(f.bin, "pg_dump"), "--report", path}, flags...)
	if c, err = timed(way.command(ctx, program, append(args, way.src, way.dst)...)); err != nil {
		return c, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	var report struct {
		Phases []struct {
			Name string  `json:"name"`
			Span float64 `json:"span_seconds"`
		} `json:"phases"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return c, fmt.Errorf("the report of pgsluice: %w", err)
	}
	c.phases = map[string]float64{}
	for _, phase := range report.Phases {
		c.phases[phase.Name] = phase.Span
	}
	return c, nil
}

// restore is PostgreSQL's pg_restore with settings for its sessions, such as "-c maintenance_work_mem=1GB".
func (f *field) restore(ctx context.Context, options string, args ...string) *exec.Cmd {
	cmd := f.dst.command(ctx, "pg_restore", append([]string{"--exit-on-error", "--dbname=" + f.dst.url("bench")}, args...)...)
	if options != "" {
		cmd.Env = append(cmd.Env, "PGOPTIONS="+options)
	}
	return cmd
}

func (f *field) dumpRestore(ctx context.Context, options string) (cost, error) {
	return timed(f.src.command(ctx, "pg_dump", "-Fc", "-Z0", "--dbname="+f.src.url("bench")), f.restore(ctx, options))
}

// dumpRestoreDirectory is PostgreSQL's own parallel way, by way of a folder.
func (f *field) dumpRestoreDirectory(ctx context.Context, options string) (cost, error) {
	dir := filepath.Join(f.dir, "dump")
	defer func() { _ = os.RemoveAll(dir) }() // the whole field goes in the end
	dumped, err := timed(f.src.command(ctx, "pg_dump", "-Fd", "-j2", "-Z0", "-f", dir, "--dbname="+f.src.url("bench")))
	if err != nil {
		return dumped, err
	}
	restored, err := timed(f.restore(ctx, options, "-j2", dir))
	return dumped.then(restored), err
}

// psqlCopy sends the schema by pg_dump's sections, and all rows between them through one pair of psql: the first writes
// COPY FROM STDIN, a table's rows and \. for each table.
func (f *field) psqlCopy(ctx context.Context) (cost, error) {
	section := func(name string) (cost, error) {
		return timed(f.src.command(ctx, "pg_dump", "--section="+name, "--dbname="+f.src.url("bench")), f.psql(ctx, f.dst))
	}
	total, err := section("pre-data")
	if err != nil {
		return total, err
	}
	out := f.psql(ctx, f.src, "-c", `SELECT format(E'\\echo COPY %1$s FROM STDIN;\nCOPY %1$s TO STDOUT;\n\\echo ''\\\\.''', oid::regclass) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`)
	script, err := output(out)
	if err != nil {
		return total, err
	}
	path := filepath.Join(f.dir, "rows.sql")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		return total, err
	}
	rows, err := timed(f.psql(ctx, f.src, "-f", path), f.psql(ctx, f.dst))
	if total = total.then(rows); err != nil {
		return total, err
	}
	post, err := section("post-data")
	return total.then(post), err
}

func (f *field) psql(ctx context.Context, s *server, args ...string) *exec.Cmd {
	return s.command(ctx, "psql", append([]string{"-XqAt", "-v", "ON_ERROR_STOP=1", "-d", s.url("bench")}, args...)...)
}

// copydb is a build of pgcopydb.
type copydb struct {
	program, version string
	help             string // of clone: which flags there are
}

// findCopydb looks at the program of that path, or at the one in PATH.
func findCopydb(ctx context.Context, path string) (copydb, error) {
	if path == "" {
		path = "pgcopydb"
	}
	program, err := exec.LookPath(path)
	if err != nil {
		return copydb{}, err
	}
	d := copydb{program: program}
	text, err := output(command(ctx, program, "--version"))
	if err != nil {
		return d, err
	}
	_, text, _ = strings.Cut(text, "pgcopydb version ") // above it on stderr is where it lies
	d.version, _, _ = strings.Cut(text, "\n")
	d.help, err = said(command(ctx, program, "clone", "--help"))
	return d, err
}

// said is what a command wrote to stdout and stderr.
func said(cmd *exec.Cmd) (string, error) {
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd.Path, err, text.String())
	}
	return text.String(), nil
}

func (d copydb) has(flag string) bool { return strings.Contains(d.help, flag+" ") }

func (f *field) pgcopydb(ctx context.Context, d copydb, way route, jobs string, flags ...string) (cost, error) {
	dir := filepath.Join(f.dir, "pgcopydb")
	defer func() { _ = os.RemoveAll(dir) }() // the whole field goes in the end
	args := append([]string{"clone", "--dir", dir, "--table-jobs", jobs, "--index-jobs", jobs, "--source", way.src, "--target", way.dst}, flags...)
	cmd := way.command(ctx, d.program, args...)
	cmd.Env = append(cmd.Env, "PATH="+f.bin+":"+os.Getenv("PATH"))
	return timed(cmd)
}
