package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/progress"
	"pgsluice/internal/report"
	"pgsluice/internal/transfer"
)

// show is how a copy is shown while it runs, and who may change it meanwhile.
type show struct {
	mode    string        // see progressMode
	every   time.Duration // between two lines about a phase; 0 is the default
	notes   io.Writer     // for messages to people, which are log entries where a program reads
	control string        // path of the socket, "" for none
	// transfer does the work; nil is transfer.Copy.
	transfer func(context.Context, transfer.Options) (*transfer.Result, error)
}

// runCopy copies until it is done or interrupted. Its error decides the exit code.
func runCopy(c *cli.Context, opt transfer.Options, s show) error {
	outliveReaders()
	ctx, stop := interruptible(c.Context, s.notes, os.Exit)
	defer stop()
	opt.Progress = progress.New()
	return showCopy(ctx, c, opt, s)
}

// showCopy copies, shows it on stderr while it runs, and reports at the end. opt.Progress must be set.
func showCopy(ctx context.Context, c *cli.Context, opt transfer.Options, s show) error {
	con := consoleOf(c)
	if s.transfer == nil {
		s.transfer = transfer.Copy
	}
	if s.control != "" && opt.Limiter == nil {
		opt.Limiter = transfer.NewLimiter(0)
	}
	var result *transfer.Result
	err := shown(ctx, con, s, opt.Progress, opt.Limiter, func() (err error) {
		result, err = s.transfer(ctx, opt)
		return err
	})
	if result == nil {
		return err
	}

	resumable := transfer.Resumable(result, err)
	err = copyOutcome(ctx, result, err)
	r := copyReport(c, opt, result, err)
	r.Resumable = resumable
	// before the table, so that the exit code in it is the one that the process ends with
	err = withReport(err, writeReport(c, r), s.notes)
	if !transfer.IsRefused(err) && s.mode != progressJSON {
		writeTable(con, r, exitCode(err))
	}
	if resumable {
		return withNextSteps(c, err, result)
	}
	return err
}

// shown does work and shows it on stderr meanwhile. limiter is the one that may be changed through the control socket. Without
// that socket it does nothing: the error is Refused.
func shown(ctx context.Context, con *console, s show, tracker *progress.Tracker, limiter *transfer.Limiter, work func() error) error {
	feed := progress.NewFeed(tracker, progress.Tick)
	unserve, err := serveControl(ctx, s.control, feed, limiter, tracker)
	if err != nil {
		feed.Close()
		return &transfer.Refused{Err: fmt.Errorf("--control %s: %w", s.control, err)}
	}
	stopStatus := statusOnSignal(feed, con, s.notes)
	// without ctx's end: what a cancelled transfer still has to say should be seen
	stopWatching := watch(context.WithoutCancel(ctx), feed, con, s.mode, s.every)
	err = work()
	tracker.Finish()
	feed.Close()
	con.hurry(unread)
	stopWatching()
	con.Show(nil)
	stopStatus()
	unserve()
	return err
}

// writeTable prints the report for people. What it can't write, to a terminal that has gone away, nobody misses.
func writeTable(con *console, r report.Report, code int) {
	r.ExitCode = code
	r.Error = "" // printError says it, with the server's details, in the last lines
	fmt.Fprintln(con)
	_ = report.WriteText(con, r, report.TextOptions{Color: con.colors()})
}

// copyOutcome is the error that stands for what became of the copy: nil only if every object has arrived.
func copyOutcome(ctx context.Context, result *transfer.Result, err error) error {
	var interrupt *interrupted
	switch {
	case err == nil && verifyOutcomeOf(result) != nil:
		return verifyOutcomeOf(result)
	case err == nil && result.Failed == 1:
		return &incompleteError{what: "one object failed, all others are copied"}
	case err == nil && result.Failed > 1:
		return &incompleteError{what: fmt.Sprintf("%d objects failed, all others are copied", result.Failed)}
	case result.Complete && errors.As(err, &interrupt):
		return fmt.Errorf("%w: the copy is complete, but was not verified", interrupt)
	case errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &interrupt):
		return interrupt
	}
	return err
}

// writeReport writes the JSON that --report asks for.
func writeReport(c *cli.Context, r report.Report) error {
	switch path := c.String("report"); path {
	case "":
		return nil
	case "-":
		return report.WriteJSON(c.App.Writer, r)
	default:
		if info, err := os.Stat(path); err == nil && info.Size() > 0 && r.ExitCode == exitRefused {
			return nil // a copy that was not begun has nothing to tell that is worth the report of one that was
		}
		return report.WriteFile(path, r)
	}
}

