package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/archive"
	"pgsluice/internal/convert"
	"pgsluice/internal/progress"
	"pgsluice/internal/transfer"
)

const convertDescription = `Makes another archive of an archive: of another version, compression or format,
with only some of its entries, or a script for psql. ARCHIVE is what pg_dump or
pgsluice dump has written: a file of the custom or tar format, or a directory;
without it, or with -, standard input. No database is needed. The result goes to
standard output, or with --output to a file or directory that is there only when
it is whole. What is not asked for stays as it is.

An older pg_restore reads older archives only: up to 15 version 1.14, 16 version
1.15, from 17 on 1.16; lz4 and zstd from 16 on, gzip always. What to take is
said as to pg_restore: names are exact and stand for what has them in any
schema. A flag for names may be repeated.`

const convertExamples = `Examples:
  # a dump of pg_dump 18 for pg_restore 15
  pgsluice convert shop.dump --archive-version 1.14 --compress gzip -o old.dump

  # through a pipe
  pgsluice convert --archive-version 1.14 < shop.dump | pg_restore -d shop

  # one file out of a directory, with stronger compression
  pgsluice convert shop.d --format custom --compress zstd:19 -o shop.dump

  # one table, to read
  pgsluice convert shop.dump --table orders --format plain | less

  # leave out what you strike from the list
  pgsluice convert shop.dump --list > list
  pgsluice convert shop.dump --use-list list -o part.dump

Exit codes:
  0    done
  1    usage, or the archive can't be read: nothing was written
  4    it failed; a file is not there, a stream is cut and pg_restore says so
  130  interrupted (SIGINT), 143 terminated (SIGTERM), 129 hung up (SIGHUP)`

// categoryConvert is for the flags of convert that other verbs have other values for.
const categoryConvert = "What to make"

func convertCommand() *cli.Command {
	const what = "What to take"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "format", Aliases: []string{"F"}, Category: categoryConvert, Usage: "`FORMAT` custom, directory, which needs --output, or plain, a script (default custom)"},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: categoryConvert, TakesFile: true, Usage: "`FILE` write to it; it is there only when it is whole (default: standard output)"},
		&cli.StringFlag{Name: "compress", Aliases: []string{"Z"}, Category: categoryConvert, Usage: "`METHOD[:LEVEL]` none, gzip, lz4 or zstd (default: as it is; gzip where the version knows no other)"},
		&cli.StringFlag{Name: "archive-version", Category: categoryConvert, Usage: "`VERSION` 1.14, 1.15 or 1.16 (default: as it is)"},
	}
	for _, f := range takenLists {
		flags = append(flags, &cli.StringSliceFlag{Name: f.name, Aliases: f.short, Category: what, Usage: f.usage})
	}
	flags = append(flags, &cli.StringFlag{Name: "use-list", Aliases: []string{"L"}, Category: what, TakesFile: true, Usage: "`FILE` only the entries that it lists, in its order"})
	for _, f := range takenFlags {
		flags = append(flags, &cli.BoolFlag{Name: f.name, Aliases: f.short, Category: what, Usage: f.usage})
	}
	return &cli.Command{
		Name:        "convert",
		Usage:       "make another archive, or a script, of an archive",
		ArgsUsage:   "[ARCHIVE]",
		Description: convertDescription,
		UsageText:   convertExamples,
		Flags: append(flags,
			&cli.BoolFlag{Name: "no-owner", Aliases: []string{"O"}, Category: what, Usage: "with --format plain: no ALTER … OWNER"},
			&cli.BoolFlag{Name: "no-tablespaces", Category: what, Usage: "with --format plain: no tablespaces"},
			&cli.BoolFlag{Name: "list", Aliases: []string{"l"}, Category: categoryOutput, Usage: "print the archive's entries, as pg_restore --list does, and do nothing else"},
			&cli.IntFlag{Name: "jobs", Aliases: []string{"j"}, Category: categoryOutput, Usage: "`N` compress on so many cores (default: all)"},
			progressFlag(),
		),
		Action: convertAction,
	}
}

