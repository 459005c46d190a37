package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/transfer"
)

// targetName is the one database that a verb is about, from its argument or, without one, from the target's variable. asTyped is how
// a command line names it again, without its password.
func targetName(args []string) (name, asTyped string, err error) {
	switch {
	case len(args) > 1:
		return "", "", fmt.Errorf("surplus argument %s: there is one target (quote a name that has spaces)", quoteName(args[1]))
	case len(args) == 1 && args[0] != "":
		return args[0], typedAgain(args[0], "TARGET"), nil
	case os.Getenv(targetVariable) != "":
		return os.Getenv(targetVariable), "", nil
	}
	return "", "", fmt.Errorf("no target database: give it as an argument, or in %s", targetVariable)
}

// warnOfPassword says that the one name in the arguments shows a password to others.
func warnOfPassword(c *cli.Context, name string) {
	if c.Args().Present() && len(passwords(name)) > 0 {
		say(consoleOf(c), fmt.Sprintf("pgsluice: warning: other users of this machine can read the password in TARGET (ps): use %s, or ~/.pgpass", targetVariable))
	}
}

// targetStatus says what a target records of the copy into it.
func targetStatus(c *cli.Context) error {
	name, typed, err := targetName(c.Args().Slice())
	switch {
	case err != nil:
		return &usageError{verb: "status", err: err}
	case c.Bool("once") || c.IsSet("progress"):
		return &usageError{verb: "status", err: errors.New("--once and --progress go with a socket: a database is asked once")}
	}
	warnOfPassword(c, name)
	con := consoleOf(c)
	ctx, stop := interruptible(c.Context, con, os.Exit)
	defer stop()
	s, err := transfer.ReadStatus(ctx, name)
	if err != nil {
		return err
	}
	return writeStatus(c, s, typed)
}

// writeStatus writes what is known as the format flag says.
func writeStatus(c *cli.Context, s *transfer.Status, typed string) error {
	var err error
	if c.String("format") == "json" {
		text, failed := json.MarshalIndent(statusOf(s), "", "  ")
		if failed != nil {
			return failed
		}
		_, err = c.App.Writer.Write(append(text, '\n'))
	} else {
		_, err = io.WriteString(c.App.Writer, newStatusText(s, typed, widthOf(c.App.Writer)).String())
	}
	return err
}
