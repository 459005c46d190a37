package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/quantity"
)

const schedulesDescription = `Lists the schedules of a daemon, or changes them. A schedule makes a transfer at
the times that its five cron fields name, in a time zone; of dumps it says which
are kept: what any of the --keep flags keeps stays, and without them all do.

  schedules                              list them
  schedules show NAME                    all that there is to know of one
  schedules set NAME SOURCE TARGET       make one, or replace it as a whole
  schedules suspend NAME                 let it not tick, until resume
  schedules resume NAME                  let it tick again
  schedules remove NAME                  what it has made stays`

const schedulesExamples = `Examples:
  # a dump each night at half past two in Berlin; kept are a week of them, and
  # the newest of each month of a year
  pgsluice schedules set nightly prod backups --kind dump --cron '30 2 * * *' \
      --time-zone Europe/Berlin --keep-days 7 --keep-monthly 12

  # staging is replaced each Monday morning
  pgsluice schedules set refresh prod staging --cron '0 5 * * 1' \
      --clean --confirm staging

  pgsluice schedules suspend nightly

` + daemonHelp + `

` + daemonCodes

func schedulesCommand() *cli.Command {
	const when, what, keep = "When", "What", "Which dumps are kept"
	return &cli.Command{
		Name: "schedules", Usage: "list or change the schedules of a daemon", ArgsUsage: "[show|set|suspend|resume|remove NAME ...]",
		Description: schedulesDescription, UsageText: schedulesExamples,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "cron", Category: when, Usage: "`FIELDS` minute, hour, day of the month, month, day of the week"},
			&cli.StringFlag{Name: "time-zone", Category: when, Usage: "`ZONE` an IANA name such as Europe/Berlin (default UTC)"},
			&cli.BoolFlag{Name: "suspended", Category: when, Usage: "make it, and let it not tick yet"},

			&cli.StringFlag{Name: "kind", Category: what, Usage: "`KIND` copy, dump or verify (default copy)"},
			&cli.StringFlag{Name: "jobs", Aliases: []string{"j"}, Category: what, Usage: "`N` copy streams (default auto)"},
			&cli.StringFlag{Name: "rate-limit", Category: what, Usage: "`RATE` ceiling of all tables together, such as 50MB/s"},
			&cli.BoolFlag{Name: "clean", Category: what, Usage: "drop every user object of the target first; only with --confirm"},
			&cli.StringFlag{Name: "confirm", Category: what, Usage: "`NAME` the target's name, to confirm --clean"},
			&cli.BoolFlag{Name: "no-owner", Category: what, Usage: "everything belongs to the target's user"},
			&cli.BoolFlag{Name: "no-acl", Category: what, Usage: "no GRANT, no REVOKE"},
			&cli.StringFlag{Name: "compress", Category: what, Usage: "`HOW` of a dump: none, gzip, lz4 or zstd, with :LEVEL"},
			&cli.BoolFlag{Name: "verify", Category: what, Usage: "of a copy: compare both sides in the end"},

			&cli.IntFlag{Name: "keep-last", Category: keep, Usage: "`N` the newest N"},
			&cli.IntFlag{Name: "keep-days", Category: keep, Usage: "`N` those of the last N days"},
			&cli.IntFlag{Name: "keep-weekly", Category: keep, Usage: "`N` the newest of each of the last N weeks that have one"},
			&cli.IntFlag{Name: "keep-monthly", Category: keep, Usage: "`N` the newest of each of the last N months that have one"},

			&cli.BoolFlag{Name: "json", Category: categoryOutput, Usage: "for programs: objects, as the API has them"},
		}, daemonFlags()...),
		Action: asking(schedulesAction),
	}
}

// scheduleVerbs are what may be done with schedules, and how many names each takes.
var scheduleVerbs = map[string]struct {
	names int
	do    func(ctx context.Context, c *cli.Context, r *remote, names []string) error
}{
	"show": {1, showSchedule}, "set": {3, setSchedule}, "remove": {1, removeSchedule},
	"suspend": {1, func(ctx context.Context, c *cli.Context, r *remote, names []string) error {
		return suspendSchedule(ctx, c, r, names[0], true)
	}},
	"resume": {1, func(ctx context.Context, c *cli.Context, r *remote, names []string) error {
		return suspendSchedule(ctx, c, r, names[0], false)
	}},
}

func schedulesAction(ctx context.Context, c *cli.Context, r *remote) error {
	word, names := c.Args().First(), c.Args().Tail()
	verb, ok := scheduleVerbs[word]
	switch {
	case word == "":
		return listSchedules(ctx, c, r)
	case !ok:
		return &usageError{verb: "schedules", err: fmt.Errorf("%q: it must be show, set, suspend, resume or remove", word)}
	case len(names) < verb.names:
		return &usageError{verb: "schedules", err: fmt.Errorf("schedules %s takes %s", word, map[int]string{1: "a name", 3: "a name, a source and a target"}[verb.names])}
	case len(names) > verb.names:
		return &usageError{verb: "schedules", err: fmt.Errorf("schedules %s: surplus argument %q", word, names[verb.names])}
	case word != "set":
		for _, f := range describe(c.Command.Flags) {
			if c.IsSet(f.name()) && f.category != categoryDaemon && f.category != categoryOutput {
				return &usageError{verb: "schedules", err: fmt.Errorf("--%s goes with schedules set", f.name())}
			}
		}
	}
	return refusedByDaemon(verb.do(ctx, c, r, names))
}

