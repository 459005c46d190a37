package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// Error is the failure of one stage or tap, as Run returns it.
type Error struct {
	Stage string // name of the stage at fault
	Err   error  // what it returned, gave to Abort or panicked with; never io.EOF, not even wrapped
	Stack []byte // of a panic, as debug.Stack prints it; else nil
}

// Error returns "STAGE: err", without the stack.
func (e *Error) Error() string { return e.Stage + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// ErrUnreadInput is the failure of a stage that returned nil before it had read its input to the end.
var ErrUnreadInput = errors.New("returned nil with input left unread")

var (
	errInFlight = errors.New("returned nil while its own Read or Write was still running")
	errReturned = errors.New("read or write after the stage has returned")
	errRefused  = errors.New("wrote bytes, but no stage follows")
	errNilAbort = errors.New("aborted without an error")
)

// cancelled is the answer of a pipeline whose context ended first.
func cancelled(ctx context.Context) error {
	return fmt.Errorf("cancelled: %w", notEOF(context.Cause(ctx)))
}

// panicked turns a recovered value into an error and the stack of the panic. It must be called
// by the deferred function that recovered it, while that stack is still there.
func panicked(v any) (stack []byte, err error) {
	stack = debug.Stack()
	if err, ok := v.(error); ok {
		return stack, fmt.Errorf("panic: %w", err)
	}
	return stack, fmt.Errorf("panic: %v", v)
}

// notEOF is law 2: whatever looks like a clean end becomes an unexpected one.
func notEOF(err error) error {
	switch {
	case err == io.EOF: //nolint:errorlint // a wrapped io.EOF has its own case
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		return &unexpectedEOF{err}
	}
	return err
}

// unexpectedEOF hides io.EOF within err and shows io.ErrUnexpectedEOF in its place. The rest of the
// chain stays visible.
type unexpectedEOF struct{ err error }

func (e *unexpectedEOF) Error() string { return e.err.Error() }

func (e *unexpectedEOF) Unwrap() error { return io.ErrUnexpectedEOF }

func (e *unexpectedEOF) Is(target error) bool {
	return target != io.EOF && errors.Is(e.err, target)
}

func (e *unexpectedEOF) As(target any) bool { return errors.As(e.err, target) }
