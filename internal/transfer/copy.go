package transfer

import (
	"context"
	"errors"
	"sync"

	"go.uber.org/zap"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/pgdump"
	"pgsluice/internal/plan"
)

// run is one transfer in work.
type run struct {
	Options
	result *Result
	plan   *plan.Plan
	origin origin

	src, dst           *catalog.Address // src is nil where the origin is an archive
	srcFacts, dstFacts *catalog.Facts
	survey             survey // what preflight found
	snapshot           *snapshot
	xids               string // pg_current_snapshot() under it
	splits             map[uint32]catalog.Split
	formats            *plan.Formats  // nil: all text
	forgotten          []*plan.Task   // parts that are copied again, with their tables emptied first
	snapshotNumber     int            // in the ledger
	ledger             *ledgerSession // holds the claim on the target
	former             *ledger.State  // what an earlier run has left; nil if nothing
	fence              int64          // 0 while this run has no ledger
	done, failed       *set           // tasks, by this run or, done ones, an earlier one
	flawed             *set           // tasks that failed in part: what needs them goes on
	toc                *archive.TOC
	wanted             map[int]bool     // dump ids of the selected entries of an archive; nil where the origin is live
	existing           bool             // the target has the tables already
	selective          bool             // it may have what else it likes
	selected           []string         // the options that select, as they would be typed
	selection          pgdump.Selection // of a dump; a copy takes all and leaves out later
	watcher            *watcher
	verification       verification
	dropping           bool // the commit that drops the ledger has been sent
	crashes            int  // of the target
	// auto says that the number of streams is found out on the way: beginJobs at first, Jobs at most.
	auto      bool
	beginJobs int
	// replicaRole says that writers set session_replication_role: --data-only loads tables that have their
	// triggers and foreign keys already.
	replicaRole bool
	// tables are those whose rows are copied, quoted; lockAll says that every reader locks them all.
	tables  []string
	lockAll bool

	counting sync.Mutex  // guards result.Failed, result.Jobs, stopped and shared
	shared   map[int]int // by task, in how many shares its rows are loaded, once that is decided
	// formerShared is that of an earlier run, by the tasks' keys, once it was asked for
	formerShared map[string]int
	stopped      error // the first that stops the transfer
	end          context.CancelCauseFunc
}

// Copy moves the source database into the target and returns when all is done, or with the error that stopped it:
// a *Refused if nothing was changed, the context's cause if it was cancelled, and otherwise an error that names the
// object and the stage. Objects that failed under OnError Continue are counted in the Result and listed in Progress.
func Copy(ctx context.Context, opt Options) (*Result, error) {
	r := newRun(opt)
	r.origin = live{r}
	return r.transfer(ctx)
}

func newRun(opt Options) *run {
	r := &run{Options: opt.withDefaults(), result: &Result{}, done: newSet(), failed: newSet(), flawed: newSet(), shared: map[int]int{}}
	r.Control.begin(r.Limiter, r.Progress)
	return r
}

// transfer is a whole transfer, of whatever origin.
func (r *run) transfer(ctx context.Context) (*Result, error) {
	defer r.Progress.Finish()
	if err := r.check(); err != nil {
		return r.result, err
	}
	ctx, r.end = context.WithCancelCause(ctx)
	defer r.end(nil)
	defer func() { r.let(ctx) }()
	err := r.prepare(ctx)
	if err == nil {
		err = r.carryOut(ctx)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // what the servers and pipes say of a cancellation is an echo
		if busy := (*ledger.Busy)(nil); errors.As(err, &busy) && !r.result.Begun {
			err = &Refused{Err: err}
		}
	}
	return r.result, err
}

// prepare does all that leaves the target as it is. Its errors are Refused.
func (r *run) prepare(ctx context.Context) (err error) {
	defer func() {
		if err != nil && ctx.Err() == nil && !IsRefused(err) {
			err = &Refused{Err: err}
		}
	}()
	r.Progress.Step("connecting")
	if err := r.origin.preflight(ctx); err != nil {
		return err
	}
	source := (*catalog.Source)(nil)
	err = r.retrying(ctx, "preparing", func() (err error) {
		r.let(ctx)
		source, err = r.inspect(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, l := range r.plan.LeftOut {
		r.leaveOut(l)
	}
	r.nameUnlogged(source)
	r.tellText()
	if r.NoAnalyze && !r.SchemaOnly {
		r.leaveOut(plan.LeftOut{Object: "planner statistics", Reason: "run vacuumdb --analyze-in-stages on the target before it is used"})
	}
	r.Progress.Plan(tasks(r.plan))
	if r.Resume != NoResume {
		r.markDone()
	}
	r.Log.Info("planned", zap.Int("tasks", len(r.plan.Tasks)), zap.Int("tables", len(r.plan.Relations())))
	return nil
}

// inspect claims the target, takes the snapshot and makes the plan.
func (r *run) inspect(ctx context.Context) (source *catalog.Source, err error) {
	if r.ledger, err = r.openLedger(ctx, r.Resume != NoResume || r.Restart || r.Clean || r.TakeOver); err != nil {
		return nil, err
	}
	if err := r.checkFormer(ctx); err != nil {
		return nil, err
	}
	if err := r.checkVerify(ctx); err != nil {
		return nil, err
	}
	if r.toc, source, err = r.origin.open(ctx); err != nil {
		return nil, err
	}
	r.survey.source = source
	if r.plan, err = plan.Build(r.toc, source, r.choices()); err != nil {
		return nil, err
	}
	if r.Resume != NoResume {
		if err := r.checkResume(); err != nil {
			return nil, err
		}
	}
	return source, r.checkPlan(ctx)
}

// let gives back what inspect has taken.
func (r *run) let(ctx context.Context) {
	if r.ledger != nil {
		r.ledger.close(ctx)
		r.ledger = nil
	}
	if r.snapshot != nil {
		r.snapshot.close(ctx)
		r.snapshot = nil
	}
}

// nameUnlogged says which tables arrive empty from a standby: it has no rows of unlogged ones, and pg_dump leaves them
// out without a word (FACTS.md 4).
func (r *run) nameUnlogged(source *catalog.Source) {
	if !r.srcFacts.InRecovery || r.SchemaOnly {
		return
	}
	for _, rel := range source.Relations {
		if rel.Unlogged {
			r.warn("table "+rel.Name, "arrives without rows: it is unlogged, and the source is a standby, which does not have them")
		}
	}
}
