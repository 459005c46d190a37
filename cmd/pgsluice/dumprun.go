package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
	"github.com/vbauerster/mpb/v8/cwriter"

	"pgsluice/internal/progress"
	"pgsluice/internal/report"
	"pgsluice/internal/transfer"
)

func dumpAction(c *cli.Context) error {
	opt, err := dumpOptions(c)
	if err != nil {
		return &usageError{verb: "dump", err: err}
	}
	if opt.Path == "" && isTerminalFile(c.App.Writer) {
		return &usageError{verb: "dump", err: errors.New("standard output is a terminal: name a file with -o, or pipe the dump into a program such as pg_restore")}
	}
	if err := checkReportPath(c.String("report")); err != nil {
		return err
	}
	s, log := showOf(c)
	opt.Log = log
	outliveReaders()
	ctx, stop := interruptible(c.Context, s.notes, os.Exit)
	defer stop()
	opt.Progress = progress.New()
	if s.control != "" && opt.Limiter == nil {
		opt.Limiter = transfer.NewLimiter(0)
	}
	var result *transfer.DumpResult
	err = shown(ctx, consoleOf(c), s, opt.Progress, opt.Limiter, func() (err error) {
		result, err = transfer.Dump(ctx, opt)
		return err
	})
	if result == nil {
		return err
	}
	return dumpEnd(ctx, c, opt, result, s, err)
}

// dumpEnd reports a dump that has ended with err.
func dumpEnd(ctx context.Context, c *cli.Context, opt transfer.DumpOptions, result *transfer.DumpResult, s show, err error) error {
	var interrupt *interrupted
	if errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &interrupt) {
		err = interrupt
	}
	r := dumpReport(c, opt, result, err)
	err = withReport(err, writeReport(c, r), s.notes)
	if !transfer.IsRefused(err) && s.mode != progressJSON {
		writeTable(consoleOf(c), r, exitCode(err))
	}
	if err == nil && s.mode != progressNone && s.mode != progressJSON {
		say(s.notes, dumped(opt, result, r.Progress))
	}
	return err
}

// dumped says in words what was written.
func dumped(opt transfer.DumpOptions, result *transfer.DumpResult, s progress.Snapshot) string {
	d, where := s.Data, "to standard output"
	if result.Path != "" {
		where = result.Path
	}
	what := fmt.Sprintf("%s of rows", humanize.Bytes(uint64(d.Bytes)))
	if result.Version != "" {
		what = "an archive of version " + result.Version + ", " + what
	}
	if d.Written > 0 && opt.Format != transfer.PlainScript {
		what += fmt.Sprintf(", %s as %s (%.1f to 1)", humanize.Bytes(uint64(d.Written)), result.Compression, float64(d.Bytes)/float64(d.Written))
	} else if d.Written > 0 {
		what += fmt.Sprintf(", a script of %s (%s)", humanize.Bytes(uint64(d.Written)), result.Compression)
	}
	return "Wrote " + where + ": " + what + "."
}

// dumpReport puts together what the report says.
func dumpReport(c *cli.Context, opt transfer.DumpOptions, result *transfer.DumpResult, err error) report.Report {
	r := report.Report{
		Version: version, Command: c.Command.Name, Source: endpoint(result.Source),
		PgDump: report.Program{Path: result.PgDumpPath, Version: result.PgDumpVersion},
		Jobs:   result.Jobs, Options: changedOptions(c), Snapshot: result.Snapshot, ExitCode: exitCode(err), Progress: opt.Progress.Snapshot(),
	}
	if r.Outcome = outcomeOf(r.ExitCode); err != nil && r.Outcome != report.CompleteWithFailures {
		r.Error = mask(err.Error(), secrets(c.Args().Slice()))
	}
	if result.Compression != "" {
		r.Output = &report.Output{Path: result.Path, Compression: result.Compression, Version: result.Version}
	}
	return r
}

// isTerminalFile says whether w is a file that a person looks at.
func isTerminalFile(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && cwriter.IsTerminal(int(f.Fd()))
}
