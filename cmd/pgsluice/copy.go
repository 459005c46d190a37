package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/transfer"
)

const copyDescription = `Databases are named as psql names them: a URL, a keyword string, service=NAME or
a bare database name. What a name leaves out comes from the service file, the
PG* variables, ~/.pgpass and the defaults. The target must exist and hold no
user objects. Flags may stand before and behind the names; -- ends them.`

const copyExamples = `Environment:
  PGSLUICE_SOURCE, PGSLUICE_TARGET
             the databases, where the arguments do not name them; a password is
             safe from other users here, as an argument it is not
  PGHOST, PGPORT, PGUSER, PGPASSFILE, PGSERVICEFILE, PGSSLMODE, ...
             as for psql, for both databases
  NO_COLOR   if it is not empty, nothing is coloured

Examples:
  # everything, six tables at a time
  pgsluice copy postgres://app@old.example/shop service=new --jobs 6

  # from a managed service, where the roles are others, with half the line
  pgsluice copy service=prod 'host=localhost dbname=shop' \
      --no-owner --no-acl --rate-limit 60MB/s

  # again, into the same target: what it holds is dropped first
  pgsluice copy service=prod service=staging --clean --confirm shop_staging

  # in a script: no secret in the process list, the figures as JSON
  export PGSLUICE_SOURCE=... PGSLUICE_TARGET=...
  pgsluice copy --report copy.json`

func copyCommand() *cli.Command {
	return &cli.Command{
		Name:        "copy",
		Usage:       "copy a whole database into an empty one",
		ArgsUsage:   "[SOURCE [TARGET]]",
		Description: copyDescription,
		UsageText:   copyExamples,
		Flags:       copyFlags(),
		Action:      copyAction,
	}
}

// categoryOutput holds the flags that change nothing about the copy itself.
const categoryOutput = "Output"

func copyFlags() []cli.Flag {
	const what, how, target, output = "What to copy", "How to copy", "The target", categoryOutput
	return []cli.Flag{
		&cli.BoolFlag{Name: "schema-only", Category: what, Usage: "no rows, large objects or sequence values"},
		&cli.BoolFlag{Name: "data-only", Category: what, Usage: "only those: the tables must exist, empty"},
		&cli.BoolFlag{Name: "no-owner", Category: what, Usage: "everything belongs to the target's user"},
		&cli.BoolFlag{Name: "no-acl", Category: what, Usage: "no GRANT, no REVOKE"},
		&cli.BoolFlag{Name: "no-comments", Category: what, Usage: "no comments"},
		&cli.BoolFlag{Name: "no-tablespaces", Category: what, Usage: "use the target's default tablespace"},
		&cli.BoolFlag{Name: "no-publications", Category: what, Usage: "no publications"},
		&cli.BoolFlag{Name: "no-db-settings", Category: what, Usage: "no settings, comment, grants of the database"},
		&cli.BoolFlag{Name: "subscriptions", Category: what, Usage: "subscriptions too; created, not connected"},

		&cli.IntFlag{Name: "jobs", Aliases: []string{"j"}, Value: 4, Category: how, Usage: "`N` tables or indexes at a time (default 4)"},
		&cli.StringFlag{Name: "rate-limit", Category: how, Usage: "`RATE` ceiling of all tables together, such as 50MB/s or 1.5GiB/s; MB is 10^6 bytes, MiB 2^20"},
		&cli.StringFlag{Name: "on-error", Category: how, Usage: "`WHAT` stop or continue when an object fails (default stop)"},
		&cli.StringFlag{Name: "pg-dump", Category: how, TakesFile: true, Usage: "`PATH` the pg_dump to use (default: the newest found)"},

		&cli.BoolFlag{Name: "clean", Category: target, Usage: "drop every user object of the target first; only with --confirm"},
		&cli.StringFlag{Name: "confirm", Category: target, Usage: "`NAME` the target database's name, to confirm --clean"},

		&cli.StringFlag{Name: "report", Category: output, TakesFile: true, Usage: "`FILE` write the report as JSON; - is stdout"},
		&cli.StringFlag{Name: "log-level", Category: output, Usage: "`LEVEL` debug, info, warn or error (default warn)"},
		&cli.StringFlag{Name: "log-format", Category: output, Usage: "`FORMAT` text or json (default text)"},
	}
}

// copyOptions reads the flags and names of one copy. What contradicts itself beyond a single flag is found by
// transfer.Copy, which serves other callers too.
func copyOptions(c *cli.Context) (transfer.Options, error) {
	opt := transfer.Options{
		Jobs:           c.Int("jobs"),
		SchemaOnly:     c.Bool("schema-only"),
		DataOnly:       c.Bool("data-only"),
		NoOwner:        c.Bool("no-owner"),
		NoACL:          c.Bool("no-acl"),
		NoComments:     c.Bool("no-comments"),
		NoTablespaces:  c.Bool("no-tablespaces"),
		NoPublications: c.Bool("no-publications"),
		NoDBSettings:   c.Bool("no-db-settings"),
		Subscriptions:  c.Bool("subscriptions"),
		PgDump:         c.String("pg-dump"),
		Clean:          c.Bool("clean"),
		Confirm:        c.String("confirm"),
	}
	if c.String("on-error") == "continue" {
		opt.OnError = transfer.Continue
	}
	if rate := c.String("rate-limit"); c.IsSet("rate-limit") {
		limit, err := parseRate(rate)
		if err != nil {
			return opt, fmt.Errorf("--rate-limit: %w", err)
		}
		opt.Limiter = transfer.NewLimiter(limit)
	}
	for _, flag := range []string{"pg-dump", "report", "confirm"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return opt, fmt.Errorf("--%s is empty", flag)
		}
	}
	var err error
	opt.Source, opt.Target, err = databaseNames(c.Args().Slice())
	return opt, err
}

func copyAction(c *cli.Context) error {
	opt, err := copyOptions(c)
	if err != nil {
		return &usageError{verb: "copy", err: err}
	}
	if err := checkReportPath(c.String("report")); err != nil {
		return err
	}
	stderr := c.App.ErrWriter
	if warning := passwordWarning(c.Args().Slice()); warning != "" {
		say(stderr, "pgsluice: warning: "+warning)
	}
	opt.Log = newLogger(stderr, c.String("log-level"), c.String("log-format"))
	return runCopy(c, opt)
}
