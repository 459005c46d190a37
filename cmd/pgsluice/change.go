package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon/work"
)

const cancelDescription = `Ends a transfer of a daemon. Of a copy the target keeps what has arrived, and
its record of it; a dump's half file is removed. It can't be taken up again by
the daemon: a new one with --clean begins from nothing.`

const pauseDescription = `Lets the streams of a transfer stand still. Its sessions, its snapshot and its
locks on the source are kept, and index builds that have begun go on. A transfer
that waits begins only when it is resumed.`

const resumeDescription = `Lets a transfer that was paused go on, from where it stands.`

const changeExamples = `Examples:
  pgsluice %[1]s c001
  pgsluice %[1]s c001 --server https://db.example:8432 --token-file token

` + daemonHelp + `

Exit codes: 0 it was asked for, and is so soon; 1 the daemon can't be reached,
or has refused.`

func cancelCommand() *cli.Command {
	return changeCommand("cancel", "cancel a transfer of a daemon", cancelDescription, work.WantCancel)
}

func pauseCommand() *cli.Command {
	return changeCommand("pause", "pause a transfer of a daemon", pauseDescription, work.WantPause)
}

func resumeCommand() *cli.Command {
	return changeCommand("resume", "let a paused transfer go on", resumeDescription, work.WantRun)
}

func changeCommand(name, usage, description string, want work.Want) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: "ID", Description: description, UsageText: fmt.Sprintf(changeExamples, name),
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Category: categoryOutput, Usage: "for programs: the transfer, as the API has it"},
		}, daemonFlags()...),
		Action: asking(func(ctx context.Context, c *cli.Context, r *remote) error {
			id, err := transferID(c)
			if err != nil {
				return err
			}
			t, err := r.Change(ctx, id, work.Change{Want: &want}, "")
			switch {
			case err != nil:
				return refusedByDaemon(err)
			case c.Bool("json"):
				return writeJSON(c.App.Writer, t)
			}
			_, err = fmt.Fprintf(c.App.Writer, "%s: %s\n", t.ID, changed(t))
			return err
		}),
	}
}

// changed says how a transfer stands after it was asked to change: what was asked for may need a moment.
func changed(t *work.Transfer) string {
	soon := map[work.Want]string{work.WantCancel: "it will be canceled", work.WantPause: "it will be paused", work.WantRun: "it will go on"}[t.Want]
	done := map[work.Want]work.State{work.WantCancel: work.Canceled, work.WantPause: work.Paused, work.WantRun: work.Running}[t.Want]
	if t.State == done || t.Want == work.WantRun && t.State == work.Pending {
		return t.Status()
	}
	return t.Status() + "; " + soon
}
