package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/transfer"
)

const dumpDescription = `Writes a database to standard output, as an archive that pg_restore reads, or
with --output to a file that appears under its name only when it is whole; as a
script, or the rows of one table or query, if --format says so. The
archive is what the newest pg_dump found would write; the rows are read by
several sessions under one snapshot, and compressed on several cores. SOURCE is
named as for copy. What is taken is said as to pg_dump: patterns are those of
psql's \d, and may be repeated.`

const dumpExamples = `Environment:
  PGSLUICE_SOURCE
             the database, where the argument does not name it

Examples:
  # an archive, whole or not there
  pgsluice dump service=shop -o shop.dump

  # through a pipe, as Heroku's backups are made
  pgsluice dump service=shop --no-owner --no-acl --quote-all-identifiers |
      pg_restore --no-owner --dbname service=new

  # for an old pg_restore
  pgsluice dump service=shop --archive-version 1.14 -o shop.dump

  # two tables, without the rows of one of them
  pgsluice dump service=shop --table orders --table log \
      --exclude-table-data log -o part.dump

  # a script; the rows of a query, for a spreadsheet
  pgsluice dump service=shop --format plain --compress gzip -o shop.sql.gz
  pgsluice dump service=shop --format copy --copy-format csv \
      --query 'SELECT * FROM orders WHERE id < 1000' > orders.csv

  # a directory archive, four readers, at most 50 MB/s from the source
  pgsluice dump service=shop --format directory -o shop.d --jobs 4 \
      --rate-limit 50MB/s

Exit codes:
  0    done
  1    usage or preflight: nothing was written
  4    the dump failed: there is no file; a stream is cut, as pg_restore says
  130  interrupted (SIGINT), 143 terminated (SIGTERM), 129 hung up (SIGHUP)`

func dumpCommand() *cli.Command {
	return &cli.Command{
		Name:        "dump",
		Usage:       "write a database to an archive or a stream",
		ArgsUsage:   "[SOURCE]",
		Description: dumpDescription,
		UsageText:   dumpExamples,
		Flags:       dumpFlags(),
		Action:      dumpAction,
	}
}

// The names of dump's flags that copy's have other meanings or values for.
const categoryDump = "What to write"

func dumpFlags() []cli.Flag {
	const what, how = "What to take", "How to read"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "format", Aliases: []string{"F"}, Category: categoryDump, Usage: "`FORMAT` custom; directory, which needs --output; plain, a script for psql; or copy, what COPY sends of one --table or --query (default custom)"},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: categoryDump, TakesFile: true, Usage: "`FILE` write to it; it is there only when the dump is whole (default: standard output)"},
		&cli.StringFlag{Name: "compress", Aliases: []string{"Z"}, Category: categoryDump, Usage: "`METHOD[:LEVEL]` none, gzip, lz4 or zstd (default: of an archive zstd if its version has it by itself, from pg_dump 16 on, else gzip, which every pg_restore reads; of plain and copy none)"},
		&cli.StringFlag{Name: "archive-version", Category: categoryDump, Usage: "`VERSION` 1.14, 1.15 or 1.16, for an older pg_restore (default: what pg_dump writes: 1.14 up to 15, 1.15 of 16, 1.16 from 17 on)"},
		&cli.StringFlag{Name: "query", Category: categoryDump, Usage: "`SQL` with --format copy: the rows of this query"},
		&cli.StringFlag{Name: "copy-format", Category: categoryDump, Usage: "`FORMAT` with --format copy: text, csv with a line of names, or binary (default text)"},
	}
	for _, f := range selectionLists {
		flags = append(flags, &cli.StringSliceFlag{Name: f.name, Aliases: f.short, Category: what, Usage: f.usage})
	}
	for _, f := range selectionFlags {
		flags = append(flags, &cli.BoolFlag{Name: f.name, Aliases: f.short, Category: what, Usage: f.usage})
	}
	return append(flags,
		&cli.StringFlag{Name: "jobs", Aliases: []string{"j"}, Category: how, Usage: "`N` tables, or parts of large ones, at a time; auto is as many as this machine has cores to compress with, from 2 to 4 (default auto)"},
		&cli.StringFlag{Name: "split-above", Category: how, Usage: "`SIZE` read larger tables in parts, several at a time, such as 1GB; 0 is never (default: by the database and --jobs)"},
		&cli.StringFlag{Name: "rate-limit", Category: how, Usage: "`RATE` ceiling of all tables together, before compression, such as 50MB/s or 1.5GiB/s"},
		&cli.StringFlag{Name: "retry-for", Category: how, Usage: "`TIME` try again for so long when a connection is lost, such as 90s or 10m; 0 is not at all (default 5m)"},
		&cli.StringFlag{Name: "lock-timeout", Category: how, Usage: "`TIME` wait for a lock on a table of the source (default 1m)"},
		&cli.StringFlag{Name: "pg-dump", Category: how, TakesFile: true, Usage: "`PATH` the pg_dump to use (default: the newest found)"},

		progressFlag(),
		&cli.StringFlag{Name: "control", Category: categoryOutput, TakesFile: true, Usage: "`SOCKET` make it, for pgsluice status and limit; only you can use it"},
		&cli.StringFlag{Name: "report", Category: categoryOutput, TakesFile: true, Usage: "`FILE` write the report: a page if its name ends with .html, else JSON"},
		&cli.StringFlag{Name: "log-level", Category: categoryOutput, Usage: "`LEVEL` debug, info, warn or error (default warn)"},
		&cli.StringFlag{Name: "log-format", Category: categoryOutput, Usage: "`FORMAT` text or json (default text)"},
	)
}

