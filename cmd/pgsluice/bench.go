package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/gauge"
	"pgsluice/internal/quantity"
	"pgsluice/internal/report"
	"pgsluice/internal/transfer"
)

const benchDescription = `Measures what a copy would have to work with: how fast the rows of SOURCE can be
read, how fast TARGET takes rows, what the links carry, what compression makes
of the rows; each with 1, 2, 4 ... streams, as text and in binary. Then it says
what a copy would be bound by, how long its rows would take, and which flags to
give it. It takes about a minute.

SOURCE is only read. Without TARGET nothing else is measured. On TARGET a schema
_pgsluice_bench is made, which needs --confirm, and removed at the end, also
after Ctrl-C. No more than --bytes are written there at a time, and to its WAL.
Databases are named as for copy. pgsluice help bench-results says more.`

const benchExamples = `Examples:
  # how fast can the source be read? nothing is written anywhere
  pgsluice bench service=old

  # both sides, up to 8 streams, with a page of plots
  pgsluice bench service=old service=new --confirm shop --jobs 8 \
      --report bench.html

  # a quick look with little load
  pgsluice bench service=old --jobs 2 --duration 1s --bytes 50MB

  # for a program
  pgsluice bench service=old --progress none --json - | jq .verdict

Exit codes:
  0    measured
  1    usage, or it could not start; nothing was changed
  4    something could not be measured, or the schema could not be removed from
       the target: the message says what to do. What was measured is shown
  130  interrupted (SIGINT), 143 terminated (SIGTERM), 129 hung up (SIGHUP):
       the schema is removed, and what was measured is shown`

func benchCommand() *cli.Command {
	const what, target = "What to measure", "The target"
	return &cli.Command{
		Name:        "bench",
		Usage:       "measure what two servers and the link can do",
		ArgsUsage:   "SOURCE [TARGET]",
		Description: benchDescription,
		UsageText:   benchExamples,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "jobs", Aliases: []string{"j"}, Value: 4, Category: what, Usage: "`N` streams at most; 1, 2, 4 ... and N are tried (default 4)"},
			&cli.StringFlag{Name: "duration", Category: what, Usage: "`TIME` of each measurement, such as 500ms or 10s (default 3s)"},
			&cli.StringFlag{Name: "bytes", Category: what, Usage: "`SIZE` that each measurement moves at most, such as 200MB (default 1GB)"},
			&cli.StringFlag{Name: "confirm", Category: target, Usage: "`NAME` the target database's name, to confirm that it is written to"},
			progressFlag(),
			&cli.StringFlag{Name: "json", Category: categoryOutput, TakesFile: true, Usage: "`FILE` write the result as JSON; - is stdout"},
			&cli.StringFlag{Name: "report", Category: categoryOutput, TakesFile: true, Usage: "`FILE` write the result with plots, as a page for a browser: NAME.html"},
		},
		Action: benchAction,
	}
}

func benchOptions(c *cli.Context) (gauge.Options, error) {
	opt := gauge.Options{Jobs: c.Int("jobs"), Confirm: c.String("confirm")}
	for _, flag := range []string{"confirm", "json", "report"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return opt, fmt.Errorf("--%s is empty", flag)
		}
	}
	if path := c.String("report"); path != "" && !report.IsPage(path) {
		return opt, fmt.Errorf("--report %s: the page's name must end with .html; the figures for programs are written by --json FILE", path)
	}
	if c.IsSet("duration") {
		d, err := time.ParseDuration(c.String("duration"))
		if err != nil || d <= 0 {
			return opt, fmt.Errorf("--duration %s: write a time with its unit, such as 500ms or 10s", c.String("duration"))
		}
		opt.Duration = d
	}
	if c.IsSet("bytes") {
		n, err := quantity.ParseSize(c.String("bytes"))
		if err != nil {
			return opt, fmt.Errorf("--bytes: %w", err)
		}
		opt.Bytes = n
	}
	var err error
	opt.Source, opt.Target, err = planNames(c.Args().Slice())
	return opt, err
}

func benchAction(c *cli.Context) error {
	opt, err := benchOptions(c)
	if err != nil {
		return &usageError{verb: "bench", err: err}
	}
	for _, flag := range []string{"json", "report"} {
		if err := checkOutputPath(flag, c.String(flag)); err != nil {
			return err
		}
	}
	con, mode, notes := stderrOf(c)
	ctx, stop := interruptible(c.Context, notes, os.Exit)
	defer stop()

	stopShowing := showBench(con, mode, &opt)
	result, err := gauge.Run(ctx, opt)
	con.hurry(unread)
	stopShowing()
	err = benchOutcome(ctx, result, err)
	if result == nil {
		return err
	}
	return writeBench(c, con, benchOf(result, opt, err, secrets(c.Args().Slice())), err)
}

// benchOutcome is the error that stands for what came of a bench: nil only if all was measured and nothing is left behind.
func benchOutcome(ctx context.Context, result *gauge.Result, err error) error {
	var refused *gauge.Refused
	var left *gauge.LeftBehind
	var interrupt *interrupted
	switch {
	case errors.As(context.Cause(ctx), &interrupt) && errors.As(err, &left):
		return fmt.Errorf("%w; %w", interrupt, left)
	case err != nil && errors.As(context.Cause(ctx), &interrupt):
		return interrupt
	case errors.As(err, &refused):
		return &transfer.Refused{Err: err}
	case err != nil:
		return err
	case result.Failed() == 1:
		return errors.New("1 measurement failed; all others are shown")
	case result.Failed() > 1:
		return fmt.Errorf("%d measurements failed; all others are shown", result.Failed())
	}
	return nil
}

// writeBench writes the result wherever it is wanted: the table for people on stdout, unless that gets the JSON.
func writeBench(c *cli.Context, con *console, b report.Bench, err error) error {
	table := c.App.Writer
	var failed []error
	if path := c.String("json"); path != "" {
		text, jsonErr := b.JSON()
		switch {
		case jsonErr != nil:
			failed = append(failed, jsonErr)
		case path == "-":
			table = con
			_, jsonErr = c.App.Writer.Write(text)
		default:
			jsonErr = os.WriteFile(path, text, 0o644)
		}
		failed = append(failed, jsonErr)
	}
	if path := c.String("report"); path != "" {
		text, pageErr := b.HTML()
		if pageErr == nil {
			pageErr = os.WriteFile(path, text, 0o644)
		}
		failed = append(failed, pageErr)
	}
	if table != con || progressMode(c, con) != progressJSON && c.String("progress") != progressNone {
		color := false
		if f, ok := table.(*os.File); ok {
			color = report.ColorFor(f)
		}
		text, width := "", widthOf(table)
		if width > 0 { // the lines of the progress stand above it
			text = "\n"
		}
		_, tableErr := io.WriteString(table, text+b.Text(width, color))
		failed = append(failed, tableErr)
	}
	unwritten := errors.Join(failed...)
	switch {
	case unwritten == nil:
		return err
	case err == nil:
		return fmt.Errorf("the result could not be written: %w", unwritten)
	}
	say(con, fmt.Sprintf("pgsluice: warning: the result could not be written: %v", unwritten))
	return err
}
