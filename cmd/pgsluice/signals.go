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
	signal   string
	code     int
	detached bool // only from a transfer that another process runs
}

func (e *interrupted) Error() string {
	if e.detached {
		return "detached by " + e.signal + ": the transfer goes on"
	}
	return "interrupted by " + e.signal
}

func interruption(sig os.Signal) *interrupted {
	switch sig {
	case syscall.SIGTERM:
		return &interrupted{signal: "SIGTERM", code: 143}
	case syscall.SIGHUP:
		return &interrupted{signal: "SIGHUP", code: 129}
	}
	return &interrupted{signal: "SIGINT", code: 130}
}

// interruptible returns a context that the first SIGINT, SIGTERM or SIGHUP cancels with an *interrupted cause, after a
// line on stderr. The second signal calls exit with the code at once: nothing is cleaned up then. The caller
// calls stop when the work is over; it waits for the listening goroutine and gives signals back to Go's default.
func interruptible(parent context.Context, stderr io.Writer, exit func(code int)) (ctx context.Context, stop func()) {
	return onSignal(parent, exit, withHangup(), func(sig os.Signal) *interrupted {
		if con, ok := stderr.(*console); ok && isTerminal(con) && !con.showsRows() {
			fmt.Fprintln(stderr) // the terminal has shown ^C
		}
		fmt.Fprintln(stderr, "interrupted: cancelling on both servers (press Ctrl-C again to leave at once)")
		return interruption(sig)
	})
}

// detachable is interruptible for verbs that a signal only takes away from a copy, which goes on.
func detachable(parent context.Context, exit func(code int)) (ctx context.Context, stop func()) {
	return onSignal(parent, exit, withHangup(), func(sig os.Signal) *interrupted {
		cause := interruption(sig)
		cause.detached = true
		return cause
	})
}

// withHangup are the signals that end a verb. SIGHUP is none under nohup.
func withHangup() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return ending()
	}
	return append(ending(), syscall.SIGHUP)
}

// ending are the signals that end a daemon, too.
func ending() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// onSignal cancels a context with what first says at the first of some signals, and calls exit at the second.
func onSignal(parent context.Context, exit func(code int), ends []os.Signal, first func(os.Signal) *interrupted) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2) // both may come before the goroutine runs
	signal.Notify(signals, ends...)
	over, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		select {
		case sig := <-signals:
			cancel(first(sig))
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
		close(over)
		<-left
		cancel(nil)
	}
}

// outliveReaders lets the process go on, until its end, when a reader of its lines has gone away, such as head or a
// closed pager: without it, writing to a broken stdout or stderr kills the process, and the copy with it.
func outliveReaders() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
