package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon/client"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/quantity"
)

// categoryRemote holds copy's flags that send it to a daemon.
const categoryRemote = "By a daemon"

func remoteCopyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Category: categoryRemote, Usage: "`URL` a daemon (pgsluice serve) copies; SOURCE and TARGET are names of its configuration"},
		&cli.StringFlag{Name: "token-file", Category: categoryRemote, TakesFile: true, Usage: "`FILE` with the token for it (default: " + tokenVariable + ")"},
		&cli.BoolFlag{Name: "detach", Category: categoryRemote, Usage: "do not wait for its end: print the transfer's id on stdout"},
	}
}

// remoteFlags are those of copy that a daemon is told, or that are about how it is shown. What the others choose, its configuration does.
var remoteFlags = map[string]bool{
	"server": true, "token-file": true, "detach": true,
	"jobs": true, "index-jobs": true, "rate-limit": true, "clean": true, "confirm": true, "schema-only": true, "data-only": true,
	"no-owner": true, "no-acl": true, "no-comments": true, "verify": true, "on-error": true,
	"progress": true, "report": true,
}

// isRemoteCopy says whether a copy is to be made by a daemon. PGSLUICE_SERVER alone does not say so: a database may have the name that a
// daemon's has.
func isRemoteCopy(c *cli.Context) bool { return c.IsSet("server") }

func remoteCopy(ctx context.Context, c *cli.Context, r *remote) error {
	spec, err := remoteSpec(c)
	if err != nil {
		return &usageError{verb: "copy", err: err}
	}
	if err := checkReportPath(c.String("report")); err != nil {
		return err
	}
	t, err := r.Create(ctx, spec, "")
	switch {
	case err != nil && !client.Reached(err) && client.Sent(err) && ctx.Err() == nil:
		return &transferError{fmt.Sprintf("%v: the daemon may have it all the same: pgsluice transfers%s", err, r.typed), exitFailed}
	case err != nil:
		return refusedByDaemon(err)
	case c.Bool("detach"):
		_, err = fmt.Fprintln(c.App.Writer, t.ID)
		say(c.App.ErrWriter, fmt.Sprintf("%s: %s. Come back with: pgsluice show %s --follow%s", t.ID, t.Status(), t.ID, r.typed))
		return err
	}
	err = followTransfer(ctx, c, r, t)
	var left *unfinished
	if errors.As(err, &left) {
		return err
	}
	return withReport(err, writeDaemonReport(ctx, c.App.Writer, r, t.ID, c.String("report")), c.App.ErrWriter)
}

// remoteSpec reads what a daemon is to do.
func remoteSpec(c *cli.Context) (work.Spec, error) {
	spec := work.Spec{Kind: work.Copy}
	if c.NArg() != 2 {
		return spec, errors.New("with --server, name the source and the target as the daemon's configuration names them")
	}
	for _, f := range describe(c.Command.Flags) {
		if name := f.name(); c.IsSet(name) && !remoteFlags[name] && f.category != "" {
			return spec, fmt.Errorf("--%s does not go with --server: the daemon's configuration and defaults decide", name)
		}
	}
	if c.Bool("detach") && (c.IsSet("report") || c.IsSet("progress")) {
		return spec, errors.New("--detach waits for nothing that --report or --progress could show")
	}
	if ext := strings.ToLower(filepath.Ext(c.String("report"))); ext == ".html" || ext == ".htm" {
		return spec, errors.New("--report: a daemon's report is JSON; its page shows the rest")
	}
	spec.Source, spec.Target, spec.Confirm = c.Args().Get(0), c.Args().Get(1), c.String("confirm")
	for _, name := range []string{spec.Source, spec.Target} {
		if strings.ContainsAny(name, "=:/@ ") {
			return spec, errors.New("with --server, databases are names of the daemon's configuration: a connection string is not sent anywhere")
		}
	}
	jobs, err := parseJobs(c.String("jobs"))
	if err != nil {
		return spec, fmt.Errorf("--jobs: %w", err)
	}
	spec.Options = work.Options{
		Jobs: jobs, IndexJobs: c.Int("index-jobs"), Clean: c.Bool("clean"), SchemaOnly: c.Bool("schema-only"), DataOnly: c.Bool("data-only"),
		NoOwner: c.Bool("no-owner"), NoACL: c.Bool("no-acl"), NoComments: c.Bool("no-comments"), Verify: c.Bool("verify"),
		Continue: c.String("on-error") == "continue",
	}
	if c.IsSet("rate-limit") {
		if spec.Options.RateLimit, err = quantity.ParseRate(c.String("rate-limit")); err != nil {
			return spec, fmt.Errorf("--rate-limit: %w", err)
		}
	}
	return spec, nil
}

// localOnly refuses the flags of a daemon's copy where there is none.
func localOnly(c *cli.Context) error {
	for _, name := range []string{"detach", "token-file"} {
		if c.IsSet(name) {
			return &usageError{verb: "copy", err: fmt.Errorf("--%s goes with --server", name)}
		}
	}
	return nil
}
