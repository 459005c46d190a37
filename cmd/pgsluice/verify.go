package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pgsluice/internal/verify"
)

const verifyDescription = `Compares two databases: every object with its owner, comment and privileges, the
rows of every table by digests that the servers compute, sequences, large
objects, invalid indexes and constraints that were never validated. It writes to
neither, and reads each under one snapshot. Rows that differ are located, by key
where there is one; of values, only keys are shown.

What copy was told to leave out, tell verify too: --no-owner, --no-acl and so
on. Databases are named as for copy. pgsluice help verification says more.`

const verifyExamples = `Examples:
  pgsluice verify service=old service=new

  # after copy --no-owner --no-acl
  pgsluice verify service=old service=new --no-owner --no-acl

  # only the rows, with more load on both servers
  pgsluice verify service=old service=new --data-only --jobs 8

  # for a program
  pgsluice verify service=old service=new --progress none --report - | jq

Exit codes:
  0    equal
  1    usage, or it could not start: a database can't be reached, no pg_dump
  3    they differ; each difference is listed
  4    it could not be finished, or something could not be compared, and what
       was is equal
  130  interrupted (SIGINT), 143 terminated (SIGTERM), 129 hung up (SIGHUP)`

func verifyCommand() *cli.Command {
	const what, how = "What to compare", "How to compare"
	return &cli.Command{
		Name:        "verify",
		Usage:       "find out whether two databases are equal",
		ArgsUsage:   "[SOURCE [TARGET]]",
		Description: verifyDescription,
		UsageText:   verifyExamples,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "schema-only", Category: what, Usage: "no rows, large objects or sequence values"},
			&cli.BoolFlag{Name: "data-only", Category: what, Usage: "only those"},
			&cli.BoolFlag{Name: "no-owner", Category: what, Usage: "owners may differ"},
			&cli.BoolFlag{Name: "no-acl", Category: what, Usage: "privileges may differ"},
			&cli.BoolFlag{Name: "no-comments", Category: what, Usage: "comments may differ"},
			&cli.BoolFlag{Name: "no-tablespaces", Category: what, Usage: "tablespaces may differ"},
			&cli.BoolFlag{Name: "no-publications", Category: what, Usage: "publications may differ"},
			&cli.BoolFlag{Name: "no-db-settings", Category: what, Usage: "settings, comment, grants of the database may differ"},
			&cli.BoolFlag{Name: "subscriptions", Category: what, Usage: "subscriptions too"},

			&cli.IntFlag{Name: "jobs", Aliases: []string{"j"}, Value: 4, Category: how, Usage: "`N` tables at a time on each side (default 4)"},
			&cli.StringFlag{Name: "pg-dump", Category: how, TakesFile: true, Usage: "`PATH` the pg_dump to use (default: the newest found)"},

			progressFlag(),
			&cli.StringFlag{Name: "report", Category: categoryOutput, TakesFile: true, Usage: "`FILE` write the result as JSON; - is stdout"},
		},
		Action: verifyAction,
	}
}

// differentError is a verification that found differences.
type differentError struct{ what string }

func (e *differentError) Error() string { return e.what }

func verifyOptions(c *cli.Context) (verify.Options, error) {
	opt := verify.Options{
		Jobs: c.Int("jobs"), SchemaOnly: c.Bool("schema-only"), DataOnly: c.Bool("data-only"), PgDump: c.String("pg-dump"),
		Choices: verify.Choices{
			NoOwner: c.Bool("no-owner"), NoACL: c.Bool("no-acl"), NoComments: c.Bool("no-comments"), NoTablespaces: c.Bool("no-tablespaces"),
			NoPublications: c.Bool("no-publications"), NoDBSettings: c.Bool("no-db-settings"), Subscriptions: c.Bool("subscriptions"),
		},
		SourceMeter: &verify.Meter{}, TargetMeter: &verify.Meter{},
	}
	if opt.SchemaOnly && opt.DataOnly {
		return opt, errors.New("--schema-only and --data-only exclude each other")
	}
	for _, flag := range []string{"pg-dump", "report"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return opt, fmt.Errorf("--%s is empty", flag)
		}
	}
	var err error
	opt.Source, opt.Target, err = databaseNames(c.Args().Slice())
	return opt, err
}