// selectionLists and selectionFlags are pg_dump's, with its letters.
var (
	selectionLists = []struct {
		name, usage string
		short       []string
		to          func(*transfer.Selection) *[]string
	}{
		{"schema", "`PATTERN` only these schemas", []string{"n"}, func(s *transfer.Selection) *[]string { return &s.Schemas }},
		{"exclude-schema", "`PATTERN` not these", []string{"N"}, func(s *transfer.Selection) *[]string { return &s.ExcludeSchemas }},
		{"table", "`PATTERN` only these tables, views, sequences", []string{"t"}, func(s *transfer.Selection) *[]string { return &s.Tables }},
		{"exclude-table", "`PATTERN` not these", []string{"T"}, func(s *transfer.Selection) *[]string { return &s.ExcludeTables }},
		{"exclude-table-data", "`PATTERN` these without their rows", nil, func(s *transfer.Selection) *[]string { return &s.ExcludeTableData }},
		{"extension", "`PATTERN` only these extensions", []string{"e"}, func(s *transfer.Selection) *[]string { return &s.Extensions }},
		{"section", "`SECTION` pre-data, data or post-data", nil, func(s *transfer.Selection) *[]string { return &s.Sections }},
	}
	selectionFlags = []struct {
		name, usage string
		short       []string
		to          func(*transfer.Selection) *bool
	}{
		{"schema-only", "no rows, large objects or sequence values", []string{"s"}, func(s *transfer.Selection) *bool { return &s.SchemaOnly }},
		{"data-only", "only those", []string{"a"}, func(s *transfer.Selection) *bool { return &s.DataOnly }},
		{"large-objects", "large objects also with --schema, --table or --schema-only", []string{"b"}, func(s *transfer.Selection) *bool { return &s.LargeObjects }},
		{"no-large-objects", "no large objects", []string{"B"}, func(s *transfer.Selection) *bool { return &s.NoLargeObjects }},
		{"no-owner", "for scripts: no ALTER … OWNER; an archive leaves it to its restore", []string{"O"}, func(s *transfer.Selection) *bool { return &s.NoOwner }},
		{"no-acl", "no GRANT, no REVOKE", []string{"x"}, func(s *transfer.Selection) *bool { return &s.NoACL }},
		{"no-comments", "no comments", nil, func(s *transfer.Selection) *bool { return &s.NoComments }},
		{"no-publications", "no publications", nil, func(s *transfer.Selection) *bool { return &s.NoPublications }},
		{"no-security-labels", "no security labels", nil, func(s *transfer.Selection) *bool { return &s.NoSecurityLabels }},
		{"no-subscriptions", "no subscriptions", nil, func(s *transfer.Selection) *bool { return &s.NoSubscriptions }},
		{"no-tablespaces", "for scripts: no tablespaces; an archive leaves it to its restore", nil, func(s *transfer.Selection) *bool { return &s.NoTablespaces }},
		{"no-unlogged-table-data", "unlogged tables without their rows", nil, func(s *transfer.Selection) *bool { return &s.NoUnloggedTableData }},
		{"load-via-partition-root", "partitions are loaded through their root", nil, func(s *transfer.Selection) *bool { return &s.LoadViaPartitionRoot }},
		{"quote-all-identifiers", "quote all names", nil, func(s *transfer.Selection) *bool { return &s.QuoteAllIdentifiers }},
		{"strict-names", "a pattern that fits nothing is an error", nil, func(s *transfer.Selection) *bool { return &s.StrictNames }},
	}
)

