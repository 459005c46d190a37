package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/control"
	"pgsluice/internal/progress"
	"pgsluice/internal/transfer"
)

const limitDescription = `Changes the ceiling of all tables of a copy together, at once. SOCKET is what
that copy got as --control; RATE is a rate as for --rate-limit, or none. It
prints the new rate and the one before.`

const limitExamples = `Examples:
  pgsluice copy service=old service=new --control /run/user/1000/copy.sock

  # office hours, in another terminal
  pgsluice limit /run/user/1000/copy.sock 20MB/s

  # and the night
  pgsluice limit /run/user/1000/copy.sock none

Exit codes: 0 changed, 1 nothing was changed.`

func limitCommand() *cli.Command {
	return &cli.Command{
		Name:        "limit",
		Usage:       "change the rate limit of a copy that runs",
		ArgsUsage:   "SOCKET RATE",
		Description: limitDescription,
		UsageText:   limitExamples,
		Action:      limitAction,
	}
}

func limitAction(c *cli.Context) error {
	if c.NArg() != 2 {
		return &usageError{verb: "limit", err: errors.New("name a socket, and a rate such as 20MB/s or none")}
	}
	socket, text := c.Args().Get(0), c.Args().Get(1)
	var rate int64
	if text != "none" {
		var err error
		if rate, err = parseRate(text); err != nil {
			return &usageError{verb: "limit", err: err}
		}
	}
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
	_, err = fmt.Fprintf(c.App.Writer, "rate limit: %s, before: %s\n", formatRate(rate), formatRate(old))
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
	l.progress.Warn(progress.Warning{Object: "rate limit", Message: formatRate(bytesPerSecond) + " from now on, before: " + formatRate(old)})
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
