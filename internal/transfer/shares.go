package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// A large table of an archive comes in one block, and one COPY keeps no more than one core of the target busy. So its rows are shared out, in
// stripes, to several connections. Which rows are whose follows from the rows alone, and each share has a key of its own in the ledger:
// shares that were committed are never sent again, whoever goes on and when. None is committed before all of the block has come
// and has been taken, and the last to be is the one with the task's own key: only then is the table done.

const (
	// sharedFrom is the size of a table, as text, from which on it is shared: below, to open sessions takes as long
	sharedFrom = 8 << 20
	mostShares = 8
)

// share is one connection's part of a table.
type share struct {
	rec     ledger.Record
	conn    *pgconn.PgConn
	done    bool // an earlier attempt has committed it
	rows    int64
	count   *tally
	read    atomic.Int64
	written int64
}

// sharesOfTask is in how many shares a task's rows are loaded; 1 is one COPY. What has been begun goes on as it was.
func (r *run) sharesOfTask(ctx context.Context, t *plan.Task) int {
	if t.Kind != plan.Rows || !r.fromArchive() {
		return 1
	}
	n := r.sharedIn(t)
	if n == 0 {
		n = r.formerShares(t)
	}
	if n == 0 {
		n = 1
		// two COPYs into one unique index could wait for each other's commit
		if !t.Unlogged && !r.DataOnly && !r.existing {
			n = min(r.origin.shares(ctx, t), mostShares)
		}
	}
	r.shareIn(t, n)
	return n
}

// sharedIn is what was decided before, 0 if nothing was.
func (r *run) sharedIn(t *plan.Task) int {
	r.counting.Lock()
	defer r.counting.Unlock()
	return r.shared[t.ID]
}

func (r *run) shareIn(t *plan.Task, n int) {
	r.counting.Lock()
	defer r.counting.Unlock()
	r.shared[t.ID] = n
}

// formerShares is in how many shares an earlier run has begun to load a table; 0 if it has not.
func (r *run) formerShares(t *plan.Task) int {
	if r.former == nil {
		return 0
	}
	r.counting.Lock()
	defer r.counting.Unlock()
	if r.formerShared == nil {
		r.formerShared = map[string]int{}
		for key := range r.former.Done {
			var i, n int
			if whole, share, ok := strings.Cut(key, "/"); ok {
				if _, err := fmt.Sscanf(share, "%d of %d", &i, &n); err == nil {
					r.formerShared[whole] = n
				}
			}
		}
	}
	return r.formerShared[t.Key]
}

// shareKey is the ledger's key of a share, from 0; the last one's is the task's.
func shareKey(t *plan.Task, i, n int) string {
	if i == n-1 {
		return t.Key
	}
	return fmt.Sprintf("%s/%d of %d", t.Key, i+1, n)
}

// partInShares is part for a table that is loaded over several connections.
func (r *run) partInShares(ctx context.Context, s *streams, t *plan.Task, n int, running *progress.Running) (outcome, error) {
	defer s.closeHelpers(ctx)
	if err := s.openHelpers(ctx, n-1); err != nil {
		if code(err) == tooManyConnections && r.formerShares(t) == 0 {
			r.shareIn(t, 1)
			return r.part(ctx, s, t, running)
		}
		return outcome{}, err
	}
	ctx, stop := r.endStalls(ctx, running, func() bool { return r.origin.still(t) })
	defer stop()
	all := make([]*share, n)
	for i := range all {
		sh := &share{rec: r.record(t), conn: s.writer.conn}
		sh.rec.Key = shareKey(t, i, n)
		if i < n-1 {
			sh.conn = s.helpers[i].conn
		}
		sh.count = &tally{running: running, rows: &sh.read, ofTable: true}
		all[i] = sh
	}
	over, err := beginShares(ctx, s, all)
	if err == nil && over {
		rows, bytes, err := earlierAttempt(ctx, s.writer, all[n-1].rec)
		running.AddBytes(bytes)
		return outcome{rows: rows}, err
	}
	var times []progress.StageTime
	if err == nil {
		times, err = r.copyShares(ctx, t, all)
	}
	if err == nil {
		return outcome{rows: rowsOf(all), stages: times}, commitShares(ctx, all)
	}
	for _, sh := range all {
		rollback(ctx, sh.conn)
	}
	return outcome{stages: times}, r.origin.failed(s, []*plan.Task{t}, err)
}

