package compat

import (
	"fmt"
	"path/filepath"
	"testing"
)

// form is what an archive looks like from outside.
type form struct{ format, compress string }

// forms are all that either program writes.
var forms = []form{
	{"custom", "none"},
	{"custom", "gzip"},
	{"custom", "lz4"},
	{"custom", "zstd"},
	{"directory", "none"},
	{"directory", "gzip"},
	{"directory", "lz4"},
	{"directory", "zstd"},
	{"tar", "none"},
	{"plain", "none"},
}

func (f form) String() string {
	if f.format == "tar" || f.format == "plain" {
		return f.format
	}
	return f.format + " " + f.compress
}

// fromStdin is the column of what was read from a pipe.
func (f form) fromStdin() string { return f.String() + ", stdin" }

// columns are the forms in their order.
func columns() []string {
	var all []string
	for _, f := range forms {
		all = append(all, f.String(), f.fromStdin())
	}
	return all
}

// streams says whether it can be read from a pipe.
func (f form) streams() bool { return f.format == "custom" || f.format == "plain" }

// gzip is all that there was before PostgreSQL 16.
func (f form) young() bool { return f.compress == "lz4" || f.compress == "zstd" }

// flags are those of pg_dump.
func (f form) flags(major int) []string {
	flags := []string{"--format=" + f.format}
	switch {
	case f.String() == f.format:
	case major >= 16:
		flags = append(flags, "--compress="+f.compress)
	case f.compress == "none":
		flags = append(flags, "--compress=0")
	default:
		flags = append(flags, "--compress=6")
	}
	return flags
}

// pgDump has pg_dump of a major version write an archive. ok is false if that version can't write this form.
func pgDump(t testing.TB, major int, f form, source string) (archive string, ok bool) {
	t.Helper()
	if f.young() && major < 16 {
		return "", false
	}
	archive = filepath.Join(t.TempDir(), "archive")
	run(t, client(t, major, "pg_dump"), append(f.flags(major), "--file="+archive, source)...)
	return archive, true
}

// dump has pgsluice write an archive, with pg_dump of a major version as its helper.
func dump(t testing.TB, major int, f form, source string, flags ...string) string {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "archive")
	run(t, pgsluice(t), append(dumpArgs(t, major, f, source), append(flags, "--output="+archive)...)...)
	return archive
}

func dumpArgs(t testing.TB, major int, f form, source string) []string {
	t.Helper()
	args := []string{"dump", source, "--jobs=2", "--pg-dump=" + client(t, major, "pg_dump"), "--format=" + f.format}
	if f.String() != f.format {
		args = append(args, "--compress="+f.compress)
	}
	return args
}

// version is that of the archive format that pg_dump of a major version writes, raised where the compression needs it.
func version(major int, f form) int {
	switch {
	case major >= 17:
		return 16
	case major == 16 || f.young():
		return 15
	}
	return 14
}

// reads says whether pg_restore of a major version reads archives of version 1.minor.
func reads(major, minor int) bool { return minor <= version(major, form{}) }

func versionFlag(minor int) string { return fmt.Sprintf("--archive-version=1.%d", minor) }
