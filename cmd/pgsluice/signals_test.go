//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"pgsluice/internal/progress"
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

// SIGUSR1 asks for the state as often as it comes; after the copy it does nothing, least of all end the process.
func TestStatusOnSignal(t *testing.T) {
	tracker := progress.New()
	tracker.Step("counting sheep")
	feed := progress.NewFeed(tracker, progress.Tick)
	defer feed.Close()
	told := make(chan string, 1)
	stop := statusOnSignal(feed, &console{}, tellTale(told))
	for range 2 {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		if text := <-told; !strings.Contains(text, "counting sheep") {
			t.Errorf("told %q", text)
		}
	}
	stop()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
}

// tellTale hands on what is written to it.
type tellTale chan string

func (c tellTale) Write(p []byte) (int, error) {
	c <- string(p)
	return len(p), nil
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
