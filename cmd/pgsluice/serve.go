package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/zap"

	"pgsluice/internal/daemon"
	"pgsluice/internal/transfer"
)

const serveDescription = `Serves copies, dumps, restores and verifications: an HTTP API, a web page for
people at the same address, schedules, and /metrics. The databases are those of
the file, by name: no connection string enters or leaves otherwise. A transfer
goes on when the client has gone away, and when the daemon was ended or killed
it is taken up again by its next start.

The first start prints a token, once: the page and the other verbs ask for it.
Others than this machine's programs get in with TLS alone, see --tls-cert.

SIGTERM and Ctrl-C end it in order: nothing more begins, what runs is stopped
cleanly and taken up again later. Pressed again, Ctrl-C leaves at once, which
costs nothing but the work of the moment. SIGHUP reads --config again.
pgsluice help daemon has the file, the unit for systemd, and what is where;
pgsluice help api has the API.`

const serveExamples = `Examples:
  # try it out: two databases, on this machine
  cat > pgsluice.yaml <<'END'
  databases:
    prod: {url_env: PROD_URL, never_target: true}
    staging: {url_env: STAGING_URL}
  END
  PROD_URL=service=prod STAGING_URL=service=staging pgsluice serve

  # for a team
  pgsluice serve --config /etc/pgsluice.yaml --data /var/lib/pgsluice \
      --listen :8432 --tls-cert /etc/pgsluice.pem --tls-key /etc/pgsluice.key

  # several daemons that share the work
  pgsluice serve --nats nats://nats1:4222,nats://nats2:4222 --nats-creds creds

Exit codes:
  0    ended by a signal, in order
  1    usage, or it could not start
  4    it could not go on: the message says why
  130  left at once (SIGINT), 143 (SIGTERM)`

func serveCommand() *cli.Command {
	const state, listen = "State", "Who may ask"
	return &cli.Command{
		Name:        "serve",
		Usage:       "serve transfers as an HTTP API and a web page",
		Description: serveDescription,
		UsageText:   serveExamples,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "config", TakesFile: true, Value: "pgsluice.yaml", Category: state, Usage: "`FILE` of databases and stores, read again at SIGHUP (default pgsluice.yaml)"},
			&cli.StringFlag{Name: "data", TakesFile: true, Category: state, Usage: "`DIR` of transfers and tokens, made if missing (default ~/.local/state/pgsluice, or what systemd says)"},
			&cli.StringFlag{Name: "name", Category: state, Usage: "`NAME` of this daemon in what it shows (default that of the host)"},
			&cli.StringFlag{Name: "nats", Category: state, Usage: "`URL` of a NATS server or cluster that keeps the transfers instead of DIR, for several daemons"},
			&cli.StringFlag{Name: "nats-creds", TakesFile: true, Category: state, Usage: "`FILE` of credentials for it"},
			&cli.StringFlag{Name: "takeover", Category: state, Usage: "`TIME` of silence until another daemon takes over what one has in work (default 30s)"},
			&cli.StringFlag{Name: "pg-dump", TakesFile: true, Category: state, Usage: "`PATH` of the pg_dump to use (default: the newest that is found)"},
			&cli.StringFlag{Name: "listen", Category: listen, Usage: "`HOST:PORT` to listen on (default " + daemon.DefaultListen + ")"},
			&cli.StringFlag{Name: "tls-cert", TakesFile: true, Category: listen, Usage: "`FILE` certificate for TLS, read again when it is renewed"},
			&cli.StringFlag{Name: "tls-key", TakesFile: true, Category: listen, Usage: "`FILE` its key"},
			&cli.BoolFlag{Name: "insecure", Category: listen, Usage: "let others than this machine in without TLS, behind a proxy that has it"},
			&cli.StringFlag{Name: "log-level", Category: categoryOutput, Usage: "`LEVEL` debug, info, warn or error (default info)"},
			&cli.StringFlag{Name: "log-format", Category: categoryOutput, Usage: "`FORMAT` text or json (default text)"},
		},
		Action: serveAction,
	}
}

func serveOptions(c *cli.Context) (daemon.Options, error) {
	o := daemon.Options{
		Config: c.String("config"), Data: c.String("data"), Name: c.String("name"), NATS: c.String("nats"), Credentials: c.String("nats-creds"),
		Listen: c.String("listen"), CertFile: c.String("tls-cert"), KeyFile: c.String("tls-key"), Insecure: c.Bool("insecure"), PgDump: c.String("pg-dump"), Version: version,
	}
	if c.NArg() > 0 {
		return o, fmt.Errorf("%q is too much: databases are named in --config", c.Args().First())
	}
	for _, flag := range []string{"config", "data", "name", "nats", "nats-creds", "pg-dump", "listen", "tls-cert", "tls-key"} {
		if c.IsSet(flag) && c.String(flag) == "" {
			return o, fmt.Errorf("--%s is empty", flag)
		}
	}
	if o.Credentials != "" && o.NATS == "" {
		return o, errors.New("--nats-creds is for --nats")
	}
	if text := c.String("takeover"); text != "" {
		var err error
		if o.AckWait, err = time.ParseDuration(text); err != nil || o.AckWait < time.Second {
			return o, fmt.Errorf("--takeover %s: write a time of a second at least, such as 30s", text)
		}
	}
	if o.Data == "" {
		var err error
		if o.Data, err = stateDir(); err != nil {
			return o, err
		}
	}
	return o, nil
}

// stateDir is where state lies that nobody has named a place for.
func stateDir() (string, error) {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" { // from systemd
		return dir, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pgsluice"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("name a directory with --data: %w", err)
	}
	return filepath.Join(home, ".local", "state", "pgsluice"), nil
}

func serveAction(c *cli.Context) error {
	o, err := serveOptions(c)
	if err != nil {
		return &usageError{verb: "serve", err: err}
	}
	con := consoleOf(c)
	level := c.String("log-level")
	if level == "" {
		level = "info"
	}
	o.Log = newLogger(con, level, c.String("log-format"))
	started := false
	o.Started = func(url, secret string) {
		started = true
		greet(c.App.Writer, url, secret)
	}
	ctx, stop := onSignal(c.Context, os.Exit, ending(), func(sig os.Signal) *interrupted {
		cause := interruption(sig)
		o.Log.Info("ending: what runs is stopped cleanly and taken up again later", zap.String("signal", cause.signal))
		return cause
	})
	defer stop()
	err = daemon.Serve(ctx, o)
	if err != nil && !started {
		return &transfer.Refused{Err: err}
	}
	return err
}

// greet says where the daemon is. The secret of a first start is here alone: logs are kept for long and read by many.
func greet(stdout io.Writer, url, secret string) {
	fmt.Fprintf(stdout, "pgsluice serves %s\n", url)
	if secret != "" {
		fmt.Fprintf(stdout, "token, shown this once: %s\n", secret)
	}
}
