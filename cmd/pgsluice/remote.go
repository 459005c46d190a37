package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon"
	"pgsluice/internal/daemon/client"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/transfer"
)

// The variables that name a daemon and let us in.
const (
	serverVariable = "PGSLUICE_SERVER"
	tokenVariable  = "PGSLUICE_TOKEN"
)

// categoryDaemon holds the flags that say which daemon is asked.
const categoryDaemon = "The daemon"

// daemonHelp ends the help of each verb that asks a daemon.
const daemonHelp = `Environment:
  PGSLUICE_SERVER  the daemon's URL, where --server does not name it
  PGSLUICE_TOKEN   the token, where --token-file does not name a file with it;
                   other users could see it as an argument
  SSL_CERT_FILE    certificates to trust, for a daemon that has its own`

// daemonCodes are the exit codes of verbs that ask a daemon.
const daemonCodes = `Exit codes: 0 done; 1 the daemon can't be reached, or has refused.`

func daemonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Category: categoryDaemon, Usage: "`URL` of the daemon (default: " + serverVariable + ", else http://" + daemon.DefaultListen + ")"},
		&cli.StringFlag{Name: "token-file", Category: categoryDaemon, TakesFile: true, Usage: "`FILE` with the token (default: " + tokenVariable + ")"},
	}
}

// remote is a daemon far away, and how it is to be named on another command line.
type remote struct {
	*client.Client
	typed string // " --server URL", or ""
}

// dial finds out which daemon to ask. Nothing is asked yet. The caller calls Close.
func dial(c *cli.Context) (*remote, error) {
	server := cmp.Or(c.String("server"), os.Getenv(serverVariable), "http://"+daemon.DefaultListen)
	secret, err := daemonToken(c)
	if err != nil {
		return nil, &usageError{verb: c.Command.Name, err: err}
	}
	notes := c.App.ErrWriter
	told := false
	lost := func(err error) {
		if !told {
			say(notes, fmt.Sprintf("pgsluice: %v; trying again", err))
			told = true
		}
	}
	to, err := client.New(server, client.Options{Token: secret, Lost: lost})
	if err != nil {
		return nil, &usageError{verb: c.Command.Name, err: err}
	}
	if to.Clear() {
		say(notes, "pgsluice: warning: the token travels unencrypted: use https")
	}
	r := &remote{Client: to}
	if c.IsSet("server") {
		r.typed = " --server " + typedAgain(c.String("server"), "URL")
	}
	return r, nil
}

// mostToken is what a token file holds at most; a token has 47 bytes.
const mostToken = 4096

func daemonToken(c *cli.Context) (string, error) {
	path := c.String("token-file")
	if path == "" {
		if c.IsSet("token-file") {
			return "", errors.New("--token-file is empty")
		}
		return strings.TrimSpace(os.Getenv(tokenVariable)), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostToken))
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsAny(secret, " \t\r\n") {
		return "", fmt.Errorf("--token-file %s: it must hold a token, and nothing else", path)
	}
	return secret, nil
}

// refusedByDaemon is the error of a request: nothing came of it.
func refusedByDaemon(err error) error {
	var (
		interrupt *interrupted
		invalid   *work.Invalid
		refused   *client.Refused
	)
	switch {
	case err == nil || errors.As(err, &interrupt):
		return err
	case errors.As(err, &invalid) && invalid.Field != "":
		err = fmt.Errorf("%s: %w", strings.TrimPrefix(invalid.Field, "spec."), err)
	case errors.As(err, &refused) && refused.Status == 401:
		err = fmt.Errorf("%w: set %s or --token-file", err, tokenVariable)
	}
	return &transfer.Refused{Err: err}
}

// asking gives a verb the daemon that its flags name, and a context that a signal ends.
func asking(action func(ctx context.Context, c *cli.Context, r *remote) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		r, err := dial(c)
		if err != nil {
			return err
		}
		defer r.Close()
		ctx, stop := detachable(c.Context, os.Exit)
		defer stop()
		return action(ctx, c, r)
	}
}
