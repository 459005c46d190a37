package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/queue"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/progress"
	"pgsluice/internal/report"
	"pgsluice/internal/transfer"
)

// outcome is what came of a transfer.
type outcome struct {
	err      error
	failed   int    // objects, under Continue
	file     string // of a dump
	equal    *bool
	snapshot progress.Snapshot
	report   json.RawMessage
	advice   string // what can be done about err
}

// totalsOf are the totals of a transfer that has come so far, runs before this one included.
func totalsOf(s progress.Snapshot) work.Totals {
	d := s.Data
	return work.Totals{
		Bytes: d.Bytes + d.EarlierBytes, Rows: d.Rows + d.EarlierRows, Tables: d.TablesDone, Written: d.Written, Seconds: s.Elapsed.Seconds(),
	}
}

// end records what came of a transfer, or gives it back.
func (r *run) end(ctx context.Context, o outcome) error {
	ctx, cancel := recording(ctx)
	defer cancel()
	switch {
	case errors.Is(o.err, queue.ErrLost):
		return o.err // another daemon has it: not a word more
	case errors.Is(o.err, errDrained):
		return r.giveBack(ctx)
	}
	if err := r.delivery.InProgress(ctx); errors.Is(err, queue.ErrLost) {
		return err // what ended it may have been whoever has it now
	}
	if o.report != nil {
		if err := keepTrying(ctx, func() error { return r.engine.Queue.PutReport(ctx, r.delivery.ID, o.report) }); err != nil {
			r.engine.Log.Warn("report", zap.Error(err))
		}
	}
	var ended *work.Transfer
	err := keepTrying(ctx, func() (err error) {
		ended, err = r.delivery.Update(ctx, func(t *work.Transfer) error {
			r.finish(t, o)
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	r.engine.ended(ended)
	r.engine.release(ctx, ended)
	r.engine.retain(ctx, ended)
	return keepTrying(ctx, func() error { return r.delivery.Done(ctx) })
}

// finish makes a record the final one.
func (r *run) finish(t *work.Transfer, o outcome) {
	now := time.Now().UTC()
	t.Ended, t.Waits, t.Daemon = &now, "", ""
	t.Totals, t.Warnings = totalsOf(o.snapshot), len(o.snapshot.Warnings)+o.failed
	t.File, t.Equal = o.file, o.equal
	switch {
	case o.err == nil:
		t.State = work.Completed
	case errors.Is(o.err, errCanceled):
		t.State = work.Canceled
	default:
		t.State = work.Failed
		t.Error = r.hider.error(o.err)
		if o.advice != "" {
			t.Error += "\n" + o.advice
		}
	}
}

// giveBack leaves a transfer to the next daemon, because this one ends.
func (r *run) giveBack(ctx context.Context) error {
	var t *work.Transfer
	err := keepTrying(ctx, func() (err error) {
		t, err = r.delivery.Update(ctx, func(t *work.Transfer) error {
			t.State, t.Waits, t.Daemon = work.Pending, "a daemon that takes it up again", ""
			if t.Want == work.WantPause {
				t.State, t.Waits = work.Paused, ""
			}
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	r.engine.release(ctx, t)
	if t.State == work.Paused {
		return r.engine.drop(ctx, r.delivery)
	}
	return r.delivery.Later(ctx, 0)
}

// reportOf is the JSON report of a copy, dump or restore. Names of databases stand in it for servers.
func (r *run) reportOf(rep report.Report) json.RawMessage {
	var text bytes.Buffer
	err := report.WriteJSON(&text, rep)
	return r.hidden(text.Bytes(), err)
}

// hidden is a report as it may be shown, nil if there is none.
func (r *run) hidden(text []byte, err error) json.RawMessage {
	var shown json.RawMessage
	if err == nil {
		shown, err = r.hider.json(text)
	}
	if err != nil {
		r.engine.Log.Error("report", zap.Error(err))
		return nil
	}
	return shown
}

// base is a report with what all have.
func (r *run) base(o *outcome) report.Report {
	t := r.seen()
	rep := report.Report{Version: r.engine.Version, Command: string(t.Spec.Kind), Outcome: report.Complete, Progress: o.snapshot}
	switch {
	case errors.Is(o.err, errCanceled):
		rep.Outcome, rep.Error, rep.ExitCode = report.Cancelled, errCanceled.Error(), exitCancelled
	case transfer.IsRefused(o.err):
		rep.Outcome, rep.Error, rep.ExitCode = report.Failed, r.hider.error(o.err), exitRefused
	case o.equal != nil && !*o.equal:
		rep.Outcome, rep.ExitCode = report.Different, exitDifferent
	case o.err != nil:
		rep.Outcome, rep.Error, rep.ExitCode = report.Failed, r.hider.error(o.err), exitFailed
	case o.failed > 0:
		rep.Outcome, rep.ExitCode = report.CompleteWithFailures, exitIncomplete
	}
	return rep
}

// The exit codes that the command line would have, as the report's readers know them.
const (
	exitRefused    = 1
	exitIncomplete = 2
	exitDifferent  = 3
	exitFailed     = 4
	exitCancelled  = 130
)

// named is a server in a report, by the database's name in the configuration.
func named(name string, e transfer.Endpoint) report.Endpoint {
	if e.ServerVersion == "" {
		return report.Endpoint{}
	}
	return report.Endpoint{Database: name, ServerVersion: e.ServerVersion}
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
