package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/hook"
	"pgsluice/internal/daemon/queue"
	"pgsluice/internal/daemon/work"
)

// Options are what an engine works with. Queue and Config must be set.
type Options struct {
	Queue *queue.Queue
	// Config is the present configuration.
	Config func() *config.Config
	// Name is this daemon's, as transfers show it; "" is pgsluice.
	Name string
	// Version is the program's, for reports.
	Version string
	// Hooks tells others of transfers that have ended. Nil tells nobody.
	Hooks *hook.Sender
	// AckWait is the queue's: heartbeats come three times as often. 0 is 30 s.
	AckWait time.Duration
	// Recheck is after how long a transfer is looked at again that waits for a database. 0 is 2 s: one delivery each, of which each is a
	// write to the disk.
	Recheck time.Duration
	// PgDump is the path of the pg_dump to use; "" looks for one.
	PgDump string
	// Now is the clock of windows and schedules; nil is time.Now.
	Now func() time.Time
	// Log gets what goes wrong with the engine itself. Nil logs nothing.
	Log *zap.Logger
}

func (o Options) withDefaults() Options {
	o.Name = cmp.Or(o.Name, "pgsluice")
	o.AckWait = cmp.Or(o.AckWait, 30*time.Second)
	o.Recheck = cmp.Or(o.Recheck, 2*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}

// Engine runs transfers and implements work.Service. Its methods may be called from several goroutines, also while it does not run.
type Engine struct {
	Options
	looks  *looks
	ticks  chan struct{} // of one: a schedule has changed
	plans  chan struct{} // places for those who ask for plans
	mu     sync.Mutex
	active map[string]*run // in work here, by id
}

var _ work.Service = (*Engine)(nil)

// mostPlans is how many dry runs there are at a time: each has sessions and a pg_dump.
const mostPlans = 2

// New returns an engine, which does nothing by itself before Run.
func New(o Options) *Engine {
	e := &Engine{Options: o.withDefaults(), ticks: make(chan struct{}, 1), plans: make(chan struct{}, mostPlans), active: map[string]*run{}}
	e.looks = newLooks()
	return e
}

var (
	errDrained  = errors.New("the daemon ends")
	errCanceled = errors.New("canceled")
)

// Run works until ctx ends, and then stops what it has in work cleanly and gives it back to the queue, to be taken up again. It may be called
// once.
func (e *Engine) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range e.Config().Limits.Transfers {
		all.Go(func() { e.takeAll(ctx) })
	}
	all.Go(func() { e.follow(ctx) })
	all.Go(func() { e.schedule(ctx) })
	all.Go(func() { e.lookAround(ctx) })
	all.Wait()
}

// takeAll takes one transfer after the other.
func (e *Engine) takeAll(ctx context.Context) {
	for ctx.Err() == nil {
		d, err := e.Queue.Take(ctx)
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, queue.ErrClosed) {
				e.Log.Error("take", zap.Error(err))
			}
			return
		}
		if err := e.handle(ctx, d); err != nil && !errors.Is(err, queue.ErrLost) {
			e.Log.Error("transfer", zap.String("id", d.ID), zap.Error(err))
		}
	}
}

// follow hands what is asked of transfers to those that have them in work.
func (e *Engine) follow(ctx context.Context) {
	for t, err := range e.Queue.Watch(ctx) {
		if err != nil {
			e.Log.Error("watch", zap.Error(err))
			return
		}
		if r := e.running(t.ID); r != nil {
			r.see(t)
		}
	}
}

func (e *Engine) running(id string) *run {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.active[id]
}

func (e *Engine) enter(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.active[r.delivery.ID] = r
}

func (e *Engine) leave(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.active, r.delivery.ID)
}

// recordWait bounds what is written to the queue about a transfer whose own context may have ended.
const recordWait = 20 * time.Second

// recording is a context for that.
func recording(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), recordWait)
}

// keepTrying does what concerns a record until it is done, the lease is lost, or time is up: a server that is away comes back.
func keepTrying(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || errors.Is(err, queue.ErrLost) || errors.Is(err, work.ErrNotFound) || isRequest(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (tried for %s)", err, recordWait)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// isRequest reports whether an error is one of what was asked, which is the same each time.
func isRequest(err error) bool {
	var conflict *work.Conflict
	var invalid *work.Invalid
	return errors.As(err, &conflict) || errors.As(err, &invalid) || errors.Is(err, errAsked)
}
