package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
)

// carryOut changes the target. What the ledger has is not done again: a run that goes on where another one has ended,
// and one whose target has crashed meanwhile, do the same.
func (r *run) carryOut(ctx context.Context) error {
	defer r.watch(ctx)()
	if err := r.begin(ctx); err != nil {
		return err
	}
	r.origin.begin(ctx)
	r.result.Planned = len(r.plan.Tasks)
	for {
		err := r.pass(ctx)
		r.result.Done = len(r.done.list())
		if errors.Is(err, errCrashed) && ctx.Err() == nil {
			if err = r.stoppedBy(); err == nil {
				err = r.recover(ctx)
			}
			if err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		r.result.Complete = r.result.Failed == 0
		if err = r.verifyTarget(ctx); ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.result.VerifyErr = err
		return nil
	}
}

// begin makes the ledger, or goes on with the one that is there.
func (r *run) begin(ctx context.Context) error {
	if r.Resume != NoResume {
		r.result.Begun = true
		if r.snapshotNumber > len(r.former.Snapshots) {
			err := r.ledger.do(ctx, func(ctx context.Context, conn *pgconn.PgConn) error {
				return ledger.AddSnapshot(ctx, conn, r.horizon(r.snapshotNumber))
			})
			if err != nil {
				return err
			}
		}
		return r.mend(ctx)
	}
	if err := r.empty(ctx); err != nil {
		return err
	}
	r.result.Begun = true
	r.snapshotNumber = 1
	h := r.header()
	err := r.ledger.do(ctx, func(ctx context.Context, conn *pgconn.PgConn) error {
		return ledger.Create(ctx, conn, h, r.horizon(1), r.entries(), unasked(r.dstFacts, ""))
	})
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	r.fence = h.Fence
	return nil
}

// empty drops what --clean and --restart say, in one transaction.
func (r *run) empty(ctx context.Context) error {
	if !r.Clean && !r.Restart {
		return nil
	}
	return r.retrying(ctx, "emptying the target", func() error {
		// the claim must be held by then: another run's rows are not ours to drop
		if err := r.ledger.once(ctx, ping); err != nil {
			return err
		}
		s := &streams{run: r, worker: "schema", work: "schema"}
		defer s.close(ctx)
		if err := s.open(ctx, false); err != nil {
			return err
		}
		if r.DataOnly {
			return r.truncate(ctx, s.writer)
		}
		return r.clean(ctx, s.writer)
	})
}

// pass does what is not done yet.
func (r *run) pass(ctx context.Context) error {
	if err := r.serial(ctx, plan.Before); err != nil {
		return err
	}
	if err := r.parallel(ctx); err != nil {
		return err
	}
	if err := r.serial(ctx, plan.After); err != nil {
		return err
	}
	return r.finish(ctx)
}

// finish makes all that was committed durable, and drops the ledger if nothing is left to do. It is the last commit.
func (r *run) finish(ctx context.Context) error {
	if left := len(r.plan.Tasks) - len(r.done.list()); r.result.Failed == 0 && left > 0 {
		return fmt.Errorf("%s neither done nor failed: the ledger is kept", count(left, "task is", "tasks are")) // a mistake of ours
	}
	return r.ledger.do(ctx, func(ctx context.Context, conn *pgconn.PgConn) error {
		if r.dropping {
			// was it only the answer to the last commit that was lost?
			if there, err := ledger.There(ctx, conn); err != nil || !there {
				return err
			}
		}
		if err := r.flush(ctx, conn); err != nil || r.result.Failed > 0 {
			return err
		}
		if err := r.arrived(ctx); err != nil {
			return err
		}
		r.dropping = true
		return r.dropLedger(ctx, conn)
	})
}

// arrived tells who wants to know that all is there.
func (r *run) arrived(ctx context.Context) error {
	if r.Arrived == nil {
		return nil
	}
	return r.Arrived(ctx)
}

// dropLedger is the last commit. An event trigger of the user's that is in the way is kept out where that is allowed; else
// the ledger is emptied, and a warning says what is left.
func (r *run) dropLedger(ctx context.Context, conn *pgconn.PgConn) error {
	err := durably(ctx, conn, unasked(r.dstFacts, ledger.Drop))
	if err == nil || code(err) == "" || Retryable(err) {
		return err
	}
	rollback(ctx, conn)
	if durably(ctx, conn, ledger.Empty) != nil {
		return err
	}
	r.warn("schema "+ledger.Schema, "is of no more use, but could not be dropped: "+err.Error()+"; DROP SCHEMA "+ledger.Schema+" CASCADE removes it")
	return nil
}

// flush makes all that was committed durable. It fails with errCrashed if the server has crashed since the run began: then
// some of it may be lost.
func (r *run) flush(ctx context.Context, conn *pgconn.PgConn) error {
	crashed, err := ledger.Enter(ctx, conn, "ledger", r.fence)
	switch {
	case err != nil:
		return err
	case crashed:
		return errCrashed
	}
	return durably(ctx, conn, "SELECT pg_catalog.txid_current()")
}

// durably commits one transaction synchronously. The others were not; but WAL is flushed in order, so this one covers them
// all (FACTS.md 21).
func durably(ctx context.Context, conn *pgconn.PgConn, do string) error {
	for _, sql := range []string{"BEGIN", "SET LOCAL synchronous_commit = on", do, "COMMIT"} {
		if err := exec(ctx, conn, sql); err != nil {
			return fmt.Errorf("flushing the target's commits to disk: %w", err)
		}
	}
	return nil
}

// mostCrashes of the target are gone on after: what is done may be what crashes it.
const mostCrashes = 10

// recover goes on after a crash of the target: what it has lost waits again.
func (r *run) recover(ctx context.Context) error {
	if r.crashes++; r.crashes > mostCrashes {
		return fmt.Errorf("target: its server has crashed %d times during this copy: its log may say why", r.crashes)
	}
	var now *ledger.State
	err := r.ledger.do(ctx, func(ctx context.Context, conn *pgconn.PgConn) (err error) {
		if err = ledger.Mark(ctx, conn); err == nil {
			now, err = ledger.Read(ctx, conn)
		}
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("target: %w", err)
	case now == nil:
		return ledger.ErrFenced
	}
	lost, rows := 0, []*plan.Task(nil)
	for _, id := range slices.Concat(r.done.list(), r.flawed.list()) {
		t := r.plan.Tasks[id]
		if _, ok := now.Done[t.Key]; ok && !t.Always() || t.Desc == plan.Validate && r.flawed.has(id) {
			continue
		}
		if r.flawed.has(id) {
			r.result.Failed--
		}
		r.done.remove(id)
		r.flawed.remove(id)
		r.Progress.Undo(id)
		if t.Always() {
			continue
		}
		lost++
		if t.Kind != plan.SQL {
			rows = append(rows, t)
		}
	}
	what := "nothing that was done is lost"
	if lost > 0 {
		what = count(lost, "finished task was", "finished tasks were") + " lost with it and done again"
	}
	r.warn("target", "its server has crashed and recovered; "+what)
	return r.origin.reread(rows)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