func listSchedules(ctx context.Context, c *cli.Context, r *remote) error {
	all, err := r.Schedules(ctx)
	switch {
	case err != nil:
		return refusedByDaemon(err)
	case c.Bool("json"):
		return writeJSON(c.App.Writer, all)
	case len(all) == 0:
		say(c.App.ErrWriter, "no schedules")
		return nil
	}
	var rows [][]string
	for _, s := range all {
		next := when(s.Next)
		if s.Suspended {
			next = "suspended"
		}
		rows = append(rows, []string{s.Name, whatIs(s.Spec), s.Cron, zoneOf(s), next, s.LastID, keptText(s.Retention)})
	}
	return columns(c.App.Writer, []string{"NAME", "WHAT", "CRON", "ZONE", "NEXT", "LAST", "KEEPS"}, rows)
}

func zoneOf(s work.Schedule) string {
	if s.TimeZone == "" {
		return "UTC"
	}
	return s.TimeZone
}

// keptText is a retention as flags, without their dashes.
func keptText(k work.Retention) string {
	var parts []string
	for _, rule := range []struct {
		n    int
		what string
	}{{k.Last, "last"}, {k.Days, "days"}, {k.Weekly, "weekly"}, {k.Monthly, "monthly"}} {
		if rule.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", rule.what, rule.n))
		}
	}
	if len(parts) == 0 {
		return "all"
	}
	return strings.Join(parts, ", ")
}

// scheduleNamed finds one.
func scheduleNamed(ctx context.Context, r *remote, name string) (*work.Schedule, error) {
	all, err := r.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	return nil, fmt.Errorf("schedule %s: %w", name, work.ErrNotFound)
}

func showSchedule(ctx context.Context, c *cli.Context, r *remote, names []string) error {
	s, err := scheduleNamed(ctx, r, names[0])
	if err != nil {
		return err
	}
	return printSchedule(c, s)
}

func printSchedule(c *cli.Context, s *work.Schedule) error {
	if c.Bool("json") {
		return writeJSON(c.App.Writer, s)
	}
	if _, err := fmt.Fprintln(c.App.Writer, s.Name+":"); err != nil {
		return err
	}
	next := when(s.Next)
	if s.Suspended {
		next = "suspended"
	}
	return facts(c.App.Writer, [][2]string{
		{"what", whatIs(s.Spec)},
		{"options", optionsText(s.Spec.Options)},
		{"cron", s.Cron + " " + zoneOf(*s)},
		{"next", next},
		{"last", strings.TrimSpace(s.LastID + " " + when(s.Last))},
		{"keeps", keptText(s.Retention)},
		{"created", when(s.Created) + " by " + s.By},
	})
}

func setSchedule(ctx context.Context, c *cli.Context, r *remote, names []string) error {
	s, err := scheduleOf(c, names)
	if err != nil {
		return &usageError{verb: "schedules", err: err}
	}
	made, err := r.PutSchedule(ctx, s, "")
	if err != nil {
		return err
	}
	return printSchedule(c, made)
}

// scheduleOf reads a schedule from the flags.
func scheduleOf(c *cli.Context, names []string) (work.Schedule, error) {
	kind := work.Copy
	if c.IsSet("kind") {
		kind = work.Kind(c.String("kind"))
	}
	s := work.Schedule{
		Name: names[0], Cron: c.String("cron"), TimeZone: c.String("time-zone"), Suspended: c.Bool("suspended"),
		Spec: work.Spec{Kind: kind, Source: names[1], Target: names[2], Confirm: c.String("confirm")},
		Retention: work.Retention{
			Last: c.Int("keep-last"), Days: c.Int("keep-days"), Weekly: c.Int("keep-weekly"), Monthly: c.Int("keep-monthly"),
		},
	}
	switch {
	case s.Cron == "":
		return s, errors.New("--cron says when, such as --cron '30 2 * * *'")
	case s.Retention != (work.Retention{}) && kind != work.Dump:
		return s, errors.New("the --keep flags are for dumps: --kind dump")
	}
	jobs, err := parseJobs(c.String("jobs"))
	if err != nil {
		return s, fmt.Errorf("--jobs: %w", err)
	}
	s.Spec.Options = work.Options{
		Jobs: jobs, Clean: c.Bool("clean"), NoOwner: c.Bool("no-owner"), NoACL: c.Bool("no-acl"), Compress: c.String("compress"), Verify: c.Bool("verify"),
	}
	if c.IsSet("rate-limit") {
		if s.Spec.Options.RateLimit, err = quantity.ParseRate(c.String("rate-limit")); err != nil {
			return s, fmt.Errorf("--rate-limit: %w", err)
		}
	}
	return s, nil
}

func suspendSchedule(ctx context.Context, c *cli.Context, r *remote, name string, suspended bool) error {
	s, err := scheduleNamed(ctx, r, name)
	if err != nil {
		return err
	}
	s.Suspended = suspended
	if s, err = r.PutSchedule(ctx, *s, ""); err != nil {
		return err
	}
	return printSchedule(c, s)
}

func removeSchedule(ctx context.Context, c *cli.Context, r *remote, names []string) error {
	if err := r.DeleteSchedule(ctx, names[0]); err != nil {
		return err
	}
	say(c.App.ErrWriter, names[0]+" is removed; what it has made stays")
	return nil
}
