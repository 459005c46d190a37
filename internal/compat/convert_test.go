package compat

import (
	"fmt"
	"path/filepath"
	"testing"
)

// What pg_dump of each major version dumps, in each format, pgsluice converts into each form and version, and the programs of
// each that reads such archives restore it without an error.
func TestConvert(t *testing.T) {
	page := newPage("pg_restore and psql restore what pgsluice converted", "from, database, pg_dump's version, its format, restored by, into", columns()...)
	t.Run("all", func(t *testing.T) {
		for _, major := range dumpers(t) {
			for _, f := range fixtures() {
				t.Run(fmt.Sprintf("server %d, %s", major, f.name), func(t *testing.T) {
					t.Parallel()
					source := f.source(t, major)
					for _, from := range []form{{"custom", "gzip"}, {"directory", "gzip"}, {"tar", "none"}} {
						w := &way{page: page, fixture: f, major: major, dumper: major, source: source, by: ", " + from.format}
						archive, _ := pgDump(t, major, from, source)
						for _, to := range conversions(f, from) {
							t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
								w.readBack(t, to, func(t testing.TB, flags ...string) string {
									return convert(t, to, archive, flags...)
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

// conversions are into all forms of one, and into one of all others.
func conversions(f *fixture, from form) []form {
	if !*full || f != sink || from.format != "custom" {
		return []form{{"custom", "gzip"}}
	}
	var all []form
	for _, to := range forms {
		if to.format != "tar" { // which pgsluice only reads
			all = append(all, to)
		}
	}
	return all
}

func convert(t testing.TB, f form, from string, flags ...string) string {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "archive")
	args := []string{"convert", from, "--format=" + f.format, "--output=" + archive}
	if f.String() != f.format {
		args = append(args, "--compress="+f.compress)
	}
	run(t, pgsluice(t), append(args, flags...)...)
	return archive
}
