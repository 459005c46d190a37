package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/control"
	"pgsluice/internal/progress"
	"pgsluice/internal/report"
)

const statusDescription = `Of a database it says how far the copy into it has come that is at work, or was
left incomplete, what failed, and what to do: it reads what that copy records on
its target, from any machine. TARGET is named as for copy; without an argument
it is what PGSLUICE_TARGET says.

Of the socket that a copy on this machine got as --control it watches the copy,
as that one's own terminal shows it, until it is over. Ctrl-C ends the watching
and does the copy no harm.`

const statusExamples = `Examples:
  # what has become of it? the same for a program
  pgsluice status service=new
  pgsluice status service=new --format json | jq .copy.tasks_done

  pgsluice copy service=old service=new --control /run/user/1000/copy.sock

  # in another terminal: watch, have one look, or feed a program
  pgsluice status /run/user/1000/copy.sock
  pgsluice status /run/user/1000/copy.sock --once
  pgsluice status /run/user/1000/copy.sock --progress json

Exit codes:
  0    a database was asked, also if there is no copy; a copy was seen to its
       end, good or bad: its own exit code tells which; or --once has looked
  1    the database can't be asked; there is no copy to watch
  4    the copy's process went away before its end
  130  detached (SIGINT), 143 (SIGTERM), 129 (SIGHUP)`

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "say how far a copy is, or watch one that runs",
		ArgsUsage:   "[TARGET | SOCKET]",
		Description: statusDescription,
		UsageText:   statusExamples,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "once", Category: categoryOutput, Usage: "of a socket: print the state of this moment and end"},
			progressFlag(),
			&cli.StringFlag{Name: "format", Category: categoryOutput, Usage: "`FORMAT` of a database: text or json (default text)"},
		},
		Action: statusAction,
	}
}

func statusAction(c *cli.Context) error {
	name := c.Args().First()
	info, err := os.Stat(name)
	isSocket := err == nil && info.Mode().Type() == fs.ModeSocket
	switch {
	case !isSocket && !looksLikeSocket(name):
		return targetStatus(c)
	case c.NArg() != 1:
		return &usageError{verb: "status", err: errors.New("name one socket: what the copy got as --control")}
	case err == nil && !isSocket:
		return &usageError{verb: "status", err: fmt.Errorf("%s is not a socket: name what the copy got as --control", name)}
	case c.IsSet("format"):
		return &usageError{verb: "status", err: errors.New("--format goes with a database: of a socket, --progress json feeds a program")}
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

// looksLikeSocket reports whether a name that is no socket was meant as one rather than as a database's.
func looksLikeSocket(name string) bool {
	for _, prefix := range []string{"/", "./", "../", "~/"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.HasSuffix(name, ".sock") && !strings.ContainsAny(name, "=:")
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