// takenLists and takenFlags are pg_restore's, with its letters.
var (
	takenLists = []struct {
		name, usage string
		short       []string
		to          func(*archive.Selection) *[]string
	}{
		{"schema", "`NAME` only what is in this schema", []string{"n"}, func(s *archive.Selection) *[]string { return &s.Schemas }},
		{"exclude-schema", "`NAME` not what is in this one", []string{"N"}, func(s *archive.Selection) *[]string { return &s.ExcludeSchemas }},
		{"table", "`NAME` only this table, view or sequence", []string{"t"}, func(s *archive.Selection) *[]string { return &s.Tables }},
		{"index", "`NAME` only this index", []string{"I"}, func(s *archive.Selection) *[]string { return &s.Indexes }},
		{"function", "`NAME(TYPES)` only this routine, as listed", []string{"P"}, func(s *archive.Selection) *[]string { return &s.Functions }},
		{"trigger", "`NAME` only this trigger, as listed", []string{"T"}, func(s *archive.Selection) *[]string { return &s.Triggers }},
		{"section", "`SECTION` pre-data, data or post-data", nil, nil},
	}
	takenFlags = []struct {
		name, usage string
		short       []string
		to          func(*archive.Selection) *bool
	}{
		{"schema-only", "no rows, large objects or sequence values", []string{"s"}, func(s *archive.Selection) *bool { return &s.SchemaOnly }},
		{"data-only", "only those", []string{"a"}, func(s *archive.Selection) *bool { return &s.DataOnly }},
		{"no-acl", "no GRANT, no REVOKE", []string{"x"}, func(s *archive.Selection) *bool { return &s.NoACL }},
		{"no-comments", "no comments", nil, func(s *archive.Selection) *bool { return &s.NoComments }},
		{"no-policies", "no row security", nil, func(s *archive.Selection) *bool { return &s.NoPolicies }},
		{"no-publications", "no publications", nil, func(s *archive.Selection) *bool { return &s.NoPublications }},
		{"no-security-labels", "no security labels", nil, func(s *archive.Selection) *bool { return &s.NoSecurityLabels }},
		{"no-statistics", "no statistics", nil, func(s *archive.Selection) *bool { return &s.NoStatistics }},
		{"no-subscriptions", "no subscriptions", nil, func(s *archive.Selection) *bool { return &s.NoSubscriptions }},
	}
)

// taken reads what of an archive is wanted.
func taken(c *cli.Context) (archive.Selection, error) {
	var s archive.Selection
	for _, f := range takenLists {
		if f.to != nil {
			*f.to(&s) = c.StringSlice(f.name)
		}
	}
	for _, f := range takenFlags {
		*f.to(&s) = c.Bool(f.name)
	}
	for _, name := range c.StringSlice("section") {
		i := strings.Index("pre-data data post-data", name) // one of the allowed
		s.Sections = append(s.Sections, map[int]archive.Section{0: archive.PreData, 4: archive.DataSection, 14: archive.PostData}[i])
	}
	if s.SchemaOnly && s.DataOnly {
		return s, errors.New("--schema-only and --data-only exclude each other")
	}
	path := c.String("use-list")
	if path == "" {
		return s, nil
	}
	list, err := os.Open(path)
	if err != nil {
		return s, fmt.Errorf("--use-list: %w", err)
	}
	defer list.Close()
	if s.List, err = archive.ParseList(list); err != nil {
		return s, fmt.Errorf("--use-list %s: %w", path, err)
	}
	return s, nil
}

// convertOptions reads the flags and the archive's name.
func convertOptions(c *cli.Context) (opt convert.Options, err error) {
	opt = convert.Options{
		Output: c.String("output"), To: c.App.Writer, Jobs: c.Int("jobs"), NoOwner: c.Bool("no-owner"), NoTablespaces: c.Bool("no-tablespaces"),
	}
	for _, flag := range []string{"output", "use-list"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return opt, fmt.Errorf("--%s is empty", flag)
		}
	}
	switch args := c.Args().Slice(); {
	case len(args) > 1:
		return opt, fmt.Errorf("surplus argument %s: there is one archive (quote a name that has spaces)", quoteName(args[1]))
	case len(args) == 1 && args[0] == "":
		return opt, errors.New("the archive's name is empty")
	case len(args) == 1 && args[0] != "-":
		opt.Path = args[0]
	case isTerminalFile(os.Stdin):
		return opt, errors.New("standard input is a terminal: name the archive's file, or pipe it in")
	default:
		opt.Input = os.Stdin
	}
	opt.Format = map[string]convert.Format{formatDirectory: convert.Directory, formatPlain: convert.Plain}[c.String("format")]
	if c.IsSet("compress") {
		if opt.Compression, err = transfer.ParseCompression(c.String("compress")); err != nil {
			return opt, fmt.Errorf("--compress %s: %w", c.String("compress"), err)
		}
	}
	if v := c.String("archive-version"); v != "" {
		opt.Minor, _ = strconv.Atoi(strings.TrimPrefix(v, "1.")) // one of the allowed
	}
	opt.Selection, err = taken(c)
	return opt, err
}

func convertAction(c *cli.Context) error {
	opt, err := convertOptions(c)
	switch {
	case err != nil:
	case c.Bool("list"):
		return convert.List(c.Context, opt, c.App.Writer)
	case opt.Output == "" && isTerminalFile(c.App.Writer):
		err = errors.New("standard output is a terminal: name a file with -o, or pipe it into a program such as pg_restore")
	}
	if err != nil {
		return &usageError{verb: "convert", err: err}
	}
	s, _ := showOf(c)
	outliveReaders()
	ctx, stop := interruptible(c.Context, s.notes, os.Exit)
	defer stop()
	opt.Progress = progress.New()
	var result *convert.Result
	err = shown(ctx, consoleOf(c), s, opt.Progress, nil, func() (err error) {
		result, err = convert.Run(ctx, opt)
		return err
	})
	return convertEnd(ctx, s, opt, result, err)
}
