package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/quantity"
	"pgsluice/internal/report"
)

const showDescription = `Says all that a daemon knows of a transfer: what it is to do, how far it is,
what it waits for, and how it ended. --follow shows one that runs as a copy's
own terminal does, until its end; Ctrl-C ends the watching and does it no harm.`

const showExamples = `Examples:
  pgsluice show c001
  pgsluice show c001 --follow

  # the report of its last attempt, as pgsluice copy --report writes it
  pgsluice show c001 --report | jq .outcome

` + daemonHelp + `

Exit codes:
  0    shown; with --follow: the transfer is done
  1    the daemon can't be reached, or has refused; there is no such transfer
  2, 3, 4  with --follow: as the transfer's own, see pgsluice help
  130  detached (SIGINT), 143 (SIGTERM), 129 (SIGHUP)`

func showCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show a transfer of a daemon, or follow it", ArgsUsage: "ID",
		Description: showDescription, UsageText: showExamples,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Category: categoryOutput, Usage: "show it until its end"},
			progressFlag(),
			&cli.BoolFlag{Name: "report", Category: categoryOutput, Usage: "print the report of its last attempt, as JSON"},
			&cli.BoolFlag{Name: "json", Category: categoryOutput, Usage: "for programs: an object, as the API has it"},
		}, daemonFlags()...),
		Action: asking(showAction),
	}
}

// transferID is the one argument of verbs that are about one transfer.
func transferID(c *cli.Context) (string, error) {
	if c.NArg() != 1 || c.Args().First() == "" {
		return "", &usageError{verb: c.Command.Name, err: errors.New("name one transfer by its id, such as c001: pgsluice transfers lists them")}
	}
	return c.Args().First(), nil
}

func showAction(ctx context.Context, c *cli.Context, r *remote) error {
	id, err := transferID(c)
	if err != nil {
		return err
	}
	chosen := 0
	for _, flag := range []string{"follow", "report", "json"} {
		if c.Bool(flag) {
			chosen++
		}
	}
	switch {
	case chosen > 1:
		return &usageError{verb: "show", err: errors.New("--follow, --report and --json are three ways to show it: choose one")}
	case c.IsSet("progress") && !c.Bool("follow"):
		return &usageError{verb: "show", err: errors.New("--progress goes with --follow")}
	case c.Bool("report"):
		text, err := r.Report(ctx, id)
		if err != nil {
			return refusedByDaemon(err)
		}
		return writeJSON(c.App.Writer, text)
	}
	t, err := r.Transfer(ctx, id)
	switch {
	case err != nil:
		return refusedByDaemon(err)
	case c.Bool("json"):
		return writeJSON(c.App.Writer, t)
	case c.Bool("follow"):
		return followTransfer(ctx, c, r, t)
	}
	return showTransfer(ctx, c, r, t)
}

func showTransfer(ctx context.Context, c *cli.Context, r *remote, t *work.Transfer) error {
	w := c.App.Writer
	if _, err := fmt.Fprintf(w, "%s: %s\n", t.ID, t.Status()); err != nil {
		return err
	}
	if err := facts(w, factsOf(t)); err != nil {
		return err
	}
	if t.State != work.Running && t.State != work.Paused {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, liveWithin)
	defer stop()
	for l, err := range r.Live(ctx, t.ID) {
		if err != nil || len(l.Progress) == 0 || string(l.Progress) == "null" {
			break // what it does now is an extra
		}
		var replay report.Replay
		if err := replay.Event(l.Progress); err != nil {
			return err
		}
		_, err := fmt.Fprint(w, "\n", report.StatusText(replay.Snapshot(), helpWidth))
		return err
	}
	return nil
}

// liveWithin is how long a look at what a transfer does now may take.
const liveWithin = 5 * time.Second

func factsOf(t *work.Transfer) [][2]string {
	o := t.Spec.Options
	pairs := [][2]string{
		{"what", whatIs(t.Spec)},
		{"waits for", t.Waits},
		{"created", when(t.Created) + " by " + byWhom(*t)},
		{"started", whenever(t.Started)},
		{"ended", whenever(t.Ended)},
		{"took", took(*t, time.Now())},
		{"moved", totals(t.Totals)},
		{"options", optionsText(o)},
		{"daemon", t.Daemon},
		{"file", t.File},
		{"error", t.Error},
	}
	if t.Attempts > 1 {
		pairs = append(pairs, [2]string{"attempts", fmt.Sprint(t.Attempts)})
	}
	if t.Warnings > 0 {
		pairs = append(pairs, [2]string{"warnings", fmt.Sprintf("%d: pgsluice logs %s has them", t.Warnings, t.ID)})
	}
	if t.Expired {
		pairs = append(pairs, [2]string{"expired", "retention has removed the file"})
	}
	if t.Equal != nil {
		pairs = append(pairs, [2]string{"equal", map[bool]string{true: "yes, every row", false: "no"}[*t.Equal]})
	}
	if t.Want == work.WantCancel && !t.State.Final() {
		pairs = append(pairs, [2]string{"wanted", "to be canceled"})
	}
	if t.Want == work.WantPause && t.State != work.Paused && !t.State.Final() {
		pairs = append(pairs, [2]string{"wanted", "to be paused"})
	}
	return pairs
}

func whenever(t *time.Time) string {
	if t == nil {
		return ""
	}
	return when(*t)
}

// optionsText are the options that were chosen, as flags.
func optionsText(o work.Options) string {
	var text string
	add := func(on bool, words string) {
		if on {
			text += " " + words
		}
	}
	add(o.Jobs > 0, fmt.Sprintf("--jobs %d", o.Jobs))
	add(o.IndexJobs > 0, fmt.Sprintf("--index-jobs %d", o.IndexJobs))
	add(o.RateLimit > 0, "--rate-limit "+quantity.FormatRate(o.RateLimit))
	add(o.Clean, "--clean")
	add(o.SchemaOnly, "--schema-only")
	add(o.DataOnly, "--data-only")
	add(o.NoOwner, "--no-owner")
	add(o.NoACL, "--no-acl")
	add(o.NoComments, "--no-comments")
	for _, s := range o.Schemas {
		add(true, "--schema "+s)
	}
	for _, s := range o.Tables {
		add(true, "--table "+s)
	}
	add(o.Compress != "", "--compress "+o.Compress)
	add(o.Verify, "--verify")
	add(o.Continue, "--on-error continue")
	if text == "" {
		return ""
	}
	return text[1:]
}
