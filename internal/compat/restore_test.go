package compat

import (
	"fmt"
	"os"
	"testing"

	"pgsluice/internal/pgtest"
)

// What pg_dump of each major version dumps from a server of each, pgsluice restores on that server, equal to the last detail.
func TestRestore(t *testing.T) {
	page := newPage("pgsluice restores what pg_dump dumped", "dumped by, from, database")
	t.Run("all", func(t *testing.T) { // returns when its parallel tests have ended
		for _, major := range servers(t) {
			for _, f := range fixtures() {
				t.Run(fmt.Sprintf("server %d, %s", major, f.name), func(t *testing.T) {
					t.Parallel()
					source := f.source(t, major)
					for _, dumper := range dumpers(t) {
						if dumper < major {
							continue // pg_dump refuses a newer server
						}
						row := fmt.Sprintf("pg_dump %d, server %d, %s", dumper, major, f.name)
						for _, form := range formsFor(f, dumper, major) {
							t.Run(fmt.Sprintf("pg_dump %d, %s", dumper, form), func(t *testing.T) {
								restoreAll(t, page, row, dumper, form, source, major)
							})
						}
					}
				})
			}
		}
	})
	page.write(t)
}

// fixtures are both databases, or the one that is made quickly.
func fixtures() []*fixture {
	if *full {
		return []*fixture{sink, regression}
	}
	return []*fixture{sink}
}

// formsFor are all forms, or a few: the regression database takes its time, and is dumped in all forms where the versions
// are equal; so is the kitchen sink, beside which `make test` has other things to do.
func formsFor(f *fixture, dumper, major int) []form {
	if *full && (f == sink || dumper == major) {
		return forms
	}
	return []form{{"custom", "gzip"}, {"directory", "gzip"}, {"tar", "none"}, {"plain", "none"}}
}

// restoreAll dumps once, and restores from the file and, where that is possible, from stdin.
func restoreAll(t *testing.T, page *page, row string, dumper int, form form, source string, major int) {
	archive, ok := pgDump(t, dumper, form, source)
	if !ok {
		return
	}
	flags := []string{"-S"}
	if form.format == "plain" {
		flags = nil // without --create a script has nothing of the database's own
	}
	t.Run("file", func(t *testing.T) {
		defer page.note(t, row, form.String(), "equal")
		target := database(t, major)
		run(t, pgsluice(t), "restore", target, archive, "--jobs=2", "--subscriptions")
		pgtest.DBDiff(t, source, target, flags...)
	})
	if !form.streams() {
		return
	}
	t.Run("stdin", func(t *testing.T) {
		defer page.note(t, row, form.String()+", stdin", "equal")
		in, err := os.Open(archive)
		if err != nil {
			t.Fatal(err)
		}
		target := database(t, major)
		start(t, in, nil, pgsluice(t), "restore", target, "--subscriptions").succeed(t)
		pgtest.DBDiff(t, source, target, flags...)
	})
}

// A dump taken from an older server goes into a newer one: the rows are equal, the schema is as the newer one words it.
func TestRestoreIntoNewer(t *testing.T) {
	if !*full {
		t.Skip("there is one version of the server: make compat has all")
	}
	page := newPage("pgsluice restores dumps of older servers into newer ones", "from, database")
	t.Run("all", func(t *testing.T) {
		for _, old := range servers(t) {
			for _, f := range []*fixture{sink, portable} {
				t.Run(fmt.Sprintf("server %d, %s", old, f.name), func(t *testing.T) {
					t.Parallel()
					source := f.source(t, old)
					for _, major := range dumpers(t) {
						if major <= old {
							continue
						}
						t.Run(fmt.Sprintf("into %d", major), func(t *testing.T) {
							defer page.note(t, fmt.Sprintf("server %d, %s", old, f.name), fmt.Sprintf("pg_dump %d, server %d", major, major), "rows equal")
							archive, _ := pgDump(t, major, form{"custom", "gzip"}, source)
							target := database(t, major)
							run(t, pgsluice(t), "restore", target, archive, "--jobs=2", "--subscriptions")
							pgtest.DBDiff(t, source, target, "-d")
						})
					}
				})
			}
		}
	})
	page.write(t)
}