func verifyAction(c *cli.Context) error {
	opt, err := verifyOptions(c)
	if err != nil {
		return &usageError{verb: "verify", err: err}
	}
	if err := checkReportPath(c.String("report")); err != nil {
		return err
	}
	con, mode, notes := stderrOf(c)
	ctx, stop := interruptible(c.Context, notes, os.Exit)
	defer stop()

	report := verify.Report{Version: version, Started: time.Now()}
	stopShowing := showVerify(con, mode, &opt)
	outcome, err := verify.Databases(ctx, opt)
	con.hurry(unread)
	stopShowing()
	report.Ended, report.Outcome = time.Now(), outcome
	err = verifyOutcome(ctx, outcome, err)
	report.ExitCode = exitCode(err)
	if outcome.Result == nil && err != nil {
		report.Error = mask(err.Error(), secrets(c.Args().Slice()))
	}
	if mode == progressJSON {
		endVerify(con, report)
	} else {
		writeVerify(con, report)
	}
	return withVerifyReport(err, writeVerifyReport(c, report), notes)
}

// stderrOf is what a verb that takes long shows on stderr, and how: notes are what is said beside the progress. It warns of a password
// that others can read, and lives on without a reader.
func stderrOf(c *cli.Context) (con *console, mode string, notes io.Writer) {
	con = consoleOf(c)
	mode, notes = progressMode(c, con), con
	if mode == progressJSON {
		notes = asLog{newLogger(con, "", "json")}
	}
	if warning := passwordWarning(c.Args().Slice()); warning != "" {
		say(notes, "pgsluice: warning: "+warning)
	}
	outliveReaders()
	return con, mode, notes
}

// verifyOutcome is the error that stands for what came of a verification: nil only if both are equal in all that was asked for.
func verifyOutcome(ctx context.Context, outcome *verify.Outcome, err error) error {
	var interrupt *interrupted
	switch r := outcome.Result; {
	case errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &interrupt):
		return interrupt
	case err != nil:
		return err
	case len(r.Differences) > 0:
		return differences(r)
	case len(r.Unverified) == 1:
		return errors.New("1 object could not be compared; all others are equal")
	case len(r.Unverified) > 1:
		return fmt.Errorf("%s objects could not be compared; all others are equal", humanize.Comma(int64(len(r.Unverified))))
	}
	return nil
}

// differences is the error of a comparison that found some.
func differences(r *verify.Result) error {
	if len(r.Differences) == 1 {
		return &differentError{"the databases differ: 1 difference"}
	}
	return &differentError{fmt.Sprintf("the databases differ: %s differences", humanize.Comma(int64(len(r.Differences))))}
}

// writeVerify says for people what was compared and found.
func writeVerify(con *console, r verify.Report) {
	result := r.Outcome.Result
	if result == nil {
		return // the error says it
	}
	fmt.Fprintln(con)
	for _, line := range result.Lines() {
		say(con, line)
	}
	say(con, fmt.Sprintf("Compared in %s: %s.", r.Ended.Sub(r.Started).Round(100*time.Millisecond), compared(result)))
	switch {
	case result.Equal() && result.Empty():
		say(con, "Both databases are empty: are they the right ones?")
	case result.Equal() && result.Skipped > 0:
		say(con, "The databases are equal but for what the notes name: that was not compared.")
	case result.Equal():
		say(con, "The databases are equal.")
	}
}

// compared counts what was compared, in words.
func compared(r *verify.Result) string {
	count := func(n int64, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return humanize.Comma(n) + " " + many
	}
	return count(int64(r.Entries), "object", "objects") + ", " + count(r.Rows, "row", "rows") + " of " + count(int64(r.Tables), "table", "tables") + ", " +
		count(int64(r.Sequences), "sequence", "sequences") + ", " + count(int64(r.LargeObjects), "large object", "large objects")
}

// writeVerifyReport writes the JSON that --report asks for.
func writeVerifyReport(c *cli.Context, r verify.Report) error {
	path := c.String("report")
	if path == "" {
		return nil
	}
	text, err := r.JSON()
	switch {
	case err != nil:
		return err
	case path == "-":
		_, err = c.App.Writer.Write(text)
	default:
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	return nil
}

// withVerifyReport adds a report that could not be written to what was found. It never hides a difference.
func withVerifyReport(err, reportErr error, notes io.Writer) error {
	switch {
	case reportErr == nil:
		return err
	case err == nil:
		return fmt.Errorf("the databases are equal, but %w", reportErr)
	}
	say(notes, fmt.Sprintf("pgsluice: warning: %v", reportErr))
	return err
}
