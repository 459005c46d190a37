package compat

import (
	"fmt"
	"testing"
)

// What pgsluice dumps, from a server of each major version, the programs of each that reads such archives restore without an
// error.
func TestDump(t *testing.T) {
	page := newPage("pg_restore and psql restore what pgsluice dumped", "from, database, pg_dump's version, restored by, into", columns()...)
	t.Run("all", func(t *testing.T) {
		for _, major := range servers(t) {
			for _, f := range fixtures() {
				helper := helper(t, major)
				w := &way{page: page, fixture: f, major: major, dumper: helper}
				t.Run(fmt.Sprintf("server %d, %s", major, f.name), func(t *testing.T) {
					t.Parallel()
					w.source = f.source(t, major)
					for _, form := range formsFor(f, helper, major) {
						if form.format != "tar" { // which pgsluice only reads
							t.Run(form.String(), func(t *testing.T) {
								w.readBack(t, form, func(t testing.TB, flags ...string) string {
									return dump(t, w.dumper, form, w.source, flags...)
								})
							})
						}
					}
				})
			}
		}
	})
	page.write(t)
}

// helper is the oldest of the versions of pg_dump that read the server.
func helper(t testing.TB, major int) int {
	t.Helper()
	for _, d := range dumpers(t) {
		if d >= major {
			return d
		}
	}
	t.Fatalf("no pg_dump reads PostgreSQL %d", major)
	return 0
}

func (w *way) row(program string, restorer, into int) string {
	return fmt.Sprintf("server %d, %s, pg_dump %d%s, %s %d, server %d", w.major, w.fixture.name, w.dumper, w.by, program, restorer, into)
}

// readBack makes an archive once, or once for each version that it is to have, and has the programs of all versions that read
// it restore it.
func (w *way) readBack(t *testing.T, form form, write func(t testing.TB, flags ...string) string) {
	written := false
	defer func() {
		if !written {
			w.page.note(t, fmt.Sprintf("server %d, %s, pg_dump %d%s", w.major, w.fixture.name, w.dumper, w.by), form.String(), "")
		}
	}()
	archive := write(t)
	written = true
	if form.format == "plain" {
		t.Run("psql", func(t *testing.T) {
			into := max(w.major, w.dumper)
			defer w.page.note(t, w.row("psql", w.dumper, into), form.String(), w.verdict(into))
			target := database(t, into)
			run(t, client(t, w.dumper, "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=on", "--file="+archive, target)
			w.compare(t, into, target)
		})
		return
	}
	for _, restorer := range dumpers(t) {
		minor := version(w.dumper, form)
		if !reads(restorer, minor) {
			if form.young() {
				continue // which an older version can't have
			}
			minor = version(restorer, form)
		}
		t.Run(fmt.Sprintf("pg_restore %d", restorer), func(t *testing.T) {
			archive := archive
			into := max(w.major, w.dumper, restorer) // whose words they all may use
			row := w.row("pg_restore", restorer, into)
			if minor < version(w.dumper, form) {
				archive = write(t, versionFlag(minor))
				row += fmt.Sprintf(", --archive-version 1.%d", minor)
			}
			defer w.page.note(t, row, form.String(), w.verdict(into))
			target := database(t, into)
			run(t, client(t, restorer, "pg_restore"), "--exit-on-error", "--dbname="+target, archive)
			w.compare(t, into, target)
		})
	}
}
