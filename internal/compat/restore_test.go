package compat

import (
	"fmt"
	"io"
	"os"
	"testing"

	"pgsluice/internal/pgtest"
)

// What pg_dump of each major version dumps from a server of each, pgsluice restores on a server of the newer version of the
// two: pg_dump promises that its words are understood there, and not before. If it is the source's own version, all is equal
// to the last detail, else the rows are.
func TestRestore(t *testing.T) {
	page := newPage("pgsluice restores what pg_dump dumped", "dumped by, from, database, into", columns()...)
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
						w := &way{page: page, fixture: f, major: major, dumper: dumper, source: source}
						for _, form := range formsFor(f, dumper, major) {
							t.Run(fmt.Sprintf("pg_dump %d, %s", dumper, form), func(t *testing.T) {
								w.restore(t, form)
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

// way is how a database travels.
type way struct {
	page          *page
	fixture       *fixture
	major, dumper int // of the source, and of the pg_dump
	source        string
	by            string // what else is on the way, for the table
}

// restore dumps once, and restores from the file and, where that is possible, from stdin.
func (w *way) restore(t *testing.T, form form) {
	archive, ok := pgDump(t, w.dumper, form, w.source)
	if !ok {
		return
	}
	into := max(w.major, w.dumper)
	row := fmt.Sprintf("pg_dump %d, server %d, %s, server %d", w.dumper, w.major, w.fixture.name, into)
	t.Run("file", func(t *testing.T) {
		w.load(t, row, form.String(), form, archive, into, nil, archive, "--jobs=2")
	})
	if !form.streams() {
		return
	}
	t.Run("stdin", func(t *testing.T) {
		in, err := os.Open(archive)
		if err != nil {
			t.Fatal(err)
		}
		w.load(t, row, form.fromStdin(), form, archive, into, in)
	})
}

// load is one restore. args name the file, if it is not read from in.
func (w *way) load(t *testing.T, row, column string, form form, archive string, into int, in io.Reader, args ...string) {
	verdict := w.verdict(into)
	defer func() { w.page.note(t, row, column, verdict) }()
	target := database(t, into)
	p := start(t, in, nil, pgsluice(t), append([]string{"restore", target, "--subscriptions"}, args...)...)
	if p.wait(t) != 0 && w.hopeless(t, form, archive, into) {
		verdict = "neither"
		return
	}
	p.succeed(t)
	w.compare(t, into, target, own(form)...)
}

// hopeless says whether PostgreSQL's own programs can't restore the archive either: the newest minor version of a server may
// have what the pg_dump at hand does not know how to leave out.
func (w *way) hopeless(t *testing.T, form form, archive string, into int) bool {
	t.Helper()
	if w.dumper == w.major {
		return false
	}
	target := database(t, into)
	path, args := client(t, w.dumper, "pg_restore"), []string{"--exit-on-error", "--dbname=" + target, archive}
	if form.format == "plain" {
		path, args = client(t, w.dumper, "psql"), []string{"--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=on", "--file=" + archive, target}
	}
	p := start(t, nil, nil, path, args...)
	if p.wait(t) == 0 {
		return false
	}
	t.Logf("%s: exit code %d:\n%s", p, p.code, p.said())
	return true
}

func (w *way) verdict(into int) string {
	if into == w.major {
		return "equal"
	}
	return "rows equal"
}

// compare calls the judge. exact are its flags for databases of one version.
func (w *way) compare(t *testing.T, into int, target string, exact ...string) {
	t.Helper()
	if into != w.major {
		exact = []string{"-d"} // pg_dump words one schema in several ways
	}
	pgtest.DBDiff(t, w.source, target, exact...)
}

// own makes the judge look at what is the database's own, too. A script has nothing of that without --create.
func own(f form) []string {
	if f.format == "plain" {
		return nil
	}
	return []string{"-S"}
}

// The kitchen sink of a server older than every pg_dump goes back to that server, although pg_dump does not promise that.
func TestRestoreIntoOlder(t *testing.T) {
	if !*full {
		t.Skip("there is one version of the server: make compat has all")
	}
	page := newPage("pgsluice restores dumps by a newer pg_dump on the server that they are of", "dumped by, from, database, into", columns()...)
	t.Run("all", func(t *testing.T) {
		for _, major := range servers(t) {
			dumper := helper(t, major)
			if dumper == major {
				continue
			}
			t.Run(fmt.Sprintf("server %d", major), func(t *testing.T) {
				t.Parallel()
				source := sink.source(t, major)
				for _, form := range []form{{"custom", "gzip"}, {"plain", "none"}} {
					t.Run(form.String(), func(t *testing.T) {
						archive, _ := pgDump(t, dumper, form, source)
						defer page.note(t, fmt.Sprintf("pg_dump %d, server %d, %s, server %d", dumper, major, sink.name, major), form.String(), "equal")
						target := database(t, major)
						run(t, pgsluice(t), "restore", target, archive, "--jobs=2", "--subscriptions")
						w := &way{fixture: sink, major: major, dumper: dumper, source: source}
						w.compare(t, major, target, own(form)...)
					})
				}
			})
		}
	})
	page.write(t)
}
