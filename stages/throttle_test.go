package stages_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/stages"
)

// took runs f in virtual time and fails t unless it takes want, give or take 1 %.
func took(t *testing.T, want time.Duration, f func()) {
	t.Helper()
	began := time.Now()
	f()
	if got := time.Since(began); got < want-want/100 || got > want+want/100 {
		t.Errorf("took %v, want %v", got, want)
	}
}

func pass(t *testing.T, l *stages.Limiter, n int) {
	t.Helper()
	if err := l.Wait(t.Context(), n); err != nil {
		t.Error(err)
	}
}

func TestThrottleHoldsItsRate(t *testing.T) {
	for _, rate := range []int64{1, 100, 65_531, 1_000_000, 10_000_000_000} {
		synctest.Test(t, func(t *testing.T) {
			l := stages.NewLimiter(rate)
			pass(t, l, int(max(1, rate/20))) // what may be saved up
			took(t, 10*time.Second, func() {
				for range 10 {
					pass(t, l, int(rate)) // far more than a burst
				}
			})
		})
	}
}

func TestThrottleSavesNothingWhileIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stages.NewLimiter(1000)
		pass(t, l, 50)
		time.Sleep(10 * time.Second)
		took(t, 9950*time.Millisecond, func() { pass(t, l, 10_000) })
	})
}

func TestThrottleSharesOneRateEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stages.NewLimiter(1000)
		pass(t, l, 50)
		took(t, 40*time.Second, func() {
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					took(t, 40*time.Second, func() {
						for range 10 {
							pass(t, l, 1000)
						}
					})
				})
			}
			all.Wait()
		})
	})
}

func TestThrottleRateChangesForThoseWhoWait(t *testing.T) {
	for name, change := range map[string]struct {
		from, to int64
		rest     time.Duration // for what is left of 4 × 1000 bytes after 1 s
	}{
		"faster":  {from: 1, to: 1000, rest: 4 * time.Second},
		"slower":  {from: 1000, to: 10, rest: 300 * time.Second},
		"no end":  {from: 1, to: 0, rest: 0},
		"started": {from: 1, to: 1_000_000_000, rest: 4 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := stages.NewLimiter(change.from)
				pass(t, l, int(max(1, change.from/20)))
				var all sync.WaitGroup
				for range 4 {
					all.Go(func() { pass(t, l, 1000) })
				}
				time.Sleep(time.Second)
				synctest.Wait()
				l.SetRate(change.to)
				began := time.Now()
				all.Wait()
				got := time.Since(began)
				if slack := change.rest/50 + 100*time.Millisecond; got > change.rest+slack || got < change.rest-slack {
					t.Errorf("the rest took %v, want %v", got, change.rest)
				}
			})
		})
	}
}

func TestThrottleEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stages.NewLimiter(1)
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		var all sync.WaitGroup
		for range 3 { // one waits for bytes, two for their turn
			all.Go(func() {
				if err := stages.Throttle(l).Tap(ctx, make([]byte, 1000)); !errors.Is(err, cause) {
					t.Errorf("got %v, want %v", err, cause)
				}
			})
		}
		time.Sleep(5500 * time.Millisecond)
		took(t, 0, func() {
			cancel(cause)
			all.Wait()
		})
		// Who left took nothing along: half of the next byte has been earned.
		took(t, 9500*time.Millisecond, func() { pass(t, l, 10) })
	})
}

func TestNoLimitIsNoStage(t *testing.T) {
	if s := stages.Throttle(nil); s.Name != "" || s.Tap != nil {
		t.Errorf("a nil limiter gives stage %q", s.Name)
	}
	if s := stages.Meter(nil); s.Name != "" || s.Tap != nil {
		t.Errorf("a nil counter gives stage %q", s.Name)
	}
	synctest.Test(t, func(t *testing.T) {
		took(t, 0, func() { pass(t, stages.NewLimiter(0), 1<<30) })
	})
}

func TestThrottlePauses(t *testing.T) {
	for _, rate := range []int64{0, 1000} {
		synctest.Test(t, func(t *testing.T) {
			l := stages.NewLimiter(rate)
			pass(t, l, 50)
			l.Pause()
			l.Pause()
			rest := 10 * time.Second
			if rate == 0 {
				rest = 0
			}
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() { took(t, time.Hour+rest, func() { pass(t, l, 5000) }) })
			}
			time.Sleep(time.Hour)
			l.SetRate(rate) // ends no pause
			synctest.Wait()
			l.Resume()
			all.Wait()
		})
	}
}

func TestThrottlePausedEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stages.NewLimiter(0)
		l.Pause()
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		if err := l.Wait(ctx, 1); !errors.Is(err, cause) {
			t.Error(err)
		}
	})
}
