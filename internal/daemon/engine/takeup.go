package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/progress"
	"pgsluice/internal/report"
	"pgsluice/internal/transfer"
)

// ledgerID is what a target's ledger calls a transfer: its id alone, another daemon's could have, too.
func ledgerID(t *work.Transfer) string { return fmt.Sprintf("%s %d", t.ID, t.Created.UnixNano()) }

const (
	// busyFor is for how long a transfer that is taken up again waits for the end of whoever had it: as long as a claim on a target lives that
	// gives no sign of life, and some more.
	busyFor = 2 * time.Minute
	// busyEvery is how often it tries.
	busyEvery = 2 * time.Second
)

// mover is transfer.Copy or the like.
type mover func(context.Context, transfer.Options) (*transfer.Result, error)

// intoTarget is a transfer into a database: begun, or taken up again where its ledger on the target says that it is.
func (r *run) intoTarget(ctx context.Context, t work.Transfer, opt transfer.Options, move mover) outcome {
	database, err := databaseOf(opt.Target)
	if err != nil {
		return outcome{err: &transfer.Refused{Err: err}}
	}
	if opt.Clean {
		opt.Confirm = database
	}
	opt.ID, opt.Arrived = ledgerID(&t), r.arrived
	var notes []progress.Warning
	if t.Attempts > 1 {
		opt.TakeOver = true
		there, err := r.before(ctx, &t, opt.Target)
		switch {
		case err != nil:
			return outcome{err: err}
		case !there && t.Arrived:
			return r.alreadyDone(ctx, &t)
		case there:
			opt.Resume, opt.Clean, opt.Confirm = transfer.Resume, false, ""
			if t.Arrived && opt.Verify { // the snapshot that it is equal to is gone
				opt.Verify, notes = false, append(notes, uncompared)
			}
		}
	}
	for began := time.Now(); ; {
		var result *transfer.Result
		snapshot, err := r.follow(ctx, func(a *attempt) (err error) {
			for _, w := range notes {
				a.tracker.Warn(w)
			}
			opt.Progress, opt.Control, opt.Limiter = a.tracker, a.control, a.limiter
			result, err = move(ctx, opt)
			return err
		})
		switch {
		case ctx.Err() != nil:
		case transfer.Busy(err) && t.Attempts > 1 && time.Since(began) < busyFor:
			if pause(ctx, busyEvery) {
				continue
			}
			err = context.Cause(ctx)
		case transfer.NeedsRestart(err) && opt.Resume != transfer.NoResume:
			notes = append(notes, progress.Warning{Object: "transfer", Message: "it is begun anew, because what is missing can't be read as of the moment that the rest was read at: " + r.hider.text(err.Error())})
			opt.Resume, opt.Restart, opt.Confirm = transfer.NoResume, true, database
			continue
		}
		return r.moved(&t, result, snapshot, err)
	}
}

// pause waits, and reports false if ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// arrived keeps it in the record that all is on the target, before the ledger goes that says so.
func (r *run) arrived(ctx context.Context) error {
	_, err := r.delivery.Update(ctx, func(t *work.Transfer) error {
		t.Arrived = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("the target is complete, but that could not be recorded: %w", err)
	}
	return nil
}

// before reports whether the target has the ledger of an earlier attempt at the same transfer. Another's that began since is an error; one that
// is older was there when this transfer was asked for, and means what it meant then.
func (r *run) before(ctx context.Context, t *work.Transfer, target string) (bool, error) {
	var status *transfer.Status
	for began := time.Now(); ; {
		var err error
		if status, err = transfer.ReadStatus(ctx, target); err == nil {
			break
		}
		switch {
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case !transfer.Retryable(err) || time.Since(began) > busyFor:
			return false, err
		case !pause(ctx, busyEvery):
			return false, context.Cause(ctx)
		}
	}
	switch {
	case status.Copy == nil, status.Copy.ID != ledgerID(t) && status.Copy.Began.Before(t.Created):
		return false, nil
	case status.Copy.ID == ledgerID(t):
		return true, nil
	}
	return false, fmt.Errorf("%s has the record of another copy, from %s, that began %s: this transfer can't go on there",
		t.Spec.Target, r.hider.text(status.Copy.Source), status.Copy.Began.UTC().Format(time.RFC3339))
}

// uncompared is said of a transfer that was to be compared, and whose daemon was lost before.
var uncompared = progress.Warning{
	Object: "verification", Message: "its daemon was lost when all had arrived: both sides were not compared; a transfer of kind verify does that",
}

// alreadyDone is a transfer whose last daemon was lost when all was done but for its record.
func (r *run) alreadyDone(ctx context.Context, t *work.Transfer) outcome {
	snapshot, err := r.follow(ctx, func(a *attempt) error {
		if t.Spec.Options.Verify {
			a.tracker.Warn(uncompared)
		}
		return nil
	})
	o := outcome{err: err, snapshot: snapshot}
	o.snapshot.Data.EarlierBytes, o.snapshot.Data.EarlierRows = t.Totals.Bytes, t.Totals.Rows
	o.snapshot.Data.TablesDone = t.Totals.Tables
	return o
}

// moved is what came of a transfer into a database.
func (r *run) moved(t *work.Transfer, result *transfer.Result, snapshot progress.Snapshot, err error) outcome {
	o := outcome{err: err, snapshot: snapshot, failed: result.Failed}
	if v := result.Verified; v != nil {
		equal := v.Equal()
		o.equal = &equal
		if err == nil && !equal {
			differences := v.Lines()
			o.err = fmt.Errorf("all has arrived, but the target differs from the source: %s\n%s", count(len(v.Differences), "difference", "differences"),
				strings.Join(differences[:min(len(differences), mostLines)], "\n"))
		}
	}
	if result.VerifyErr != nil && err == nil {
		o.err = fmt.Errorf("all has arrived, but it could not be compared: %w", result.VerifyErr)
	}
	if transfer.Resumable(result, err) && !errors.Is(err, errCanceled) {
		o.advice = fmt.Sprintf("%d of %s done, as the target records: a new transfer with clean, confirmed by the name %s, begins anew.",
			result.Done, count(result.Planned, "task is", "tasks are"), t.Spec.Target)
	}
	rep := r.base(&o)
	rep.Source, rep.Target = named(t.Spec.Source, result.Source), named(t.Spec.Target, result.Target)
	rep.PgDump, rep.Snapshot = report.Program{Version: result.PgDumpVersion}, result.Snapshot
	rep.Jobs, rep.IndexJobs, rep.Builders, rep.Resumed = result.Jobs, result.IndexJobs, result.Builders, result.Resumed
	rep.Resumable = transfer.Resumable(result, err)
	o.report = r.reportOf(rep)
	return o
}

// mostLines of what differs stand in an error; the report has all.
const mostLines = 20