// beginShares claims the keys, the task's own first. over says that the whole task is done.
func beginShares(ctx context.Context, s *streams, all []*share) (over bool, err error) {
	for i := len(all) - 1; i >= 0; i-- {
		sh := all[i]
		switch err := sh.rec.Begin(ctx, sh.conn); {
		case errors.Is(err, ledger.ErrDone) && i == len(all)-1:
			return true, nil
		case errors.Is(err, ledger.ErrDone):
			sh.done = true
			if sh.rows, sh.count.bytes, err = earlierAttempt(ctx, s.helpers[i], sh.rec); err != nil {
				return false, err
			}
			sh.count.running.AddBytes(sh.count.bytes)
		case err != nil:
			return false, fmt.Errorf("copy-in: %w", err)
		}
	}
	return false, nil
}

// copyShares runs a pipe for each share. The first error ends all.
func (r *run) copyShares(ctx context.Context, t *plan.Task, all []*share) (times []progress.StageTime, err error) {
	group, ctx := errgroup.WithContext(ctx)
	counts := make([]*atomic.Int64, len(all))
	for i, sh := range all {
		counts[i] = &sh.read
	}
	first, end, err := r.origin.readShares(ctx, t, counts)
	if err != nil {
		return nil, err
	}
	defer end()
	thawed := *t // FREEZE is for the transaction that empties the table
	thawed.Freeze = false
	in, flows := thawed.In(), make([]pipeline.Flow, len(all))
	for i, sh := range all {
		group.Go(func() (err error) {
			if sh.done { // its rows are only passed over
				_, err = pipeline.Run(ctx, first[i], stages.Discard())
				return err
			}
			flows[i], err = pipeline.Run(ctx, first[i], stages.Meter(sh.count), stages.Throttle(r.Limiter), stages.CopyIn(sh.conn, in, &sh.written))
			if read := sh.read.Load(); err == nil && read != sh.written {
				err = fmt.Errorf("the archive has %d rows, but the target took %d", read, sh.written)
			}
			sh.rows = sh.written
			return err
		})
	}
	err = group.Wait()
	for _, flow := range flows {
		times = append(times, stageTimes(flow)...)
	}
	return times, err
}

// commitShares commits all, the task's own last, with what all have counted.
func commitShares(ctx context.Context, all []*share) error {
	total := int64(0)
	for i, sh := range all {
		total += sh.count.bytes
		rows, bytes := sh.rows, sh.count.bytes
		if i == len(all)-1 {
			rows, bytes = rowsOf(all), total
		}
		if sh.done {
			continue
		}
		if err := sh.rec.Commit(ctx, sh.conn, rows, bytes); err != nil {
			for _, rest := range all[i:] {
				rollback(ctx, rest.conn)
			}
			return fmt.Errorf("copy-in: COMMIT: %w", err)
		}
	}
	return nil
}

func rowsOf(all []*share) (rows int64) {
	for _, sh := range all {
		rows += sh.rows
	}
	return rows
}

// openHelpers opens the sessions that a worker needs beside its own for a table in shares, in place of those that were lost.
func (s *streams) openHelpers(ctx context.Context, n int) (err error) {
	for len(s.helpers) < n {
		s.helpers, s.lostHelpers = append(s.helpers, nil), append(s.lostHelpers, 0)
	}
	for i := range n {
		if s.helpers[i], err = s.run.openWriter(ctx, s.worker, s.work, s.lostHelpers[i]); err != nil {
			s.helpers[i] = nil
			return err
		}
		s.lostHelpers[i] = 0
	}
	return nil
}

// closeHelpers ends these sessions, so that no worker holds more connections than it uses.
func (s *streams) closeHelpers(ctx context.Context) {
	for i, w := range s.helpers {
		if w == nil {
			continue
		}
		if w.conn.IsClosed() {
			s.lostHelpers[i] = w.conn.PID()
		}
		catalog.Close(ctx, w.conn)
		s.helpers[i] = nil
	}
}
