package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/preflight"
)

const transfersDescription = `Lists the transfers of a daemon (pgsluice serve), newest first: c001 is a copy,
b001 a dump, r001 a restore, v001 a verification, and a001 one that a schedule
has made.`

const transfersExamples = `Examples:
  export PGSLUICE_SERVER=https://db-tools.example:8432
  pgsluice transfers

  # what runs or waits now
  pgsluice transfers --state running,paused,pending

  # those of one database, for a program
  pgsluice transfers --database prod --json | jq -r '.[] | .id + " " + .state'

` + daemonHelp + `

` + daemonCodes

func transfersCommand() *cli.Command {
	return &cli.Command{
		Name: "transfers", Usage: "list the transfers of a daemon",
		Description: transfersDescription, UsageText: transfersExamples,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "state", Category: categoryWhich, Usage: "`STATES` only these, with commas: pending, running, paused, completed, failed, canceled"},
			&cli.StringFlag{Name: "database", Category: categoryWhich, Usage: "`NAME` only those from or to this database or store"},
			&cli.IntFlag{Name: "limit", Category: categoryWhich, Usage: "`N` at most (default 100)"},
			&cli.BoolFlag{Name: "json", Category: categoryOutput, Usage: "for programs: a list of objects, as the API has them"},
		}, daemonFlags()...),
		Action: asking(transfersAction),
	}
}

// categoryWhich holds the flags that choose what is listed.
const categoryWhich = "Which"

func transfersAction(ctx context.Context, c *cli.Context, r *remote) error {
	if c.NArg() > 0 {
		return &usageError{verb: "transfers", err: errors.New("it takes no argument: pgsluice show ID shows one transfer")}
	}
	states, err := parseStates(c.String("state"))
	if err != nil {
		return &usageError{verb: "transfers", err: err}
	}
	found, err := list(ctx, r, work.Filter{States: states, Database: c.String("database"), Limit: c.Int("limit")})
	switch {
	case err != nil:
		return refusedByDaemon(err)
	case c.Bool("json"):
		return writeJSON(c.App.Writer, found)
	case len(found) == 0:
		say(c.App.ErrWriter, "no transfers")
		return nil
	}
	return columns(c.App.Writer, []string{"ID", "STATUS", "WHAT", "CREATED", " TOOK", " MOVED", "BY"}, rowsOf(found, time.Now()))
}

// pageSize is the most that a daemon lists at once.
const pageSize = 1000

// list asks page after page until there are as many as f wants.
func list(ctx context.Context, r *remote, f work.Filter) ([]work.Transfer, error) {
	most := f.Limit
	if most == 0 {
		most = 100
	}
	all := []work.Transfer{}
	for len(all) < most {
		f.Limit = min(most-len(all), pageSize)
		page, err := r.Transfers(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < f.Limit {
			break
		}
		f.Before = page[len(page)-1].Number
	}
	return all, nil
}

func parseStates(words string) ([]work.State, error) {
	if words == "" {
		return nil, nil
	}
	known := []work.State{work.Pending, work.Running, work.Paused, work.Completed, work.Failed, work.Canceled}
	var states []work.State
	for word := range strings.SplitSeq(words, ",") {
		s := work.State(strings.ToLower(strings.TrimSpace(word)))
		if !slices.Contains(known, s) {
			return nil, fmt.Errorf("--state %s: no such state", word)
		}
		states = append(states, s)
	}
	return states, nil
}

func rowsOf(transfers []work.Transfer, now time.Time) [][]string {
	var rows [][]string
	for _, t := range transfers {
		status := t.Status()
		if t.Waits != "" {
			status += ": " + t.Waits
		}
		rows = append(rows, []string{t.ID, status, whatIs(t.Spec), when(t.Created), took(t, now), moved(t.Totals), byWhom(t)})
	}
	return rows
}

// whatIs says what a transfer does: copy prod → staging.
func whatIs(s work.Spec) string {
	from := s.Source
	if s.Kind == work.Restore {
		from = s.Dump
	}
	return fmt.Sprintf("%s %s → %s", s.Kind, from, s.Target)
}

// when is a moment in the zone of who reads it.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05 -0700")
}

// took is how long a transfer has taken, or takes until now.
func took(t work.Transfer, now time.Time) string {
	if t.Started == nil {
		return ""
	}
	if t.Ended != nil {
		now = *t.Ended
	}
	return brief(now.Sub(*t.Started))
}

// brief is a duration in its two largest units.
func brief(d time.Duration) string {
	d = max(0, d).Round(time.Second)
	switch hours, minutes, seconds := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60; {
	case hours >= 48:
		return fmt.Sprintf("%d d %d h", hours/24, hours%24)
	case hours > 0:
		return fmt.Sprintf("%d h %02d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %02d s", minutes, seconds)
	default:
		return fmt.Sprintf("%d s", seconds)
	}
}

func moved(t work.Totals) string {
	if t.Bytes == 0 && t.Rows == 0 {
		return ""
	}
	return preflight.Bytes(t.Bytes)
}

func byWhom(t work.Transfer) string {
	if t.Schedule != "" {
		return "schedule " + t.Schedule
	}
	return t.By
}

// totals are what a transfer has moved: 48.3 GB, 120,000,000 rows, 212 tables.
func totals(t work.Totals) string {
	if t == (work.Totals{}) {
		return ""
	}
	text := fmt.Sprintf("%s, %s, %s", preflight.Bytes(t.Bytes), countOf(t.Rows, "row", "rows"), countOf(int64(t.Tables), "table", "tables"))
	if t.Written > 0 {
		text += ", a file of " + humanize.Bytes(uint64(t.Written))
	}
	return text
}
