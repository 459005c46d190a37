package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// interrupted is the cause of a context that a signal cancelled. It carries the exit code, so that the signal
// survives every wrapping on its way to main.
type interrupted struct {
	signal string
	code   int
}

func (e *interrupted) Error() string { return "interrupted by " + e.signal }

func interruption(sig os.Signal) *interrupted {
	if sig == syscall.SIGTERM {
		return &interrupted{signal: "SIGTERM", code: 143}
	}
	return &interrupted{signal: "SIGINT", code: 130}
}

// interruptible returns a context that the first SIGINT or SIGTERM cancels with an *interrupted cause, after a
// line on stderr. The second signal calls exit with the code at once: nothing is cleaned up then. The caller
// calls stop when the work is over; it waits for the listening goroutine and gives signals back to Go's default.
func interruptible(parent context.Context, stderr io.Writer, exit func(code int)) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2) // both may come before the goroutine runs
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	// A reader of our lines that goes away, such as head or a closed pager, must not end a copy: without this,
	// writing to a broken stdout or stderr kills the process.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	over, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		select {
		case sig := <-signals:
			if isTerminal(stderr) {
				fmt.Fprintln(stderr) // the terminal has shown ^C
			}
			fmt.Fprintln(stderr, "interrupted: cancelling on both servers (press Ctrl-C again to leave at once)")
			cancel(interruption(sig))
		case <-over:
			return
		}
		select {
		case sig := <-signals:
			exit(interruption(sig).code)
		case <-over:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(broken)
		close(over)
		<-left
		cancel(nil)
	}
}
