package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

const appDescription = `The source database comes first, the target second:

  pgsluice copy postgres://app@old.example/shop postgres://app@new.example/shop

Exit codes:
  0    done
  1    usage or preflight: nothing was changed
  2    done, but some objects failed; each is listed
  3    the copy differs from its source (verify, demo)
  4    the transfer failed; the target says what it has: copy --resume goes on
  130  interrupted (SIGINT), 143 terminated (SIGTERM), 129 hung up (SIGHUP)`

// newApp builds the command tree. Each call builds its own, so that runs in one process share nothing.
//
// cli/v2 generates its shell completion by running the half-typed command line; here that line may say
// --clean, and after a bare "--" it would run for real. So that is off: see completion.go.
func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:        "pgsluice",
		Usage:       "move PostgreSQL databases through a pipe",
		Description: appDescription,
		Writer:      stdout,
		ErrWriter:   stderr,
		HideHelp:    true, // cli's help verb would take a database named "help" or "h" for itself
		HideVersion: true,
		// a setting's value may hold commas
		DisableSliceFlagSeparator: true,
		Flags:                     []cli.Flag{helpFlag(), versionFlag()},
		Action:                    rootAction,
		// cli's own handler leaves the process from deep inside; run returns the error to main instead.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   asUsageError,
	}
	app.Commands = []*cli.Command{
		copyCommand(), dumpCommand(), restoreCommand(), convertCommand(), planCommand(), verifyCommand(), benchCommand(), statusCommand(), cleanupCommand(), limitCommand(),
		serveCommand(), transfersCommand(), showCommand(), logsCommand(), pauseCommand(), resumeCommand(), cancelCommand(), schedulesCommand(), tokensCommand(),
		demoCommand(), completionCommand(), helpCommand(), versionCommand(),
	}
	for _, c := range app.Commands {
		c.HideHelp = true
		c.OnUsageError = asUsageError
		c.Flags = append(c.Flags, helpFlag(), versionFlag())
		c.CustomHelpTemplate = verbHelp(c)
	}
	app.CustomAppHelpTemplate = appHelp(app)
	return app
}

func helpFlag() cli.Flag {
	return &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "print this help"}
}

func versionFlag() cli.Flag {
	return &cli.BoolFlag{Name: "version", Aliases: []string{"V"}, Usage: "print the version"}
}

func rootAction(c *cli.Context) error {
	switch {
	case c.Bool("version"):
		return printVersion(c)
	case c.Args().Present():
		name := c.Args().First()
		return &usageError{err: fmt.Errorf("no command %q%s", name, didYouMean(name, verbNames(c.App)))}
	default:
		return cli.ShowAppHelp(c)
	}
}

func verbNames(app *cli.App) []string {
	var names []string
	for _, c := range app.Commands {
		names = append(names, c.Name)
	}
	return names
}

// asUsageError takes what cli found in the flags; arrange has found nearly everything before it.
func asUsageError(c *cli.Context, err error, isVerb bool) error {
	if isVerb {
		return &usageError{verb: c.Command.Name, err: err}
	}
	return &usageError{err: err}
}

// usageError is a command line that can't be understood. Nothing has been started.
type usageError struct {
	verb string // "" for the program itself
	err  error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// hint is the command that explains how it is done right.
func (e *usageError) hint() string {
	if e.verb == "" || e.verb == "help" {
		return "pgsluice help"
	}
	return "pgsluice " + e.verb + " --help"
}
