package transfer

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/catalog"
	"pgsluice/internal/progress"
)

const (
	// watchEvery is as often as a reader wants to know. One question costs the server a few milliseconds.
	watchEvery = 500 * time.Millisecond
	// watchDeadline bounds a question and a login: a server that has no time for us gets no second question meanwhile.
	watchDeadline = 5 * time.Second
	// watchRest is the longest pause after a failure. Each failure in a row doubles it.
	watchRest = 30 * time.Second
	// watchLoad is after how many ticks the source is asked what the transfer costs it: whoever waits for us is told within
	// two seconds.
	watchLoad = 4
	// watchIdle is after how many ticks without a backend to ask for a session is given back: the source is not needed
	// while indexes are built.
	watchIdle = 10
)

// watcher asks the servers what the backends of the tasks in work do, and tells the tracker. It only ever looks: it
// opens no transaction, and whatever goes wrong with it is its own affair.
type watcher struct {
	tracker *progress.Tracker
	log     *zap.Logger
	every   time.Duration
	// held reports whether the source's snapshot is held; nil: it never is.
	held func() bool

	mu    sync.Mutex
	sides [2]side
}

// side is what was last heard from one server.
type side struct {
	name  string
	pid   func(progress.Worker) uint32
	tasks map[int]catalog.Activity // by task; what a backend did for another task says nothing
	ours  map[uint32]bool          // all backends that have ever worked for this transfer
}

// watch begins to watch; stop ends it, and returns when its sessions are closed.
func (r *run) watch(ctx context.Context) (stop func()) {
	w := newWatcher(r.Progress, r.Log, watchEvery)
	r.watcher = w
	if s := r.snapshot; s != nil {
		w.held = func() bool { return !s.released() }
	}
	unwatch := w.start(ctx, r.src, r.dst)
	return func() {
		unwatch()
		r.Progress.Release() // the snapshot goes with the transfer, at the latest
	}
}

func newWatcher(tracker *progress.Tracker, log *zap.Logger, every time.Duration) *watcher {
	return &watcher{tracker: tracker, log: log, every: every, sides: [2]side{
		{name: "source", pid: func(w progress.Worker) uint32 { return w.SourcePID }, ours: map[uint32]bool{}},
		{name: "target", pid: func(w progress.Worker) uint32 { return w.TargetPID }, ours: map[uint32]bool{}},
	}}
}

// start watches the servers independently, so that one that hangs does not hide the other.
func (w *watcher) start(ctx context.Context, addresses ...*catalog.Address) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	for i, address := range addresses {
		if address == nil { // it is no server
			continue
		}
		watching.Go(func() { w.look(ctx, &w.sides[i], &watchSession{address: address}) })
	}
	return func() {
		cancel()
		watching.Wait()
	}
}

// look asks one server until ctx ends.
func (w *watcher) look(ctx context.Context, s *side, session *watchSession) {
	defer session.close(ctx)
	rest, idle, ticks, complained := w.every, 0, 0, false
	next := time.NewTimer(w.every)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		next.Reset(w.every)
		working := w.tracker.Working()
		pids := w.assigned(s, working)
		held := w.holds(s)
		if len(pids) == 0 && !held {
			if idle++; idle == watchIdle {
				session.close(ctx)
			}
			w.tell(s, working, nil)
			continue
		}
		idle = 0
		activities, err := session.ask(ctx, pids)
		w.tell(s, working, activities)
		if err == nil && held && ticks%watchLoad == 0 {
			err = w.load(ctx, session)
		}
		ticks++
		if err == nil {
			rest = w.every
			continue
		}
		session.close(ctx)
		if !complained && ctx.Err() == nil {
			complained = true
			w.log.Info("watching the "+s.name+"'s sessions: it goes on without, or later", zap.Error(err))
		}
		rest = min(2*rest, watchRest)
		next.Reset(rest)
	}
}

// assigned are the backends of the tasks in work on one server.
func (w *watcher) assigned(s *side, working []progress.Assignment) []uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var pids []uint32
	for _, a := range working {
		if pid := s.pid(a.Worker); pid != 0 {
			pids = append(pids, pid)
			s.ours[pid] = true
		}
	}
	return pids
}

// tell keeps what one server has said, nil if nothing, and describes the tasks by what both have said last.
func (w *watcher) tell(s *side, working []progress.Assignment, activities map[uint32]catalog.Activity) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(activities) == 0 && len(s.tasks) == 0 {
		return
	}
	s.tasks = make(map[int]catalog.Activity, len(activities))
	for _, a := range working {
		if activity, ok := activities[s.pid(a.Worker)]; ok {
			s.tasks[a.ID] = activity
		}
	}
	for _, a := range working {
		w.tracker.Describe(a.ID, w.detail(a.ID))
	}
}

// detail is what both servers have said of a task. The caller holds mu.
func (w *watcher) detail(task int) progress.Detail {
	var d progress.Detail
	for i := range w.sides {
		s := &w.sides[i]
		a := s.tasks[task]
		if a.Phase != "" { // nothing is built on a source, so it is the target's
			d.Activity, d.Done, d.Total, d.Unit = a.Phase, a.Done, a.Total, a.Unit
		}
		d.Parallel += a.Parallel
		for _, b := range a.BlockedBy {
			d.BlockedBy = append(d.BlockedBy, progress.Blocker{
				Server: s.name, PID: b.PID, Application: b.Application, User: b.User, State: b.State, QueryStart: b.QueryStart,
				// a number alone could have passed on to somebody else
				Ours: s.ours[b.PID] && strings.HasPrefix(b.Application, "pgsluice"),
			})
		}
	}
	d.SourceWait, d.TargetWait = w.sides[0].tasks[task].Wait, w.sides[1].tasks[task].Wait
	return d
}
