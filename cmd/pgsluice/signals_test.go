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
	t.Run("SIGINT", func(t *testing.T) { signalTwice(t, syscall.SIGINT, 130) })
	t.Run("SIGTERM", func(t *testing.T) { signalTwice(t, syscall.SIGTERM, 143) })
}

func signalTwice(t *testing.T, signal syscall.Signal, code int) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var stderr lockedBuffer
	left := make(chan int, 1)
	ctx, stop := interruptible(t.Context(), &stderr, func(code int) { left <- code })
	defer stop()
	if err := syscall.Kill(syscall.Getpid(), signal); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	var cause *interrupted
	if !errors.As(context.Cause(ctx), &cause) || exitCode(cause) != code {
		t.Fatalf("the cause is %v, not an interruption with exit code %d", context.Cause(ctx), code)
	}
	want := "interrupted: cancelling on both servers (press Ctrl-C again to leave at once)\n"
	if got := stderr.String(); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if err := syscall.Kill(syscall.Getpid(), signal); err != nil {
		t.Fatal(err)
	}
	if got := <-left; got != code {
		t.Errorf("the second signal left with %d, want %d", got, code)
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
