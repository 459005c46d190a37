package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/archive"
	"pgsluice/internal/transfer"
)

const restoreDescription = `Loads an archive, which pg_dump or pgsluice dump has written, into TARGET. That
database must exist and hold no user objects, unless only some are restored.
FILE is of the custom or the tar format, or a folder of the directory format;
its tables are loaded side by side. Without it, or as -, the archive is read
from stdin: each table is loaded as it comes, and its indexes are built while
the next ones still arrive. A plain script of pg_dump's is run in its order.`

const restoreExamples = `Environment:
  PGSLUICE_TARGET
             the database, where the arguments do not name it
  PGHOST, PGPORT, PGUSER, PGPASSFILE, PGSERVICEFILE, PGSSLMODE, ...
             as for psql
  NO_COLOR   if it is not empty, nothing is coloured

Examples:
  # as it comes: nothing is stored in between
  pg_dump -Fc -d service=old | pgsluice restore service=new

  # from a file, four tables at a time
  pgsluice restore service=new shop.dump --jobs 4

  # a backup of a managed service, where the roles are others
  pgsluice restore dbname=shop latest.dump --no-owner --no-acl

  # one that was broken off: only what is missing is loaded, also from a pipe
  pgsluice restore service=new shop.dump --resume

  # one table that was lost, into the database that is in use
  pgsluice restore service=prod shop.dump --schema app --table orders

  # only some entries, in an order of your own
  pgsluice restore --list shop.dump > shop.list
  pgsluice restore service=new shop.dump --use-list shop.list

SIGUSR1 prints the state of the moment on stderr: kill -USR1 PID`

// restoreFlagNames are those of copy that mean the same for a restore.
var restoreFlagNames = []string{
	"schema-only", "data-only", "no-owner", "no-acl", "no-comments", "no-tablespaces", "no-publications", "no-db-settings", "subscriptions",
	"jobs", "max-jobs", "rate-limit", "index-jobs", "total-jobs", "index-memory", "set", "no-analyze", "vacuum", "toc-order", "retry-for", "on-error",
	"clean", "restart", "confirm", "progress", "control", "report", "log-level", "log-format",
}

func restoreCommand() *cli.Command {
	const what, how, target = "What to restore", "How to restore", "The target"
	flags := []cli.Flag{
		&cli.StringSliceFlag{Name: "section", Category: what, Usage: "`SECTION` pre-data, data or post-data; may be repeated (default: all three)"},
		&cli.StringSliceFlag{Name: "schema", Aliases: []string{"n"}, Category: what, Usage: "`NAME` only what is in this schema, which must exist; may be repeated"},
		&cli.StringSliceFlag{Name: "exclude-schema", Aliases: []string{"N"}, Category: what, Usage: "`NAME` nothing that is in this schema; may be repeated"},
		&cli.StringSliceFlag{Name: "table", Aliases: []string{"t"}, Category: what, Usage: "`NAME` only this table, view or sequence and its rows, without indexes; may be repeated"},
		&cli.StringFlag{Name: "use-list", Aliases: []string{"L"}, Category: what, TakesFile: true, Usage: "`FILE` only the entries in it, in its order; --list writes one"},
		&cli.BoolFlag{Name: "list", Aliases: []string{"l"}, Category: what, Usage: "print the entries, as pg_restore --list does, and restore nothing"},
		&cli.StringSliceFlag{Name: "extensions", Category: what, Usage: "`NAMES` make these first if the target lacks them, such as hstore,postgis or schema.name, and leave the archive's own words about them out"},
	}
	for _, f := range copyFlags() {
		if slices.Contains(restoreFlagNames, f.Names()[0]) {
			flags = append(flags, inCategory(f, map[string]string{"What to copy": what, "How to copy": how}))
		}
	}
	flags = append(flags, &cli.BoolFlag{Name: "resume", Category: target, Usage: "go on with what a restore of the same archive has left"})
	return &cli.Command{
		Name:        "restore",
		Usage:       "load an archive of pg_dump's into an empty database",
		ArgsUsage:   "TARGET [FILE]",
		Description: restoreDescription,
		UsageText:   restoreExamples,
		Flags:       flags,
		Action:      restoreAction,
	}
}

// inCategory puts a flag into the category that names gives for its own.
func inCategory(f cli.Flag, names map[string]string) cli.Flag {
	category := categoryOf(f)
	if to, ok := names[*category]; ok {
		*category = to
	}
	return f
}

func categoryOf(f cli.Flag) *string {
	switch f := f.(type) {
	case *cli.BoolFlag:
		return &f.Category
	case *cli.IntFlag:
		return &f.Category
	case *cli.StringFlag:
		return &f.Category
	case *cli.StringSliceFlag:
		return &f.Category
	}
	return new(string)
}

