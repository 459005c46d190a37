package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// part copies one part and counts it.
func (r *run) part(ctx context.Context, s *streams, t *plan.Task, running *progress.Running) (outcome, error) {
	ctx, live := pipeline.Watch(ctx)
	running.Watch(func() []progress.StageTime { return stageTimes(live.Flow()) })
	ctx, stop := r.endStalls(ctx, running, func() bool { return r.origin.still(t) })
	defer stop()
	rows, flow, err := r.copyPart(ctx, s, t, running)
	return outcome{rows: rows, stages: stageTimes(flow)}, err
}

// copyPart is one transaction on the target around one pipe: rows arrive whole or not at all. The part's key goes into the
// ledger first, so that a COMMIT whose answer was lost can't be repeated (FACTS.md 15).
func (r *run) copyPart(ctx context.Context, s *streams, t *plan.Task, running *progress.Running) (int64, pipeline.Flow, error) {
	dst, rec := s.writer.conn, r.record(t)
	switch err := rec.Begin(ctx, dst); {
	case errors.Is(err, ledger.ErrDone):
		rows, bytes, err := earlierAttempt(ctx, s.writer, rec)
		running.AddBytes(bytes)
		return rows, pipeline.Flow{}, err
	case err != nil:
		rollback(ctx, dst)
		return 0, pipeline.Flow{}, fmt.Errorf("copy-in: %w", err)
	}
	var read atomic.Int64
	written, count := int64(0), &tally{running: running, rows: &read, ofTable: t.Kind == plan.Rows}
	err := r.disarm(ctx, s.writer, t)
	if err == nil && t.Freeze {
		if err = emptyFirst(ctx, dst, t); code(err) == lockNotAvailable { // somebody looks at the table: then without
			rollback(ctx, dst)
			thawed := *t
			thawed.Freeze = false
			return r.copyPart(ctx, s, &thawed, running)
		}
	}
	var flow pipeline.Flow
	if err == nil {
		flow, err = pipeline.Run(ctx, r.pipe(s, t, count, &written)...)
	}
	if err == nil && read.Load() != written {
		err = fmt.Errorf("the source sent %d rows, but the target took %d", read.Load(), written)
	}
	if err == nil {
		err = r.origin.check(ctx, s, []*plan.Task{t})
	}
	if err == nil {
		err = r.rearm(ctx, s.writer)
	}
	if err != nil {
		rollback(ctx, dst)
		return 0, flow, r.origin.failed(s, []*plan.Task{t}, err)
	}
	if err := rec.Commit(ctx, dst, written, count.bytes); err != nil {
		return 0, flow, fmt.Errorf("copy-in: COMMIT: %w", err)
	}
	return written, flow, nil
}

// freezePatience is how long a TRUNCATE may wait for readers of the empty table on the target.
const freezePatience = "200ms"

// emptyFirst makes new files for a table, in the transaction in which alone COPY may freeze its rows.
func emptyFirst(ctx context.Context, conn *pgconn.PgConn, t *plan.Task) error {
	name := archive.QualifiedName(t.Entry.Namespace, t.Entry.Tag)
	err := exec(ctx, conn, "SET LOCAL lock_timeout = '"+freezePatience+"'; TRUNCATE ONLY "+name+"; SET LOCAL lock_timeout = 0")
	if err != nil {
		return fmt.Errorf("copy-in: %w", err)
	}
	return nil
}

// explainEOF says in words that a server is gone: a backend that is ended while it waits for its client to take bytes
// can't send a reason.
func explainEOF(s *streams, err error) error {
	var at *pipeline.Error
	if !errors.As(err, &at) || !errors.Is(err, io.ErrUnexpectedEOF) || !s.reader.IsClosed() {
		return err
	}
	return fmt.Errorf("%s: the server closed the connection and gave no reason, its log may have one: %w", at.Stage, at.Err)
}

// checkStorage makes sure that the COPY has read what the snapshot sees, after it, since the COPY's own lock has been
// held from then on. It fails if all sessions that had locked the table were lost and a TRUNCATE used the gap, and if
// the name was another table's: renaming the schema needs no lock on the table.
func checkStorage(ctx context.Context, reader *pgconn.PgConn, t *plan.Task) error {
	name := archive.QualifiedName(t.Entry.Namespace, t.Entry.Tag)
	rewritten, err := catalog.Rewritten(ctx, reader, []uint32{t.Relation}, []string{name})
	switch {
	case err != nil:
		return fmt.Errorf("copy-out: %w", err)
	case len(rewritten) > 0:
		return errors.New("copy-out: the table was truncated or rewritten before it was read, or its name is another table's by now (a renamed schema)")
	}
	return nil
}

// pipe declares what the bytes of a part run through.
func (r *run) pipe(s *streams, t *plan.Task, count *tally, written *int64) []pipeline.Stage {
	source := r.origin.read(s, t, count.rows)
	sink := stages.CopyIn(s.writer.conn, t.In(), written)
	if t.Kind == plan.LargeObjects {
		sink = stages.LargeObjectsIn(s.writer.conn, written)
	}
	return []pipeline.Stage{source, stages.Meter(count), stages.Throttle(r.Limiter), sink}
}

func stageTimes(f pipeline.Flow) []progress.StageTime {
	times := make([]progress.StageTime, len(f.Stages))
	for i, s := range f.Stages {
		times[i] = progress.StageTime{
			Name: s.Name, Elapsed: f.Elapsed, WaitIn: s.WaitIn, WaitOut: s.WaitOut, Busy: s.Busy, Bytes: max(s.BytesIn, s.BytesOut),
		}
	}
	return times
}

// tally lets a meter count for progress.
type tally struct {
	running *progress.Running
	rows    *atomic.Int64 // read so far
	ofTable bool
	told    int64 // of the rows
	bytes   int64 // moved
}

// Add is called for each chunk, by the pipe's one meter.
func (t *tally) Add(n int) {
	t.running.AddBytes(int64(n))
	t.bytes += int64(n)
	if rows := t.rows.Load(); t.ofTable && rows > t.told {
		t.running.AddRows(rows - t.told)
		t.told = rows
	}
}
