package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/control"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/progress"
	"pgsluice/internal/quantity"
	"pgsluice/internal/transfer"
)

const limitDescription = `Changes the ceiling of all tables of a transfer together, at once. RATE is a
rate as for --rate-limit, or none. Of a copy that runs on this machine, SOCKET
is what it got as --control; of one that a daemon runs, ID is its id: the
configuration may have a lower ceiling.`

const limitExamples = `Examples:
  pgsluice copy service=old service=new --control /run/user/1000/copy.sock

  # office hours, in another terminal
  pgsluice limit /run/user/1000/copy.sock 20MB/s

  # and the night
  pgsluice limit /run/user/1000/copy.sock none

  # a daemon's transfer; its copy streams, too
  pgsluice limit c001 20MB/s
  pgsluice limit c001 none --jobs 2

` + daemonHelp + `

Exit codes: 0 changed, 1 nothing was changed.`

func limitCommand() *cli.Command {
	return &cli.Command{
		Name:        "limit",
		Usage:       "change the rate limit of a transfer that runs",
		ArgsUsage:   "SOCKET|ID RATE",
		Description: limitDescription,
		UsageText:   limitExamples,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "jobs", Aliases: []string{"j"}, Category: "Of a daemon's transfer", Usage: "`N` copy streams, too; auto finds out what helps"},
		}, daemonFlags()...),
		Action: limitAction,
	}
}

// transferIDs are what ids of transfers look like, and paths of sockets hardly ever.
var transferIDs = regexp.MustCompile(`^[abcrv][0-9]{3,19}$`)

func limitAction(c *cli.Context) error {
	if c.NArg() != 2 {
		return &usageError{verb: "limit", err: errors.New("name a socket or a transfer, and a rate such as 20MB/s or none")}
	}
	rate, err := rateOrNone(c.Args().Get(1))
	if err != nil {
		return &usageError{verb: "limit", err: err}
	}
	name := c.Args().First()
	if transferIDs.MatchString(name) {
		return asking(func(ctx context.Context, c *cli.Context, r *remote) error {
			return limitTransfer(ctx, c, r, name, rate)
		})(c)
	}
	for _, flag := range []string{"jobs", "server", "token-file"} {
		if c.IsSet(flag) {
			return &usageError{verb: "limit", err: fmt.Errorf("--%s is for a daemon's transfer, and %s is no id such as c001", flag, name)}
		}
	}
	return limitSocket(c, name, rate)
}

// rateOrNone reads a rate; none is 0.
func rateOrNone(text string) (int64, error) {
	if text == "none" {
		return 0, nil
	}
	return quantity.ParseRate(text)
}

func limitTransfer(ctx context.Context, c *cli.Context, r *remote, id string, rate int64) error {
	change := work.Change{RateLimit: &rate}
	if c.IsSet("jobs") {
		jobs, err := parseJobs(c.String("jobs"))
		if err != nil {
			return &usageError{verb: "limit", err: fmt.Errorf("--jobs: %w", err)}
		}
		change.Jobs = &jobs
	}
	t, err := r.Change(ctx, id, change, "")
	if err != nil {
		return refusedByDaemon(err)
	}
	text := "rate limit: " + quantity.FormatRate(t.Spec.Options.RateLimit)
	if change.Jobs != nil {
		text += ", jobs: " + jobsText(t.Spec.Options.Jobs)
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s: %s\n", t.ID, text)
	return err
}

func jobsText(n int) string {
	if n == 0 {
		return "auto"
	}
	return strconv.Itoa(n)
}

func limitSocket(c *cli.Context, socket string, rate int64) error {
	client, err := control.Dial(socket, version)
	if err != nil {
		return refusedBySocket(socket, err)
	}
	defer client.Close()
	ctx, stop := detachable(c.Context, os.Exit)
	defer stop()
	old, err := client.SetRate(ctx, rate)
	if err != nil {
		return refusedBySocket(socket, err)
	}
	_, err = fmt.Fprintf(c.App.Writer, "rate limit: %s, before: %s\n", quantity.FormatRate(rate), quantity.FormatRate(old))
	return err
}

// refusedBySocket is an error of a client, before it could do anything.
func refusedBySocket(socket string, err error) error {
	var interrupt *interrupted
	if errors.As(err, &interrupt) {
		return err
	}
	return &transfer.Refused{Err: fmt.Errorf("%s: %w", socket, err)}
}

// toldLimiter says what becomes of the rate limit, so that nobody wonders afterwards.
type toldLimiter struct {
	*transfer.Limiter
	progress *progress.Tracker
}

func (l toldLimiter) SetRate(bytesPerSecond int64) {
	old := l.Rate()
	l.Limiter.SetRate(bytesPerSecond)
	l.progress.Warn(progress.Warning{Object: "rate limit", Message: quantity.FormatRate(bytesPerSecond) + " from now on, before: " + quantity.FormatRate(old)})
}

// serveControl serves the control socket of a transfer until unserve is called. No path, no socket.
func serveControl(ctx context.Context, path string, feed *progress.Feed, limiter *transfer.Limiter, tracker *progress.Tracker) (unserve func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	server, err := control.Listen(ctx, path, control.Options{Feed: feed, Limiter: toldLimiter{limiter, tracker}, Version: version})
	if err != nil {
		return nil, err
	}
	return server.Close, nil
}