func selection(c *cli.Context) transfer.Selection {
	var s transfer.Selection
	for _, f := range selectionLists {
		*f.to(&s) = c.StringSlice(f.name)
	}
	for _, f := range selectionFlags {
		*f.to(&s) = c.Bool(f.name)
	}
	return s
}

// dumpOptions reads the flags and the name of one dump.
func dumpOptions(c *cli.Context) (transfer.DumpOptions, error) {
	opt := transfer.DumpOptions{To: c.App.Writer, Path: c.String("output"), PgDump: c.String("pg-dump"), Selection: selection(c)}
	var err error
	if opt.Source, err = sourceName(c.Args().Slice()); err != nil {
		return opt, err
	}
	opt.Format = map[string]transfer.DumpFormat{
		formatDirectory: transfer.DirectoryArchive, formatPlain: transfer.PlainScript, formatCopy: transfer.CopyStream,
	}[c.String("format")]
	opt.RowFormat = map[string]transfer.RowFormat{formatCSV: transfer.RowsAsCSV, formatBinary: transfer.RowsAsBinary}[c.String("copy-format")]
	opt.Query = c.String("query")
	if c.IsSet("compress") {
		if opt.Compression, err = transfer.ParseCompression(c.String("compress")); err != nil {
			return opt, fmt.Errorf("--compress %s: %w", c.String("compress"), err)
		}
	}
	if v := c.String("archive-version"); v != "" {
		opt.ArchiveMinor, _ = strconv.Atoi(strings.TrimPrefix(v, "1.")) // one of the allowed
	}
	if opt.Jobs, err = parseJobs(c.String("jobs")); err != nil {
		return opt, fmt.Errorf("--jobs: %w", err)
	}
	var shared transfer.Options
	if err := readReading(c, &shared); err != nil {
		return opt, err
	}
	opt.SplitAbove, opt.Limiter, opt.RetryFor, opt.LockTimeout = shared.SplitAbove, shared.Limiter, shared.RetryFor, shared.LockTimeout
	for _, flag := range []string{"pg-dump", "report", "output", "control", "query"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return opt, fmt.Errorf("--%s is empty", flag)
		}
	}
	if c.String("report") == "-" && opt.Path == "" {
		return opt, errors.New("--report -: standard output is the dump's: name a file")
	}
	return opt, nil
}

// The values of --format of dump.
const (
	formatCustom    = "custom"
	formatDirectory = "directory"
	formatPlain     = "plain"
	formatCopy      = "copy"
	formatCSV       = "csv"
)

// sourceName is the one database, as an argument or by its variable.
func sourceName(args []string) (string, error) {
	if len(args) > 1 {
		return "", fmt.Errorf("surplus argument %s: there is one source (quote a name that has spaces)", quoteName(args[1]))
	}
	name := os.Getenv(sourceVariable)
	if len(args) == 1 && args[0] != "" {
		name = args[0]
	}
	if name == "" {
		return "", fmt.Errorf("no database: give SOURCE as an argument, or in %s", sourceVariable)
	}
	return name, nil
}