// withReport adds a report that could not be written to what became of the copy. It never hides a failed copy,
// and never makes a complete one a failure.
func withReport(err, reportErr error, notes io.Writer) error {
	var incomplete *incompleteError
	switch {
	case reportErr == nil:
		return err
	case err == nil:
		return &incompleteError{what: fmt.Sprintf("the copy is complete, but the report could not be written: %v", reportErr)}
	case errors.As(err, &incomplete):
		return &incompleteError{what: fmt.Sprintf("%s; the report could not be written: %v", incomplete.what, reportErr)}
	default:
		say(notes, fmt.Sprintf("pgsluice: warning: the report could not be written: %v", reportErr))
		return err
	}
}

// copyReport puts together what WriteText and WriteJSON say.
func copyReport(c *cli.Context, opt transfer.Options, result *transfer.Result, err error) report.Report {
	r := report.Report{
		Version: version,
		Command: c.Command.Name,
		Source:  endpoint(result.Source),
		Target:  endpoint(result.Target),
		PgDump:  report.Program{Path: result.PgDumpPath, Version: result.PgDumpVersion},
		Jobs:    cmp.Or(result.Jobs, opt.Jobs), IndexJobs: result.IndexJobs, Builders: result.Builders,
		Options:  changedOptions(c),
		Snapshot: result.Snapshot,
		ExitCode: exitCode(err),
		Resumed:  result.Resumed,
		Progress: opt.Progress.Snapshot(),
	}
	r.Verified = verified(result.Verified)
	for _, m := range result.Mixed {
		r.Mixed = append(r.Mixed, report.Mixture{Taken: m.At, Tables: m.Tables})
	}
	r.Outcome = outcomeOf(r.ExitCode)
	if err != nil && r.Outcome != report.CompleteWithFailures {
		r.Error = mask(err.Error(), secrets(c.Args().Slice()))
	}
	return r
}

// outcomeOf says in the report's words what an exit code means.
func outcomeOf(code int) report.Outcome {
	switch code {
	case exitDone:
		return report.Complete
	case exitIncomplete:
		return report.CompleteWithFailures
	case exitDifferent:
		return report.Different
	case exitRefused, exitFailed:
		return report.Failed
	}
	return report.Cancelled
}

func endpoint(e transfer.Endpoint) report.Endpoint {
	return report.Endpoint{Host: e.Host, Port: int(e.Port), Database: e.Database, User: e.User, ServerVersion: e.ServerVersion, Archive: e.Archive}
}

// changedOptions are the flags that change what is copied, or how, as they would be typed.
func changedOptions(c *cli.Context) []string {
	var words []string
	for _, f := range describe(c.Command.Flags) {
		name := f.name()
		switch {
		case !c.IsSet(name), f.category == "" || f.category == categoryOutput, name == "jobs", name == "index-jobs", name == "confirm":
		case f.repeats:
			for _, value := range c.StringSlice(name) {
				words = append(words, "--"+name+" "+value)
			}
		case f.alone != "" && c.String(name) == f.alone:
			words = append(words, "--"+name)
		case f.alone != "":
			words = append(words, "--"+name+"="+c.String(name))
		case f.takesValue:
			words = append(words, "--"+name+" "+c.String(name))
		case c.Bool(name):
			words = append(words, "--"+name)
		}
	}
	return words
}

// checkReportPath is checkOutputPath for --report.
func checkReportPath(path string) error { return checkOutputPath("report", path) }

// checkOutputPath finds out before the work whether what a flag names can be written: a missing folder or a lack of
// rights should not show up hours later. A file that is there stays as it is until there is a new one; one
// that is not yet there is made, and removed. Devices and pipes are not opened: a reader would take that for the report.
func checkOutputPath(flag, path string) error {
	if path == "" || path == "-" {
		return nil
	}
	info, statErr := os.Stat(path)
	if statErr == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		err = f.Close()
	}
	if err == nil && errors.Is(statErr, fs.ErrNotExist) {
		err = os.Remove(path) // who is killed leaves no empty report
	}
	var bare *fs.PathError
	if errors.As(err, &bare) {
		err = bare.Err
	}
	if err != nil {
		return &transfer.Refused{Err: fmt.Errorf("--%s %s: %w", flag, path, err)}
	}
	return nil
}