// restoreNames are the target and the archive, "" for stdin. With list there is no target.
func restoreNames(args []string, list bool) (target, path string, err error) {
	most := 2
	if list {
		most = 1
	}
	if len(args) > most {
		return "", "", fmt.Errorf("surplus argument %s: there are one target and one archive, and with --list only the archive", quoteName(args[most]))
	}
	if !list {
		target = os.Getenv(targetVariable)
		if len(args) > 0 && args[0] != "" {
			target = args[0]
		}
		if target == "" {
			return "", "", fmt.Errorf("no target database: give it as the first argument, or in %s", targetVariable)
		}
	}
	if len(args) < most || args[most-1] == "-" {
		return target, "", nil
	}
	if path = args[most-1]; path == "" {
		return "", "", errors.New("the archive's name is empty")
	}
	return target, path, nil
}

// restoreOptions reads the flags and names of one restore.
func restoreOptions(c *cli.Context) (transfer.RestoreOptions, error) {
	var opt transfer.RestoreOptions
	var err error
	if opt.Options, err = flagOptions(c); err != nil {
		return opt, err
	}
	if c.Bool("resume") {
		opt.Resume = transfer.Resume
	}
	s := &opt.Selection
	s.Schemas, s.ExcludeSchemas, s.Tables = c.StringSlice("schema"), c.StringSlice("exclude-schema"), c.StringSlice("table")
	for _, name := range c.StringSlice("section") {
		section, err := sectionOf(name)
		if err != nil {
			return opt, err
		}
		s.Sections = append(s.Sections, section)
	}
	for _, names := range c.StringSlice("extensions") {
		for name := range strings.SplitSeq(names, ",") {
			x := transfer.PreInstalled{Name: strings.TrimSpace(name)}
			if schema, name, ok := strings.Cut(x.Name, "."); ok {
				x = transfer.PreInstalled{Schema: schema, Name: name}
			}
			if x.Name == "" {
				return opt, fmt.Errorf("--extensions %s: a name is empty", names)
			}
			opt.Extensions = append(opt.Extensions, x)
		}
	}
	if path := c.String("use-list"); c.IsSet("use-list") {
		if s.List, err = readList(path); err != nil {
			return opt, fmt.Errorf("--use-list: %w", err)
		}
	}
	return opt, nil
}

func sectionOf(name string) (archive.Section, error) {
	for _, section := range []archive.Section{archive.PreData, archive.DataSection, archive.PostData} {
		if section.String() == name {
			return section, nil
		}
	}
	return 0, fmt.Errorf("--section %s: must be pre-data, data or post-data", name)
}

func readList(path string) ([]int, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return archive.ParseList(f)
}

func restoreAction(c *cli.Context) error {
	opt, err := restoreOptions(c)
	if err == nil {
		opt.Target, opt.Path, err = restoreNames(c.Args().Slice(), c.Bool("list"))
	}
	if err == nil && opt.Path == "" && isCharacterDevice(os.Stdin) {
		err = errors.New("no archive comes from stdin, which is a terminal or a device: name the archive's file, or let a program write it into a pipe")
	}
	if err != nil {
		return &usageError{verb: "restore", err: err}
	}
	if opt.Path == "" && isWholeFile(os.Stdin) {
		opt.Path = transfer.StdinPath // it can be read in any order, and again
	}
	if opt.Path == "" {
		input, free := stdinStream()
		defer free()
		opt.Input = input
	}
	if c.Bool("list") {
		return listArchive(c, opt)
	}
	if err := checkReportPath(c.String("report")); err != nil {
		return err
	}
	halveProcs()
	s, log := showOf(c)
	opt.Log = log
	s.transfer = func(ctx context.Context, o transfer.Options) (*transfer.Result, error) {
		opt.Options = o
		return transfer.Restore(ctx, opt)
	}
	return runCopy(c, opt.Options, s)
}

// isCharacterDevice reports whether f is a terminal, or the like of one, from which no archive comes.
func isCharacterDevice(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// isWholeFile reports whether f is a file on disk that nobody has read from, and the system has a name for it.
func isWholeFile(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	at, err := f.Seek(0, io.SeekCurrent)
	again, statErr := os.Stat(transfer.StdinPath)
	return err == nil && at == 0 && statErr == nil && os.SameFile(info, again)
}

// listArchive prints what --use-list takes.
func listArchive(c *cli.Context, opt transfer.RestoreOptions) error {
	toc, err := tocOf(opt)
	if err == nil {
		err = toc.List(c.App.Writer, &opt.Selection)
	}
	if err != nil {
		return &transfer.Refused{Err: err}
	}
	return nil
}

func tocOf(opt transfer.RestoreOptions) (*archive.TOC, error) {
	if opt.Path == "" {
		return archive.ReadTOC(opt.Input, archive.Limits{})
	}
	f, err := archive.Open(opt.Path, archive.Limits{})
	if err != nil {
		return nil, err
	}
	return f.TOC(), f.Close()
}
