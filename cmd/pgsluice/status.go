package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/control"
	"pgsluice/internal/progress"
	"pgsluice/internal/report"
)

const statusDescription = `Watches a copy that runs on this machine, as the copy's own terminal shows it,
until it is over. SOCKET is what that copy got as --control. Ctrl-C ends the
watching and does the copy no harm.`

const statusExamples = `Examples:
  pgsluice copy service=old service=new --control /run/user/1000/copy.sock

  # in another terminal: watch, have one look, or feed a program
  pgsluice status /run/user/1000/copy.sock
  pgsluice status /run/user/1000/copy.sock --once
  pgsluice status /run/user/1000/copy.sock --progress json

Exit codes:
  0    the copy was seen to its end, good or bad: its own exit code tells which;
       or --once has looked
  1    there is no copy to watch
  4    the copy's process went away before its end
  130  detached (SIGINT), 143 (SIGTERM), 129 (SIGHUP)`

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "watch a copy that runs",
		ArgsUsage:   "SOCKET",
		Description: statusDescription,
		UsageText:   statusExamples,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "once", Category: categoryOutput, Usage: "print the state of this moment and end"},
			progressFlag(),
		},
		Action: statusAction,
	}
}

func statusAction(c *cli.Context) error {
	if c.NArg() != 1 {
		return &usageError{verb: "status", err: errors.New("name one socket: what the copy got as --control")}
	}
	name := c.Args().First()
	if info, err := os.Stat(name); err == nil && info.Mode().Type() != fs.ModeSocket {
		return &usageError{verb: "status", err: fmt.Errorf("%s is not a socket: name what the copy got as --control", name)}
	}
	if c.Bool("once") && c.IsSet("progress") {
		return &usageError{verb: "status", err: errors.New("--once prints text: leave --progress out")}
	}
	client, err := control.Dial(name, version)
	if err != nil {
		return refusedBySocket(name, err)
	}
	defer client.Close()
	outliveReaders()
	ctx, stop := detachable(c.Context, os.Exit)
	defer stop()
	if c.Bool("once") {
		s, err := client.Snapshot(ctx)
		if err != nil {
			return refusedBySocket(name, err)
		}
		_, err = fmt.Fprint(c.App.Writer, report.StatusText(s, helpWidth))
		return err
	}
	return follow(ctx, c, client, name)
}

// follow shows what client sees until the transfer is over.
func follow(ctx context.Context, c *cli.Context, client *control.Client, name string) error {
	con := consoleOf(c)
	first, err := client.Snapshot(ctx)
	if err != nil {
		return refusedBySocket(name, err)
	}
	var mu sync.Mutex
	latest := first
	feed := progress.FeedOf(func() progress.Snapshot {
		mu.Lock()
		defer mu.Unlock()
		return latest
	}, progress.Tick)
	mode := progressMode(c, con)
	stopWatching := watch(context.WithoutCancel(ctx), feed, con, mode, 0)
	err = client.Follow(ctx, func(s progress.Snapshot) {
		mu.Lock()
		defer mu.Unlock()
		latest = s
	})
	feed.Close()
	stopWatching()
	con.Show(nil)
	if err != nil {
		return err
	}
	if mode != progressJSON {
		fmt.Fprintln(con, ended(latest))
	}
	return nil
}

// ended says how the transfer ended, as far as a watcher can know.
func ended(s progress.Snapshot) string {
	text := "The copy is over"
	switch {
	case len(s.Failures) == 1:
		text += "; one object failed"
	case len(s.Failures) > 1:
		text += fmt.Sprintf("; %d objects failed", len(s.Failures))
	}
	return text + ". Its own output has the report."
}
