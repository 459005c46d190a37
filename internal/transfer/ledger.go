package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
)

// ledgerSession is the one session that holds the claim on the target. It keeps what concerns the transfer as a whole. Its
// methods may be called from any goroutine.
type ledgerSession struct {
	run *run
	mu  sync.Mutex
	// conn is closed, and there is another in its place, when it was lost.
	conn *pgconn.PgConn
	stop func() // of the signs of life
}

// openLedger connects and claims the target; see ledger.Claim for takeOver.
func (r *run) openLedger(ctx context.Context, takeOver bool) (*ledgerSession, error) {
	conn, err := r.connectLedger(ctx)
	if err != nil {
		return nil, err
	}
	if err := ledger.Claim(ctx, conn, takeOver); err != nil {
		catalog.Close(ctx, conn)
		return nil, fmt.Errorf("target: %w", err)
	}
	l := &ledgerSession{run: r, conn: conn}
	l.stop = l.keep(ctx)
	return l, nil
}

func (r *run) connectLedger(ctx context.Context) (*pgconn.PgConn, error) {
	set := r.writerSettings()
	set["standard_conforming_strings"] = "on"
	set["synchronous_commit"] = "on" // what it says of the whole must outlast a crash
	conn, err := catalog.OpenSession(ctx, r.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: r.srcFacts.Encoding, Application: "pgsluice ledger", Set: set,
	})
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return conn, nil
}

// do runs f, which must be able to run twice, with the session, in place of which there is another if it is lost.
func (l *ledgerSession) do(ctx context.Context, f func(context.Context, *pgconn.PgConn) error) error {
	return l.run.retrying(ctx, "ledger", func() error { return l.once(ctx, f) })
}

// once is do without a second attempt.
func (l *ledgerSession) once(ctx context.Context, f func(context.Context, *pgconn.PgConn) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn.IsClosed() {
		if err := l.reopen(ctx); err != nil {
			return err
		}
	}
	err := f(ctx, l.conn)
	if err != nil && !l.conn.IsClosed() && l.conn.TxStatus() != 'I' {
		rollback(ctx, l.conn)
	}
	return err
}

// reopen takes the claim again. The caller holds mu.
func (l *ledgerSession) reopen(ctx context.Context) error {
	conn, err := l.run.connectLedger(ctx)
	if err != nil {
		return err
	}
	if err = ledger.EndBackend(ctx, conn, l.conn.PID()); err == nil {
		err = ledger.Claim(ctx, conn, false)
	}
	if err != nil {
		catalog.Close(ctx, conn)
		return fmt.Errorf("target: %w", err)
	}
	catalog.Close(ctx, l.conn)
	l.conn = conn
	return nil
}

func (l *ledgerSession) close(ctx context.Context) {
	l.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	catalog.Close(ctx, l.conn)
}

// keep gives a sign of life from time to time. If another run has taken over, it ends this one.
func (l *ledgerSession) keep(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() {
		tick := time.NewTicker(ledger.Pulse)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := l.once(ctx, ping)
			var busy *ledger.Busy
			if errors.As(err, &busy) {
				l.run.end(err)
			}
		}
	})
	return func() { cancel(); keeping.Wait() }
}

// ping asks for nothing. Who does not answer in time is given up, so that nobody who has something to say waits for it.
func ping(ctx context.Context, conn *pgconn.PgConn) error {
	ctx, cancel := context.WithTimeout(ctx, ledger.Pulse)
	defer cancel()
	return exec(ctx, conn, "SELECT")
}

// noteFailure records why a task failed, "" for one that does so no more, as far as that is possible.
func (r *run) noteFailure(ctx context.Context, t *plan.Task, message string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackDeadline)
	defer cancel()
	err := r.ledger.once(ctx, func(ctx context.Context, conn *pgconn.PgConn) error { return ledger.Failed(ctx, conn, t.Key, message) })
	if err != nil {
		r.Log.Info("a failure could not be recorded on the target", zap.Error(err))
	}
}

// entries are the plan in the ledger's words.
func (r *run) entries() []ledger.Entry {
	all := make([]ledger.Entry, len(r.plan.Tasks))
	for i, t := range tasks(r.plan) {
		all[i] = ledger.Entry{
			Key: r.plan.Tasks[i].Key, Phase: t.Phase.String(), Kind: t.Kind, Name: t.Name, Bytes: t.Bytes, Rows: t.Rows,
		}
	}
	return all
}
