package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/zap"

	"pgsluice/internal/plan"
	"pgsluice/internal/quantity"
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
  PGSLUICE_TOKEN
             the token for a daemon, with --server
  NO_COLOR   if it is not empty, nothing is coloured

Examples:
  # everything, six tables at a time
  pgsluice copy postgres://app@old.example/shop service=new --jobs 6

  # from a managed service, where the roles are others, with half the line
  pgsluice copy service=prod 'host=localhost dbname=shop' \
      --no-owner --no-acl --rate-limit 60MB/s

  # again, into the same target: what it holds is dropped first
  pgsluice copy service=prod service=staging --clean --confirm shop_staging

  # a big target: few indexes at a time, each with much memory
  pgsluice copy service=prod service=new --index-jobs 2 --index-memory 8GB \
      --set max_parallel_maintenance_workers=4

  # one that was broken off, or killed: only what is missing is read
  pgsluice copy service=prod service=new --resume

  # gently, from a busy source: two streams at most, large tables whole
  pgsluice copy service=prod service=new --jobs 2 --split-above 0

  # watched and throttled from another terminal
  pgsluice copy service=prod service=new --control ~/copy.sock
  pgsluice status ~/copy.sock
  pgsluice limit ~/copy.sock 20MB/s

  # for a program: one JSON object a line on stderr, nothing else but the error
  pgsluice copy service=prod service=new --progress json

  # in a script: no secret in the process list, the figures as JSON
  export PGSLUICE_SOURCE=... PGSLUICE_TARGET=...
  pgsluice copy --report copy.json

  # by a daemon: Ctrl-C leaves it alone
  pgsluice copy --server https://db-tools.example:8432 prod staging

