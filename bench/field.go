package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// field is where a benchmark runs: a fresh build of pgsluice and two empty servers.
type field struct {
	module   string // the folder of go.mod
	dir      string // of all that goes at the end
	pgsluice string // the program
	commit   string // that it was built from
	bin      string // PostgreSQL's programs
	src, dst *server
}

// newField builds the program and starts the servers. The caller removes it.
func newField(ctx context.Context) (_ *field, err error) {
	if err := supported(); err != nil {
		return nil, err
	}
	f := &field{}
	if f.bin, err = findPrograms(); err != nil {
		return nil, err
	}
	if f.dir, err = os.MkdirTemp("", "pgsluice-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.remove())
		}
	}()
	if err := os.Chmod(f.dir, 0o711); err != nil { // the servers may run as another user
		return nil, err
	}
	module, err := output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}"))
	if err != nil {
		return nil, err
	}
	f.module = strings.TrimSpace(module)
	f.pgsluice = filepath.Join(f.dir, "pgsluice")
	build := exec.CommandContext(ctx, "go", "build", "-o", f.pgsluice, "./cmd/pgsluice")
	build.Dir = f.module
	if _, err := output(build); err != nil {
		return nil, err
	}
	f.commit = "an unknown commit" // without git, or outside of a repository
	git := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty")
	git.Dir = f.module
	if text, err := output(git); err == nil {
		f.commit = strings.TrimSpace(text)
	}
	if f.src, err = startServer(ctx, f.bin, filepath.Join(f.dir, "source")); err != nil {
		return nil, err
	}
	f.dst, err = startServer(ctx, f.bin, filepath.Join(f.dir, "target"))
	return f, err
}

// remove stops the servers and deletes all files.
func (f *field) remove() error {
	return errors.Join(f.src.stop(), f.dst.stop(), os.RemoveAll(f.dir))
}

// renew gives the target an empty database, and both servers a quiet disk.
func (f *field) renew(ctx context.Context) error {
	for _, sql := range []string{"DROP DATABASE IF EXISTS bench", "CREATE DATABASE bench", "CHECKPOINT"} {
		if _, err := f.dst.sql(ctx, "postgres", sql); err != nil {
			return err
		}
	}
	_, err := f.src.sql(ctx, "postgres", "CHECKPOINT")
	return err
}

// serversCPU is the CPU time that both servers have taken so far.
func (f *field) serversCPU() time.Duration {
	return cpuOf(f.src.postgres.Process.Pid) + cpuOf(f.dst.postgres.Process.Pid)
}

// inventory counts the rows of every table, the indexes and the valid constraints of a database: what must be equal
// on both sides when a copy has ended.
const inventory = `
SELECT c.oid::regclass::text, (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM ' || c.oid::regclass, false, true, '')))[1]
  FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'indexes', count(*)::text::xml FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 WHERE i.indisvalid AND c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'constraints', count(*)::text::xml FROM pg_constraint WHERE convalidated AND connamespace = 'public'::regnamespace
ORDER BY 1`

// check compares the two databases' inventories.
func (f *field) check(ctx context.Context) error {
	src, err := f.src.sql(ctx, "bench", inventory)
	if err != nil {
		return err
	}
	dst, err := f.dst.sql(ctx, "bench", inventory)
	if err != nil {
		return err
	}
	if src != dst {
		return fmt.Errorf("the copy is not equal; source:\n%starget:\n%s", src, dst)
	}
	return nil
}
