package compat

import (
	"fmt"
	"testing"

	"pgsluice/internal/pgtest"
)

// What pgsluice dumps, from a server of each major version, the programs of each that reads such archives restore without an
// error.
func TestDump(t *testing.T) {
	page := newPage("pg_restore and psql restore what pgsluice dumped", "from, database, pg_dump's version, restored by, into")
	t.Run("all", func(t *testing.T) {
		for _, major := range servers(t) {
			for _, f := range fixtures() {
				if f == regression {
					f = portable
				}
				helper := helper(t, major)
				b := &back{page: page, fixture: f, major: major, helper: helper}
				t.Run(fmt.Sprintf("server %d, %s", major, f.name), func(t *testing.T) {
					t.Parallel()
					source := f.source(t, major)
					for _, form := range formsFor(f, helper, major) {
						if form.format != "tar" { // which pgsluice only reads
							t.Run(form.String(), func(t *testing.T) { b.read(t, form, source) })
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

// back is what the ways back from an archive have in common.
type back struct {
	page          *page
	fixture       *fixture
	major, helper int
}

func (b *back) row(program string, restorer, into int) string {
	return fmt.Sprintf("server %d, %s, pg_dump %d, %s %d, server %d", b.major, b.fixture.name, b.helper, program, restorer, into)
}

func (b *back) read(t *testing.T, form form, source string) {
	archive := dump(t, b.helper, form, source)
	if form.format == "plain" {
		t.Run("psql", func(t *testing.T) {
			defer b.page.note(t, b.row("psql", b.helper, b.major), form.String(), "equal")
			target := database(t, b.major)
			run(t, client(t, b.helper, "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=on", "--file="+archive, target)
			pgtest.DBDiff(t, source, target)
		})
		return
	}
	for _, restorer := range dumpers(t) {
		minor := version(b.helper, form)
		if !reads(restorer, minor) {
			if form.young() {
				continue // which an older version can't have
			}
			minor = version(restorer, form)
		}
		t.Run(fmt.Sprintf("pg_restore %d", restorer), func(t *testing.T) {
			archive := archive
			into := b.major
			if restorer >= 17 { // its scripts begin with SET transaction_timeout
				into = max(into, restorer)
			}
			row := b.row("pg_restore", restorer, into)
			if minor < version(b.helper, form) {
				archive = dump(t, b.helper, form, source, versionFlag(minor))
				row += fmt.Sprintf(", --archive-version 1.%d", minor)
			}
			good, flags := "equal", []string{}
			if into != b.major {
				good, flags = "rows equal", []string{"-d"}
			}
			defer b.page.note(t, row, form.String(), good)
			target := database(t, into)
			run(t, client(t, restorer, "pg_restore"), "--exit-on-error", "--dbname="+target, archive)
			pgtest.DBDiff(t, source, target, flags...)
		})
	}
}
