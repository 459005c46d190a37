package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// dumpsWell dumps into a file or a directory and demands that nothing failed.
func dumpsWell(t *testing.T, opt DumpOptions) *DumpResult {
	t.Helper()
	if opt.Progress == nil {
		opt.Progress = progress.New()
	}
	result, err := Dump(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if s := opt.Progress.Snapshot(); len(s.Failures) > 0 || s.Data.TablesDone != s.Data.TablesTotal {
		t.Errorf("%d of %d tables, failures: %v", s.Data.TablesDone, s.Data.TablesTotal, s.Failures)
	}
	return result
}

// program is one that lies beside the server's.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := pgtest.Programs(t).Path(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// What is chosen means what it means to pg_dump: the tables of contents are the same, entry by entry, but for the moment and the
// offsets.
func TestDumpSelection(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, `
CREATE SCHEMA s; CREATE SCHEMA "Other";
CREATE TABLE s.a (id int PRIMARY KEY, v text DEFAULT 'x'); INSERT INTO s.a SELECT generate_series(1, 10);
CREATE TABLE s.log (id int); INSERT INTO s.log VALUES (1); COMMENT ON TABLE s.log IS 'noise';
CREATE TABLE "Other"."select" (id serial); CREATE VIEW "Other".v AS SELECT id FROM s.a;
CREATE TABLE s.p (k int) PARTITION BY RANGE (k); CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM (0) TO (9); INSERT INTO s.p VALUES (1);
GRANT SELECT ON s.a TO PUBLIC; CREATE PUBLICATION pub FOR ALL TABLES;
SELECT lo_from_bytea(4711, 'large'), lo_create(4712);`)
	for _, c := range []struct {
		flags     string
		selection Selection
	}{
		{"", Selection{}},
		{"--no-acl --no-owner --quote-all-identifiers", Selection{NoACL: true, NoOwner: true, QuoteAllIdentifiers: true}},
		{"--schema=s --exclude-table-data=s.log", Selection{Schemas: []string{"s"}, ExcludeTableData: []string{"s.log"}}},
		{"--table=s.* --exclude-table=s.log", Selection{Tables: []string{"s.*"}, ExcludeTables: []string{"s.log"}}},
		{"--schema-only --no-comments --no-publications", Selection{SchemaOnly: true, NoComments: true, NoPublications: true}},
		{"--data-only --load-via-partition-root", Selection{DataOnly: true, LoadViaPartitionRoot: true}},
		{"--section=data", Selection{Sections: []string{"data"}}},
		{"--section=pre-data --section=post-data --exclude-schema=Other", Selection{Sections: []string{"pre-data", "post-data"}, ExcludeSchemas: []string{"Other"}}},
	} {
		name := "dump " + c.flags
		theirs := filepath.Join(t.TempDir(), "theirs")
		args := append(strings.Fields(c.flags), "--format=custom", "--dbname="+src, "--file="+theirs)
		if out, err := osexec.CommandContext(t.Context(), program(t, "pg_dump"), args...).CombinedOutput(); err != nil {
			t.Fatalf("pg_dump %s: %v\n%s", c.flags, err, out)
		}
		var ours bytes.Buffer
		dumpsWell(t, DumpOptions{Source: src, To: &ours, Selection: c.selection, Compression: &archive.Compression{Algorithm: archive.Gzip, Level: -1}})
		got, want := wordsOf(t, ours.Bytes()), wordsOf(t, read(t, theirs))
		if !slices.Equal(got, want) {
			t.Errorf("%s: other entries than pg_dump's:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		// pg_dump writes the same bytes into each block
		if got, want := blocksOf(t, ours.Bytes()), blocksOf(t, read(t, theirs)); !slices.Equal(got, want) {
			t.Errorf("%s: other data than pg_dump's: %q, want %q", name, got, want)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// wordsOf gives all that an archive's entries say but their offsets, with their dependencies by name: two runs may number them
// otherwise.
func wordsOf(t *testing.T, text []byte) (lines []string) {
	t.Helper()
	toc, err := archive.ReadTOC(bytes.NewReader(text), archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	h := toc.Header
	lines = append(lines, fmt.Sprint(h.Version, h.Format, h.Compression.Algorithm, h.Database, h.ServerVersion, h.DumpVersion))
	for _, e := range toc.Entries {
		needs := ""
		for _, id := range e.Dependencies {
			if d := toc.ByID(id); d != nil {
				needs += d.Desc + " " + d.Tag + ", "
			}
		}
		e.DumpID, e.Offset, e.Dependencies = 0, archive.Offset{}, nil
		lines = append(lines, fmt.Sprintf("%+v needs %s", e, needs))
	}
	return lines
}

// blocksOf gives the contents of an archive.
func blocksOf(t *testing.T, text []byte) (blocks []string) {
	t.Helper()
	r := archive.NewReader(bytes.NewReader(text), archive.Limits{})
	if _, err := r.ReadTOC(); err != nil {
		t.Fatal(err)
	}
	for {
		data, err := r.Next()
		if err != nil {
			return blocks
		}
		block := data.Entry().Desc + " " + data.Entry().Tag + ": "
		for data.Entry().Desc == "BLOBS" {
			oid, err := data.NextObject()
			if err != nil {
				break
			}
			block += fmt.Sprintf("[%d %s]", oid, all(t, data))
		}
		if data.Entry().Desc != "BLOBS" {
			block += all(t, data)
		}
		blocks = append(blocks, block)
	}
}

func all(t *testing.T, data *archive.Data) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// While an application moves money from one account to another, the dump's sum is right, and all is of one moment.
func TestDumpConcurrentWrites(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, `CREATE TABLE account (id int PRIMARY KEY, amount int); INSERT INTO account SELECT i, 100 FROM generate_series(1, 20000) i;
CREATE TABLE other (LIKE account INCLUDING ALL); INSERT INTO other SELECT i, 100 FROM generate_series(1, 20000) i`)
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	for range 2 {
		writing.Go(func() {
			for ctx.Err() == nil {
				_ = pgtest.Run(ctx, src, `BEGIN; UPDATE account SET amount = amount - 1 WHERE id = 1 + (random() * 19999)::int;
UPDATE other SET amount = amount + (20000 * 200 - (SELECT sum(amount) FROM account) - (SELECT sum(amount) FROM other)) WHERE id = 7; COMMIT`)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "bank.dump")
	dumpsWell(t, DumpOptions{Source: src, Path: file, Jobs: 4, SplitAbove: 1})
	stop()
	writing.Wait()
	pgtest.Restore(t, dst, file)
	got := pgtest.Scalar[string](t, dst, "SELECT sum(amount) || ' of ' || count(*) FROM (SELECT amount FROM account UNION ALL SELECT amount FROM other) a")
	if got != "4000000 of 40000" {
		t.Errorf("%s accounts", got)
	}
}

// An archive is lowered on demand, and refused where that is impossible.
func TestDumpVersion(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, smallTables("a"))
	zstd := &archive.Compression{Algorithm: archive.Zstd, Level: -1}
	var raised bytes.Buffer
	tracker := progress.New()
	result := dumpsWell(t, DumpOptions{Source: src, To: &raised, Compression: zstd, Progress: tracker, PgDump: program(t, "pg_dump")})
	if made := pgtest.Programs(t).Version; made < 16 {
		if result.Version != "1.15" || len(tracker.Snapshot().Warnings) == 0 || !strings.Contains(tracker.Snapshot().Warnings[0].Message, "1.15 instead of 1.14") {
			t.Errorf("zstd: version %s, %v", result.Version, tracker.Snapshot().Warnings)
		}
	}
	var old bytes.Buffer
	if result := dumpsWell(t, DumpOptions{Source: src, To: &old, ArchiveMinor: 14}); result.Version != "1.14" || result.Compression != "gzip" || old.Bytes()[6] != 14 {
		t.Errorf("1.14: %+v", result)
	}
	for want, opt := range map[string]DumpOptions{
		"knows gzip only":         {ArchiveMinor: 14, Compression: zstd},
		"must be 1.14":            {ArchiveMinor: 12},
		"needs --output":          {Format: DirectoryArchive},
		"--format copy is of one": {Format: CopyStream},
		"go with --format copy":   {Query: "SELECT 1"},
		"no matching tables":      {Selection: Selection{Tables: []string{"nope"}}},
	} {
		opt.Source, opt.To = src, &bytes.Buffer{}
		if _, err := Dump(t.Context(), opt); !IsRefused(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// COPY streams are what psql's \copy writes.
func TestDumpStream(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, `CREATE SCHEMA s; CREATE TABLE s."A b" (id int, v text); INSERT INTO s."A b" VALUES (1, E'tab\t"quote"'), (2, NULL);
CREATE TABLE p (k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1)`)
	for _, c := range []struct {
		want  string
		query string
		table string
		how   RowFormat
	}{
		{"1\ttab\\t\"quote\"\n2\t\\N\n", "", `s."A b"`, RowsAsText},
		{"id,v\n1,\"tab\t\"\"quote\"\"\"\n2,\n", "", `s."A b"`, RowsAsCSV},
		{"1\n", "", "p", RowsAsText},
		{"3\n", "SELECT 1 + 2 -- a sum;", "", RowsAsText},
		{"PGCOPY\n\xff\r\n\x00" + strings.Repeat("\x00", 8) + "\xff\xff", "SELECT WHERE false", "", RowsAsBinary},
	} {
		opt := DumpOptions{Source: src, Format: CopyStream, Query: c.query, RowFormat: c.how}
		if c.table != "" {
			opt.Selection.Tables = []string{c.table}
		}
		var got bytes.Buffer
		opt.To = &got
		dumpsWell(t, opt)
		if got.String() != c.want {
			t.Errorf("%s%s: %q, want %q", c.table, c.query, got.String(), c.want)
		}
	}
	for _, query := range []string{"DROP TABLE p", "SELECT 1) TO STDOUT; DROP TABLE p; SELECT (1", "INSERT INTO p VALUES (1) RETURNING k"} {
		var got bytes.Buffer
		if _, err := Dump(t.Context(), DumpOptions{Source: src, Format: CopyStream, Query: query, To: &got}); err == nil {
			t.Errorf("%s: no error", query)
		}
	}
	if n := pgtest.Scalar[int](t, src, "SELECT count(*) FROM p"); n != 1 {
		t.Errorf("a query has written: %d rows", n)
	}
}

// A dump that fails leaves all as it was; one that does not replaces what has its name.
func TestDumpLeavesNothing(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, smallTables("a")+"CREATE TABLE bad (id int); INSERT INTO bad VALUES (1);")
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	write := func(p string) {
		if err := os.WriteFile(p, []byte("before"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(path)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped")
	cancel(stop)
	if _, err := Dump(ctx, DumpOptions{Source: src, Path: path}); !errors.Is(err, stop) {
		t.Errorf("cancelled: %v", err)
	}
	// a disk that is full: the limit of the size of a file would end the whole process, a device does not
	if _, err := os.Stat("/dev/full"); err == nil {
		if _, err := Dump(t.Context(), DumpOptions{Source: src, Path: "/dev/full"}); err == nil || !strings.Contains(err.Error(), "/dev/full: ") || IsRefused(err) {
			t.Errorf("full: %v", err)
		}
	}
	full := filepath.Join(dir, "full.d")
	if err := os.Mkdir(full, 0o755); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(full, "y"))
	for want, opt := range map[string]DumpOptions{
		"not empty":         {Path: full, Format: DirectoryArchive},
		"it is a file":      {Path: path, Format: DirectoryArchive},
		"it is a directory": {Path: full},
		"no such file":      {Path: filepath.Join(dir, "none", "x")},
	} {
		opt.Source = src
		if _, err := Dump(t.Context(), opt); !IsRefused(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if names := namesIn(t, dir); !slices.Equal(names, []string{"full.d", "x"}) || string(read(t, path)) != "before" {
		t.Errorf("left behind: %v", names)
	}
	// an empty directory and a file are replaced, a link leads on
	empty := filepath.Join(dir, "empty.d")
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Mkdir(empty, 0o755), os.Symlink("x", link)); err != nil {
		t.Fatal(err)
	}
	dumpsWell(t, DumpOptions{Source: src, Path: empty, Format: DirectoryArchive})
	dumpsWell(t, DumpOptions{Source: src, Path: link})
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 || !bytes.HasPrefix(read(t, path), []byte("PGDMP")) {
		t.Errorf("the link: %v, %v", info, err)
	}
}
