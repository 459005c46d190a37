package main

import (
	"cmp"
	"context"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/progress"
	"pgsluice/internal/report"
)

// The ways to show a transfer that runs, as --progress names them.
const (
	progressAuto  = "auto"
	progressBars  = "bars"
	progressLines = "lines"
	progressJSON  = "json"
	progressNone  = "none"
)

func progressFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "progress", Category: categoryOutput,
		Usage: "`HOW` bars, lines, json (one object a line) or none; auto, the default, is bars on a terminal, else lines",
	}
}

// consoleOf is the verb's stderr. Tests may run a verb without run.
func consoleOf(c *cli.Context) *console {
	if con, ok := c.App.ErrWriter.(*console); ok {
		return con
	}
	return newConsole(c.App.ErrWriter)
}

// progressMode is how to show a transfer on con. Bars on what can't show them are lines: the same command line serves a
// terminal and a job without one.
func progressMode(c *cli.Context, con *console) string {
	mode := cmp.Or(c.String("progress"), progressAuto)
	if mode != progressAuto && mode != progressBars {
		return mode
	}
	if con.file != nil && os.Getenv("TERM") != "dumb" {
		return progressBars
	}
	return progressLines
}

// watch shows feed on con until stop is called, which takes no longer than a moment even if nobody reads.
func watch(ctx context.Context, feed *progress.Feed, con *console, mode string, every time.Duration) (stop func()) {
	switch mode {
	case progressNone:
		return func() {}
	case progressJSON:
		return report.FollowJSON(ctx, feed, con.observer(), report.EventOptions{})
	case progressBars:
		return report.FollowBars(ctx, feed, screen{con}, report.BarOptions{Color: con.colors()})
	}
	lines := report.LineOptions{Every: every}
	if con.file != nil {
		lines.Width = helpWidth
	}
	return report.Follow(ctx, feed, con.observer(), lines)
}

// screen is a console for bars: their lines wait for the reader, and the rows never do.
type screen struct{ *console }

func (s screen) Write(p []byte) (int, error) { return s.observer().Write(p) }

func (c *console) colors() bool { return c.file != nil && report.ColorFor(c.file) }
