package transfer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// run is one transfer in work.
type run struct {
	Options
	result *Result
	plan   *plan.Plan

	src, dst           *catalog.Address
	srcFacts, dstFacts *catalog.Facts
	snapshot           *snapshot
	schema             *writer // runs what is serial, and holds the claim on the target
	// replicaRole says that writers set session_replication_role: --data-only loads tables that have their
	// triggers and foreign keys already.
	replicaRole bool
	// tables are those whose rows are copied, quoted; lockAll says that every reader locks them all.
	tables  []string
	lockAll bool

	counting sync.Mutex // guards result.Failed
}

// Copy moves the source database into the target and returns when all is done, or with the error that stopped it:
// a *Refused if nothing was changed, the context's cause if it was cancelled, and otherwise an error that names the
// object and the stage. Objects that failed under OnError Continue are counted in the Result and listed in Progress.
func Copy(ctx context.Context, opt Options) (*Result, error) {
	r := &run{Options: opt.withDefaults(), result: &Result{}}
	defer r.Progress.Finish()
	if err := r.check(); err != nil {
		return r.result, err
	}
	err := r.prepare(ctx)
	if r.schema != nil {
		defer func() { catalog.Close(ctx, r.schema.conn) }()
	}
	if r.snapshot != nil {
		defer r.snapshot.close(ctx)
	}
	if err == nil {
		err = r.carryOut(ctx)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // what the servers and pipes say of a cancellation is an echo
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
	if err := r.preflight(ctx); err != nil {
		return err
	}
	if r.schema, err = r.openWriter(ctx, "schema", "schema"); err != nil {
		return err
	}
	if err := r.claim(ctx); err != nil {
		return err
	}
	toc, source, err := r.open(ctx)
	if err != nil {
		return err
	}
	r.plan, err = plan.Build(toc, source, plan.Choices{
		SchemaOnly: r.SchemaOnly, DataOnly: r.DataOnly, NoOwner: r.NoOwner, NoACL: r.NoACL, NoComments: r.NoComments,
		NoTablespaces: r.NoTablespaces, NoPublications: r.NoPublications, NoDBSettings: r.NoDBSettings,
		Subscriptions: r.Subscriptions, NoAnalyze: r.NoAnalyze || r.SchemaOnly,
		TargetDatabase: r.dstFacts.Database, TargetVersion: r.dstFacts.Version,
	})
	if err != nil {
		return err
	}
	for _, l := range r.plan.LeftOut {
		r.leaveOut(l)
	}
	r.nameUnlogged(source)
	if r.NoAnalyze && !r.SchemaOnly {
		r.leaveOut(plan.LeftOut{Object: "planner statistics", Reason: "run vacuumdb --analyze-in-stages on the target before it is used"})
	}
	r.Progress.Plan(tasks(r.plan))
	r.Log.Info("planned", zap.Int("tasks", len(r.plan.Tasks)), zap.Int("tables", len(r.plan.Relations())))
	return r.checkPlan(ctx)
}

// claimKey is the advisory lock of whoever writes to a database: "pgsluice" in ASCII.
const claimKey = "8099569364512629605"

// claim keeps two transfers apart that write to the same database at the same time: both would see it empty. The lock
// lasts as long as the session.
func (r *run) claim(ctx context.Context) error {
	row, err := catalog.Row(ctx, r.schema.conn, "SELECT pg_catalog.pg_try_advisory_lock($1::int8)", claimKey)
	switch {
	case err != nil:
		return fmt.Errorf("target: advisory lock: %w", err)
	case row[0] != "t":
		return fmt.Errorf("target: another pgsluice is writing to database %q", r.dstFacts.Database)
	}
	return nil
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

// carryOut changes the target.
func (r *run) carryOut(ctx context.Context) error {
	defer r.watch(ctx)()
	if r.Clean {
		if err := r.clean(ctx, r.schema); err != nil {
			return err
		}
	}
	failed := newSet()
	if err := r.serial(ctx, r.schema, plan.Before, failed); err != nil {
		return err
	}
	if err := r.parallel(ctx, failed); err != nil {
		return err
	}
	if err := r.serial(ctx, r.schema, plan.After, failed); err != nil {
		return err
	}
	return makeDurable(ctx, r.schema)
}

// makeDurable commits one transaction synchronously. The others were not; but WAL is flushed in order, so this one
// covers them all (FACTS.md 21).
func makeDurable(ctx context.Context, w *writer) error {
	for _, sql := range []string{
		"BEGIN", "SET LOCAL synchronous_commit = on", "SELECT pg_catalog.txid_current()", "COMMIT",
	} {
		if err := exec(ctx, w.conn, sql); err != nil {
			return fmt.Errorf("flushing the target's commits to disk: %w", err)
		}
	}
	return nil
}

// lockWait bounds every wait for a table lock on the source: pg_dump's, the snapshot holders' and the readers'. Longer
// would make the transfer look stuck, and while we wait in the queue the application waits behind us.
const lockWait = time.Minute