SIGUSR1 prints the state of the moment on stderr: kill -USR1 PID`

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
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "schema-only", Category: what, Usage: "no rows, large objects or sequence values"},
		&cli.BoolFlag{Name: "data-only", Category: what, Usage: "only those: the tables must exist, empty"},
		&cli.BoolFlag{Name: "no-owner", Category: what, Usage: "everything belongs to the target's user"},
		&cli.BoolFlag{Name: "no-acl", Category: what, Usage: "no GRANT, no REVOKE"},
		&cli.BoolFlag{Name: "no-comments", Category: what, Usage: "no comments"},
		&cli.BoolFlag{Name: "no-tablespaces", Category: what, Usage: "use the target's default tablespace"},
		&cli.BoolFlag{Name: "no-publications", Category: what, Usage: "no publications"},
		&cli.BoolFlag{Name: "no-db-settings", Category: what, Usage: "no settings, comment, grants of the database"},
		&cli.BoolFlag{Name: "subscriptions", Category: what, Usage: "subscriptions too; created, not connected"},

		&cli.StringFlag{Name: "jobs", Aliases: []string{"j"}, Category: how, Usage: "`N` tables, or parts of large ones, at a time; auto finds out what helps while it copies (default auto)"},
		&cli.IntFlag{Name: "max-jobs", Category: how, Usage: "`N` at most, with --jobs auto (default 16)"},
		&cli.StringFlag{Name: "rate-limit", Category: how, Usage: "`RATE` ceiling of all tables together, such as 50MB/s or 1.5GiB/s; MB is 10^6 bytes, MiB 2^20"},
		&cli.StringFlag{Name: "format", Aliases: []string{copyFormat}, Category: how, Usage: "`FORMAT` of the rows: binary, text, or auto: binary for each table where that is right (default auto)"},
		&cli.IntFlag{Name: "index-jobs", Category: how, Usage: "`N` indexes and constraints at a time (default: as --jobs)"},
		&cli.IntFlag{Name: "total-jobs", Category: how, Usage: "`N` of both together at a time, such as the target's cores (default: all)"},
		&cli.StringFlag{Name: "index-memory", Category: how, Usage: "`SIZE` what they may take on the target together, such as 2GB (default: by the target's settings)"},
		&cli.StringFlag{Name: "split-above", Category: how, Usage: "`SIZE` copy larger tables in parts, several at a time, such as 1GB; 0 is never (default: by the database and --jobs)"},
		&cli.StringSliceFlag{Name: "set", Category: how, Usage: "`NAME=VALUE` a setting of all sessions on the target, before ours; may be repeated"},
		&cli.BoolFlag{Name: "no-analyze", Category: how, Usage: "gather no planner statistics"},
		&cli.StringFlag{Name: "vacuum", Category: how, Usage: "`WHAT` auto: leave it to the target's autovacuum where that comes by itself, from 13 on; none; or all tables (default auto)"},
		&cli.BoolFlag{Name: "toc-order", Category: how, Usage: "take tables and indexes as pg_dump lists them, to compare"},
		&cli.BoolFlag{Name: "verify", Category: how, Usage: "compare both sides in the end, every row; exit code 3 if they differ"},
		&cli.StringFlag{Name: "retry-for", Category: how, Usage: "`TIME` try again for so long when a connection is lost, such as 90s or 10m; 0 is not at all (default 5m)"},
		&cli.StringFlag{Name: "lock-timeout", Category: how, Usage: "`TIME` wait for a lock on a table of the source (default 1m)"},
		&cli.StringFlag{Name: "on-error", Category: how, Usage: "`WHAT` stop or continue when an object fails (default stop)"},
		&cli.StringFlag{Name: "pg-dump", Category: how, TakesFile: true, Usage: "`PATH` the pg_dump to use (default: the newest found)"},

		&cli.BoolFlag{Name: "clean", Category: target, Usage: "drop every user object of the target first; only with --confirm"},
		&cli.StringFlag{Name: "resume", Category: target, Usage: "`[=mixed]` go on with what a copy has left; mixed: also if the source was written to since"},
		&cli.BoolFlag{Name: "restart", Category: target, Usage: "begin that copy again; what it has left is dropped; only with --confirm"},
		&cli.StringFlag{Name: "confirm", Category: target, Usage: "`NAME` the target database's name, to confirm --clean or --restart"},

		progressFlag(),
		&cli.StringFlag{Name: "control", Category: output, TakesFile: true, Usage: "`SOCKET` make it, for pgsluice status and limit; only you can use it"},
		&cli.StringFlag{Name: "report", Category: output, TakesFile: true, Usage: "`FILE` write the report: a page if its name ends with .html, else JSON; - is stdout"},
		&cli.StringFlag{Name: "log-level", Category: output, Usage: "`LEVEL` debug, info, warn or error (default warn)"},
		&cli.StringFlag{Name: "log-format", Category: output, Usage: "`FORMAT` text or json (default text)"},
	}
	return append(flags, remoteCopyFlags()...)
}

// copyOptions reads the flags and names of one copy.
func copyOptions(c *cli.Context) (transfer.Options, error) {
	opt, err := flagOptions(c)
	if err == nil {
		opt.Source, opt.Target, err = databaseNames(c.Args().Slice())
	}
	return opt, err
}

// flagOptions reads the flags of one copy. What contradicts itself beyond a single flag is found by
// transfer.Copy, which serves other callers too.
func flagOptions(c *cli.Context) (transfer.Options, error) {
	opt := transfer.Options{
		MaxJobs:        c.Int("max-jobs"),
		SchemaOnly:     c.Bool("schema-only"),
		DataOnly:       c.Bool("data-only"),
		NoOwner:        c.Bool("no-owner"),
		NoACL:          c.Bool("no-acl"),
		NoComments:     c.Bool("no-comments"),
		NoTablespaces:  c.Bool("no-tablespaces"),
		NoPublications: c.Bool("no-publications"),
		NoDBSettings:   c.Bool("no-db-settings"),
		NoAnalyze:      c.Bool("no-analyze"),
		IndexJobs:      c.Int("index-jobs"),
		TotalJobs:      c.Int("total-jobs"),
		TOCOrder:       c.Bool("toc-order"),
		Subscriptions:  c.Bool("subscriptions"),
		PgDump:         c.String("pg-dump"),
		Clean:          c.Bool("clean"),
		Restart:        c.Bool("restart"),
		Verify:         c.Bool("verify"),
		Confirm:        c.String("confirm"),
	}
	switch c.String(copyFormat) {
	case formatBinary:
		opt.Format = transfer.FormatBinary
	case formatText:
		opt.Format = transfer.FormatText
	}
	jobs, err := parseJobs(c.String("jobs"))
	if err != nil {
		return opt, fmt.Errorf("--jobs: %w", err)
	}
	opt.Jobs = jobs
	if c.String("on-error") == "continue" {
		opt.OnError = transfer.Continue
	}
	if size := c.String("index-memory"); c.IsSet("index-memory") {
		memory, err := quantity.ParseSize(size)
		if err != nil {
			return opt, fmt.Errorf("--index-memory: %w", err)
		}
		opt.IndexMemory = memory
	}
	switch c.String("vacuum") {
	case "none":
		opt.Vacuum = plan.VacuumNone
	case "all":
		opt.Vacuum = plan.VacuumAll
	}
	switch c.String("resume") {
	case resumeSame:
		opt.Resume = transfer.Resume
	case resumeMixed:
		opt.Resume = transfer.ResumeMixed
	}
	if err := readReading(c, &opt); err != nil {
		return opt, err
	}
	settings, err := sessionSettings(c.StringSlice("set"))
	if err != nil {
		return opt, fmt.Errorf("--set: %w", err)
	}
	opt.Set = settings
	for _, flag := range []string{"pg-dump", "report", "confirm", "control"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return opt, fmt.Errorf("--%s is empty", flag)
		}
	}
	return opt, nil
}

// copyFormat is --format of copy where that is the format of what is written, in plan.
const copyFormat = "copy-format"

// The values of --format.
const (
	formatAuto   = "auto"
	formatBinary = "binary"
	formatText   = "text"
)

// The values of --resume. The first is what it means alone.
const (
	resumeSame  = "same"
	resumeMixed = "mixed"
)

// readReading reads the flags that say how a source is read.
func readReading(c *cli.Context, opt *transfer.Options) error {
	if rate := c.String("rate-limit"); c.IsSet("rate-limit") {
		limit, err := quantity.ParseRate(rate)
		if err != nil {
			return fmt.Errorf("--rate-limit: %w", err)
		}
		opt.Limiter = transfer.NewLimiter(limit)
	}
	if size := c.String("split-above"); c.IsSet("split-above") {
		above, err := parseSplitAbove(size)
		if err != nil {
			return fmt.Errorf("--split-above: %w", err)
		}
		opt.SplitAbove = above
	}
	return readTimes(c, opt)
}

// readTimes reads the flags that are times.
func readTimes(c *cli.Context, opt *transfer.Options) error {
	for name, to := range map[string]*time.Duration{"retry-for": &opt.RetryFor, "lock-timeout": &opt.LockTimeout} {
		if !c.IsSet(name) {
			continue
		}
		d, err := time.ParseDuration(c.String(name))
		switch {
		case err != nil || d < 0:
			return fmt.Errorf("--%s %s: write a time with its unit, such as 90s, 10m or 1h30m", name, c.String(name))
		case d == 0 && name == "retry-for":
			d = -1
		case d < time.Millisecond:
			return fmt.Errorf("--%s %s: must be at least 1ms", name, c.String(name))
		}
		*to = d
	}
	return nil
}

// sessionSettings reads NAME=VALUE. Whether there is such a setting, the target knows.
func sessionSettings(words []string) (map[string]string, error) {
	settings := map[string]string{}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		name = strings.ToLower(strings.TrimSpace(name)) // as PostgreSQL compares them
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is not NAME=VALUE: write it as work_mem=256MB", word)
		}
		if _, twice := settings[name]; twice {
			return nil, fmt.Errorf("%s is set twice", name)
		}
		settings[name] = value
	}
	return settings, nil
}

func copyAction(c *cli.Context) error {
	if isRemoteCopy(c) {
		return asking(remoteCopy)(c)
	}
	if err := localOnly(c); err != nil {
		return err
	}
	halveProcs()
	opt, err := copyOptions(c)
	if err != nil {
		return &usageError{verb: "copy", err: err}
	}
	if err := checkReportPath(c.String("report")); err != nil {
		return err
	}
	s, log := showOf(c)
	opt.Log = log
	return runCopy(c, opt, s)
}

// showOf reads the flags that say how a transfer is shown, and warns of a password that others can see.
func showOf(c *cli.Context) (show, *zap.Logger) {
	con := consoleOf(c)
	s := show{mode: progressMode(c, con), notes: con, control: c.String("control")}
	format := c.String("log-format")
	if s.mode == progressJSON {
		format = "json"
	}
	log := newLogger(con, c.String("log-level"), format)
	if s.mode == progressJSON {
		s.notes = asLog{log}
	}
	if warning := passwordWarning(c.Args().Slice()); warning != "" {
		say(s.notes, "pgsluice: warning: "+warning)
	}
	return s, log
}
