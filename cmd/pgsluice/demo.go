package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/demo"
	"pgsluice/internal/transfer"
)

const demoDescription = `Starts two PostgreSQL servers of its own in the temporary folder, which only
this machine can reach, fills one with a shop (customers, products, orders by
month, payments, events, scanned documents, with indexes and foreign keys) and
copies it to the other, as "pgsluice copy" would. Then it compares all rows of
both, and removes the servers and all that they hold, also after Ctrl-C or an
error.

It touches nothing else. Where PostgreSQL's programs are missing, it first gets
those of the distribution, and says so; they stay. It takes less than a minute
and 1.5 GB in the temporary folder, and both grow with --scale.

Exit codes: 0 both are equal, 3 they are not, 130 interrupted; others as copy's.`

const demoExamples = `Examples:
  # have a look
  pgsluice demo

  # only the flow of it
  pgsluice demo --scale 0.1

  # can its check be trusted? This must end with exit code 3
  pgsluice demo --scale 0.1 --flip-byte`

func demoCommand() *cli.Command {
	const what, how = "What to copy", "How to copy"
	return &cli.Command{
		Name:        "demo",
		Usage:       "see a copy between two throw-away servers",
		Description: demoDescription,
		UsageText:   demoExamples,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "scale", Category: what, Usage: "`FACTOR` size of the shop; 1, the default, is about 150 MB"},
			&cli.BoolFlag{Name: "flip-byte", Category: what, Usage: "change one byte of the copy, which the check must find"},
			&cli.IntFlag{Name: "jobs", Aliases: []string{"j"}, Value: 4, Category: how, Usage: "`N` tables or indexes at a time (default 4)"},
			progressFlag(),
		},
		Action: func(c *cli.Context) error { return noArgs(c, demoAction) },
	}
}

func demoAction(c *cli.Context) error {
	scale, err := parseScale(c.String("scale"), c.IsSet("scale"))
	if err != nil {
		return &usageError{verb: "demo", err: err}
	}
	con := consoleOf(c)
	story := demo.NewStory(con)
	outliveReaders()
	ctx, stop := interruptible(c.Context, story, os.Exit)
	defer stop()
	return demo.Run(ctx, demo.Options{
		Scale:    scale,
		Jobs:     c.Int("jobs"),
		FlipByte: c.Bool("flip-byte"),
		Story:    story,
		Copy: func(ctx context.Context, opt transfer.Options) error {
			opt.Log = newLogger(con, "", "")
			// it is over before the default's first line
			return showCopy(ctx, c, opt, show{mode: progressMode(c, con), every: 3 * time.Second, notes: con})
		},
	})
}

// largestScale is 150 GB: a slip of the finger should not fill the disk of a server.
const largestScale = 1000

func parseScale(text string, given bool) (float64, error) {
	if !given {
		return 1, nil
	}
	scale, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(scale) || scale <= 0 || scale > largestScale {
		return 0, fmt.Errorf("--scale %s: must be a number above 0, at most %d, such as 0.1", text, largestScale)
	}
	return scale, nil
}
