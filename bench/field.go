package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// field is where a benchmark runs: a fresh build of pgsluice and two empty servers.
type field struct {
	module   string // the folder of go.mod
	dir      string // of all that goes at the end
	pgsluice string // the program
	commit   string // that it was built from
	bin      string // PostgreSQL's programs
	src, dst *server

	inventory string             // of the source's database, once it was asked for
	save      func(result) error // keeps a result that is not complete yet
}

// newField builds the program and starts the servers of the build in bin, with settings besides the harness's own. The caller removes it.
func newField(ctx context.Context, bin string, more []string) (_ *field, err error) {
	if err := supported(); err != nil {
		return nil, err
	}
	f := &field{bin: bin}
	if bin == "" {
		if f.bin, err = findPrograms(); err != nil {
			return nil, err
		}
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
	all := slices.Concat(settings, more)
	if f.src, err = startServer(ctx, f.bin, filepath.Join(f.dir, "source"), all); err != nil {
		return nil, err
	}
	f.dst, err = startServer(ctx, f.bin, filepath.Join(f.dir, "target"), all)
	return f, err
}

// remove stops the servers and deletes all files.
func (f *field) remove() error {
	return errors.Join(f.src.stop(), f.dst.stop(), os.RemoveAll(f.dir))
}

// renew gives the target an empty database, and both servers a quiet disk.
func (f *field) renew(ctx context.Context) error {
	if err := f.dst.fresh(ctx, "bench"); err != nil {
		return err
	}
	if _, err := f.dst.sql(ctx, "postgres", "CHECKPOINT"); err != nil {
		return err
	}
	_, err := f.src.sql(ctx, "postgres", "CHECKPOINT")
	return err
}

// inventorySQL tells what must be equal on both sides when a copy has ended: of every table the number of its rows and the
// sum of their hashes, and its columns with their types; of the indexes, constraints and relations how many of which kind.
const inventorySQL = `
SELECT format('SELECT %L, count(*), sum(hashtext(t::text)) FROM ONLY %s AS t', oid::regclass, oid::regclass)
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY oid::regclass::text \gexec
SELECT 'columns', attrelid::regclass, count(*), count(*) FILTER (WHERE attnotnull), sum(hashtext(concat(attname, ' ', format_type(atttypid, atttypmod))))
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE attnum > 0 AND NOT attisdropped AND relkind = 'r' AND relnamespace = 'public'::regnamespace
 GROUP BY attrelid ORDER BY attrelid::regclass::text;
SELECT 'indexes', count(*), count(*) FILTER (WHERE i.indisunique), count(*) FILTER (WHERE i.indisprimary)
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid WHERE i.indisvalid AND c.relnamespace = 'public'::regnamespace;
SELECT 'constraints', contype, count(*) FROM pg_constraint WHERE convalidated AND connamespace = 'public'::regnamespace GROUP BY contype ORDER BY contype;
SELECT 'relations', relkind, count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace GROUP BY relkind ORDER BY relkind;`

// check compares the two databases' inventories.
func (f *field) check(ctx context.Context) error {
	var err error
	if f.inventory == "" {
		if f.inventory, err = f.src.sql(ctx, "bench", inventorySQL); err != nil {
			return err
		}
	}
	dst, err := f.dst.sql(ctx, "bench", inventorySQL)
	if err != nil {
		return err
	}
	if f.inventory == dst {
		return nil
	}
	return fmt.Errorf("the copy is not equal: %s", difference(strings.Split(f.inventory, "\n"), strings.Split(dst, "\n")))
}

// difference is the first line in which two inventories differ.
func difference(src, dst []string) string {
	for i := range max(len(src), len(dst)) {
		var a, b string
		if i < len(src) {
			a = src[i]
		}
		if i < len(dst) {
			b = dst[i]
		}
		if a != b {
			return fmt.Sprintf("source %q, target %q", a, b)
		}
	}
	return "nothing"
}
