//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// Signals reach the whole process: these tests do not run in parallel.

func TestFirstSignalCancelsSecondLeaves(t *testing.T) {
	for _, test := range []struct {
		signal syscall.Signal
		code   int
	}{
		{syscall.SIGINT, 130},
		{syscall.SIGTERM, 143},
	} {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		var stderr lockedBuffer
		left := make(chan int, 1)
		ctx, stop := interruptible(t.Context(), &stderr, func(code int) { left <- code })
		if err := syscall.Kill(syscall.Getpid(), test.signal); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		var cause *interrupted
		if !errors.As(context.Cause(ctx), &cause) || exitCode(cause) != test.code {
			t.Errorf("%v: the cause is %v with exit code %d, want %d", test.signal, context.Cause(ctx), exitCode(cause), test.code)
		}
		want := "interrupted: cancelling on both servers (press Ctrl-C again to leave at once)\n"
		if got := stderr.String(); got != want {
			t.Errorf("%v: printed %q, want %q", test.signal, got, want)
		}
		if err := syscall.Kill(syscall.Getpid(), test.signal); err != nil {
			t.Fatal(err)
		}
		if code := <-left; code != test.code {
			t.Errorf("%v: the second signal left with %d, want %d", test.signal, code, test.code)
		}
		stop()
	}
}

func TestStopWithoutSignalLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, stop := interruptible(t.Context(), &lockedBuffer{}, func(int) { t.Error("left") })
	stop()
	if context.Cause(ctx) != context.Canceled {
		t.Errorf("after stop the cause is %v, want %v", context.Cause(ctx), context.Canceled)
	}
}

// lockedBuffer is a buffer for several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
