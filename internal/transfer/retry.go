package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
)

var (
	// errSnapshotLost says that nothing more can be read as of the moment that all else was read at.
	errSnapshotLost = errors.New("the source's snapshot is lost: all sessions that held it have ended, as a restart of the source does")
	// errCrashed says that the target's server has crashed since this run began, and may have lost its last commits.
	errCrashed = errors.New("the target's server has crashed and recovered")
)

// Retryable reports whether what was tried may go well if it is tried again: a connection was lost or could not be had,
// or the server broke off one of two that were in each other's way.
func Retryable(err error) bool {
	for _, final := range []error{errSnapshotLost, errCrashed, errGone, ledger.ErrFenced, context.Canceled} {
		if errors.Is(err, final) {
			return false
		}
	}
	if archived := (*archiveError)(nil); errors.As(err, &archived) {
		return false
	}
	if errors.Is(err, errStalled) {
		return true
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "57P01", "57P02", "57P03", "57P05", // shut down, crashed, not up yet, idle for too long
			"25P03", "25P04", // idle in a transaction, a transaction for too long: settings that somebody enforces
			"53300", // too many connections
			"40001", // a recovery conflict
			"40P01": // a deadlock
			return true
		}
		return strings.HasPrefix(refused.Code, "08") // connection exceptions
	}
	return lostConnection(err)
}

// lostConnection reports whether err comes from a connection rather than from a server.
func lostConnection(err error) bool {
	var network net.Error
	for _, is := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, os.ErrDeadlineExceeded, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, is) {
			return true
		}
	}
	if errors.As(err, &network) {
		_, alone := network.(syscall.Errno) // of the operating system, such as of a program that is not there: it has these methods, too
		return !alone
	}
	return pgconn.SafeToRetry(err)
}

const (
	firstWait = 100 * time.Millisecond
	longWait  = 5 * time.Second
	// mostTries is how often one task may lose a connection that it had: what ends its backend each time is the task itself.
	mostTries = 10
)

// backoff says how often and for how long something is tried again.
type backoff struct {
	limit time.Duration // from the first failure on; not positive: never
	since time.Time     // of the first failure in a row
	tries int
	wait  time.Duration
}

// next says how long to wait before the next attempt; ok is false if there should be none.
func (p *backoff) next(now time.Time) (wait time.Duration, ok bool) {
	if p.tries == 0 {
		p.since, p.wait = now, firstWait
	}
	p.tries++
	if p.limit <= 0 || now.Sub(p.since) >= p.limit {
		return 0, false
	}
	wait = time.Duration(float64(p.wait) * (0.8 + 0.4*rand.Float64()))
	p.wait = min(2*p.wait, longWait)
	return wait, true
}

// again waits and returns nil if what failed with err should be tried again, and else err, with what was tried. tell gets
// the attempt that was lost.
func (r *run) again(ctx context.Context, p *backoff, object string, err error, tell func(progress.Retry)) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !Retryable(err) {
		return err
	}
	wait, ok := p.next(time.Now())
	if !ok {
		if p.tries > 1 {
			return fmt.Errorf("%w; tried %d times in %s", err, p.tries, time.Since(p.since).Round(time.Second))
		}
		return err
	}
	tell(progress.Retry{Object: object, Cause: err.Error(), Wait: wait})
	r.Log.Info("trying again", zap.String("object", object), zap.Duration("in", wait), zap.Error(err))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// retrying does something that needs no progress of its own until it goes well or there is no use in trying.
func (r *run) retrying(ctx context.Context, object string, do func() error) error {
	p := &backoff{limit: r.RetryFor}
	for {
		err := do()
		if err == nil {
			return nil
		}
		if err = r.again(ctx, p, object, err, r.Progress.Retrying); err != nil {
			return err
		}
	}
}

// trial is the backoff of one task: with connecting it lasts RetryFor, with the task itself mostTries.
type trial struct {
	backoff
	worked int // attempts that had their sessions
}

func (t *trial) again(ctx context.Context, r *run, task *plan.Task, running *progress.Running, err error, worked bool) error {
	if worked {
		if t.worked++; t.worked >= mostTries && Retryable(err) {
			return fmt.Errorf("%w; it was tried %d times", err, t.worked)
		}
		if time.Since(t.since) > time.Minute {
			t.tries = 0 // another outage, not the same
		}
	}
	return r.again(ctx, &t.backoff, label(task), err, running.Retrying)
}
