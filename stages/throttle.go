package stages

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"pgsluice/pipeline"
)

// Limiter holds all pipes that share it, together, to one rate in bytes per second.
// It may be used from several goroutines. A nil *Limiter sets no limit.
type Limiter struct {
	// turn is held by the one caller that waits for the bucket; the others queue for
	// it in the order they came. So streams share the rate evenly, and there is never
	// more than one reservation to take back when the rate changes.
	turn chan struct{}

	mu      sync.Mutex
	bucket  *rate.Limiter
	paused  bool
	changed chan struct{} // closed by SetRate, Pause and Resume, then replaced
}

// burstFraction is the part of a second whose bytes may be saved up: 50 ms worth. A
// pipe that stood still for 10 s gains 50 ms by it, not 10 s. Much less, and timers
// that fire a millisecond late would hold a fast pipe below its rate.
const burstFraction = 20

// NewLimiter returns a Limiter for bytesPerSecond; 0 or less means no limit until
// SetRate sets one.
func NewLimiter(bytesPerSecond int64) *Limiter {
	l := &Limiter{
		turn:    make(chan struct{}, 1),
		bucket:  rate.NewLimiter(rate.Inf, 0),
		changed: make(chan struct{}),
	}
	l.SetRate(bytesPerSecond)
	return l
}

// SetRate changes the rate. Who already waits goes on at the new rate from now on;
// 0 or less lets everybody pass.
func (l *Limiter) SetRate(bytesPerSecond int64) {
	limit, burst := rate.Inf, 0
	if bytesPerSecond > 0 {
		limit, burst = rate.Limit(bytesPerSecond), int(max(1, bytesPerSecond/burstFraction))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket.SetLimit(limit)
	l.bucket.SetBurst(burst)
	l.tell()
}

// Pause lets nothing pass until Resume, whatever the rate is. A second call does nothing.
func (l *Limiter) Pause() { l.setPaused(true) }

// Resume ends a pause. Without one it does nothing.
func (l *Limiter) Resume() { l.setPaused(false) }

func (l *Limiter) setPaused(paused bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = paused
	l.tell()
}

// tell has who waits look again at what he waits for. The caller holds mu.
func (l *Limiter) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Rate is the rate in bytes per second, 0 if there is no limit.
func (l *Limiter) Rate() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bucket.Limit() == rate.Inf {
		return 0
	}
	return int64(l.bucket.Limit())
}

// Wait returns when n bytes may pass, or with the cause of ctx as soon as it ends.
func (l *Limiter) Wait(ctx context.Context, n int) error {
	for n > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case l.turn <- struct{}{}:
		}
		passed, err := l.pass(ctx, n)
		<-l.turn
		if err != nil {
			return err
		}
		n -= passed
	}
	return nil
}

// pass lets up to one burst of the n bytes through and returns how many; 0 if the
// rate changed while it waited, or a pause began or ended.
func (l *Limiter) pass(ctx context.Context, n int) (int, error) {
	l.mu.Lock()
	changed := l.changed
	if l.paused {
		l.mu.Unlock()
		select {
		case <-changed:
			return 0, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
	if l.bucket.Limit() != rate.Inf {
		n = min(n, l.bucket.Burst())
	}
	reserved := l.bucket.ReserveN(time.Now(), n)
	l.mu.Unlock()

	delay := reserved.Delay()
	if delay == 0 {
		return n, context.Cause(ctx)
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return n, nil
	case <-changed:
		reserved.Cancel()
		return 0, nil
	case <-ctx.Done():
		reserved.Cancel()
		return 0, context.Cause(ctx)
	}
}

// Throttle is a tap, named "throttle", that lets bytes pass at the rate of l. It
// holds a chunk back before the next stage gets it. A nil l gives the zero Stage.
func Throttle(l *Limiter) pipeline.Stage {
	if l == nil {
		return pipeline.Stage{}
	}
	return pipeline.Stage{Name: "throttle", Tap: func(ctx context.Context, p []byte) error {
		return l.Wait(ctx, len(p))
	}}
}
