// Command pgsluice moves PostgreSQL databases through a pipe and says at every moment how fast.
//
// This package turns flags into options, errors into exit codes and events into lines; the work itself is in
// package transfer. Each verb has a file of its own. Nothing here opens a connection.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"pgsluice/internal/convert"
	"pgsluice/internal/demo"
	"pgsluice/internal/transfer"
	"pgsluice/internal/verify"
)

// The exit codes are a promise to scripts: they change with a major version only.
const (
	exitDone       = 0
	exitRefused    = 1 // usage or preflight: nothing was changed
	exitIncomplete = 2 // done, but some objects failed, or the report could not be written
	exitDifferent  = 3 // the copy is not equal to its source
	exitFailed     = 4 // the transfer failed; the target holds what was committed
)

func main() {
	os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr))
}

// unread is how long the end of the program waits for a reader of stderr who takes nothing.
const unread = 2 * time.Second

// run is main without the process: args[0] is the program's name. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	con := newConsole(stderr)
	defer con.close(unread)
	app := newApp(stdout, con)
	ordered, err := arrange(app, args)
	if err == nil {
		err = app.RunContext(ctx, ordered)
	}
	if err != nil {
		printError(con, err, secrets(args))
	}
	return exitCode(err)
}

// exitCode is the one place where an error becomes a number.
func exitCode(err error) int {
	var (
		usage      *usageError
		interrupt  *interrupted
		incomplete *incompleteError
		different  *demo.DifferentError
		differs    *differentError
		notStarted *verify.NotStarted
		notMade    *convert.Refused
		far        *transferError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &interrupt):
		return interrupt.code
	case errors.As(err, &far):
		return far.code
	case errors.As(err, &usage), errors.As(err, &notStarted), errors.As(err, &notMade), transfer.IsRefused(err):
		return exitRefused
	case errors.As(err, &incomplete):
		return exitIncomplete
	case errors.As(err, &different), errors.As(err, &differs):
		return exitDifferent
	default:
		return exitFailed
	}
}
