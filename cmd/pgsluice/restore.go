package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/transfer"
)

const restoreDescription = `Loads an archive that pg_dump or pgsluice dump has written into TARGET, which must
exist and hold no user objects. FILE is of the custom or the tar format, or a
folder of the directory format; without it, or with -, a stream of the custom
format is read from stdin.`

const restoreExamples = `Examples:
  # as it comes: nothing is stored in between
  pg_dump -Fc -d service=old | pgsluice restore service=new

  # from a file, whose tables are loaded side by side
  pgsluice restore service=new shop.dump --jobs 4`

// restoreFlagNames are those of copy that mean the same for a restore.
var restoreFlagNames = []string{
	"schema-only", "data-only", "no-owner", "no-acl", "no-comments", "no-tablespaces", "no-publications", "no-db-settings", "subscriptions",
	"jobs", "max-jobs", "rate-limit", "index-jobs", "total-jobs", "index-memory", "set", "no-analyze", "vacuum", "toc-order", "retry-for", "on-error",
	"clean", "restart", "confirm", "progress", "control", "report", "log-level", "log-format",
}

func restoreCommand() *cli.Command {
	flags := slices.DeleteFunc(copyFlags(), func(f cli.Flag) bool { return !slices.Contains(restoreFlagNames, f.Names()[0]) })
	flags = append(flags,
		&cli.BoolFlag{Name: "resume", Category: "The target", Usage: "go on with what a restore of the same archive has left"},
	)
	return &cli.Command{
		Name:        "restore",
		Usage:       "load an archive into an empty database",
		ArgsUsage:   "TARGET [FILE]",
		Description: restoreDescription,
		UsageText:   restoreExamples,
		Flags:       flags,
		Action:      restoreAction,
	}
}

// restoreNames are the target and the archive, "" for stdin.
func restoreNames(args []string) (target, path string, err error) {
	if len(args) > 2 {
		return "", "", fmt.Errorf("surplus argument %s: there are one target and one archive", quoteName(args[2]))
	}
	target = os.Getenv(targetVariable)
	if len(args) > 0 && args[0] != "" {
		target = args[0]
	}
	if target == "" {
		return "", "", fmt.Errorf("no target database: give it as the first argument, or in %s", targetVariable)
	}
	if len(args) == 2 && args[1] != "-" {
		path = args[1]
		if path == "" {
			return "", "", errors.New("the archive's name is empty")
		}
	}
	return target, path, nil
}

func restoreAction(c *cli.Context) error {
	opt, err := flagOptions(c)
	var restore transfer.RestoreOptions
	if err == nil {
		opt.Target, restore.Path, err = restoreNames(c.Args().Slice())
	}
	if err != nil {
		return &usageError{verb: "restore", err: err}
	}
	if c.Bool("resume") {
		opt.Resume = transfer.Resume
	}
	if restore.Path == "" {
		if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &usageError{verb: "restore", err: errors.New("stdin is a terminal: name the archive's file, or let a program write it into the pipe")}
		}
		restore.Input = os.Stdin
	}
	if err := checkReportPath(c.String("report")); err != nil {
		return err
	}
	s, log := showOf(c)
	opt.Log = log
	s.transfer = func(ctx context.Context, opt transfer.Options) (*transfer.Result, error) {
		restore.Options = opt
		return transfer.Restore(ctx, restore)
	}
	return runCopy(c, opt, s)
}
