package gauge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// trial is a measurement before it is made.
type trial struct {
	kind    Kind
	format  Format
	streams int
	text    string // what the step is called
	source  bool   // each stream has a session there
	target  bool
	// drains says that a stream ends by itself once over is closed, and that the clock runs until it has.
	drains bool
	run    func(ctx context.Context, s *stream) error
}

// stream is one of a trial.
type stream struct {
	number   int
	src, dst *pgconn.PgConn
	count    *tally
	over     <-chan struct{} // closed when the time or the bytes are over
	flow     pipeline.Flow
}

var (
	errEnough = errors.New("measured enough")
	errStuck  = errors.New("the server did not take what was sent to it in time: try a longer --duration or fewer --bytes")
)

// grace is how long a stream may take to drain, beyond as long again as it has run: a server that has
// stopped at a checkpoint goes on after a while.
const grace = 30 * time.Second

// firstByte is how much longer than it should a measurement waits for something to measure: a busy server may take a
// while to begin.
const firstByte = 3 * time.Second

// leastInterval evens out that bytes come in bursts.
const leastInterval = 100 * time.Millisecond

// try makes a measurement and records it. An error ends the run: ctx is over, or a server is gone.
func (g *gauge) try(ctx context.Context, t trial) error {
	m := Measurement{Kind: t.kind, Format: t.format, Streams: t.streams}
	count := newTally(g.Bytes)
	if g.Step != nil {
		g.Step(Step{Text: t.text, Bytes: count.bytes.Load})
	}
	streams, err := g.openStreams(ctx, t, count)
	if err == nil {
		err = g.race(ctx, t, streams, count, &m)
	}
	for _, s := range streams {
		s.close(ctx)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		m.Err = oneLine(err)
	}
	g.result.Measurements = append(g.result.Measurements, m)
	if g.Measured != nil {
		g.Measured(m)
	}
	if err != nil && !survivable(err) {
		return fmt.Errorf("%s: %w", t.text, err)
	}
	return nil
}

// survivable says that the next measurement may go well: the server has answered, and lives.
func survivable(err error) bool {
	if errors.Is(err, errStuck) {
		return true
	}
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && !strings.HasPrefix(pgErr.Code, "57P") && !strings.HasPrefix(pgErr.Code, "08")
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// openStreams opens all sessions before the clock runs. The streams are returned with an error, too.
func (g *gauge) openStreams(ctx context.Context, t trial, count *tally) ([]*stream, error) {
	streams := make([]*stream, t.streams)
	for i := range streams {
		streams[i] = &stream{number: i, count: count}
	}
	for _, s := range streams {
		var err error
		if t.source {
			if s.src, err = g.reader(ctx); err != nil {
				return streams, err
			}
		}
		if t.target {
			if s.dst, err = g.writer(ctx); err != nil {
				return streams, err
			}
		}
	}
	return streams, nil
}

func (s *stream) close(ctx context.Context) {
	for _, conn := range []*pgconn.PgConn{s.src, s.dst} {
		if conn != nil {
			catalog.Close(ctx, conn)
		}
	}
}

// race runs the streams until the time or the bytes are over, and fills in what came of it. It returns when all
// have ended.
func (g *gauge) race(ctx context.Context, t trial, streams []*stream, count *tally, m *Measurement) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over, ended := make(chan struct{}), make(chan error, len(streams))
	start := time.Now()
	for _, s := range streams {
		s.over = over
		go func() { ended <- t.run(ctx, s) }()
	}
	ticks := time.NewTicker(max(g.Duration/20, leastInterval))
	defer ticks.Stop()
	timer := time.NewTimer(g.Duration)
	defer timer.Stop()
	readings, enough := startSeries(start), count.enough
	isOver, failed := false, error(nil)
	finish := func() {
		m.Bytes, m.Rows, m.Elapsed = count.bytes.Load(), count.rows.Load(), time.Since(start)
		isOver, enough = true, nil
		close(over)
		if t.drains {
			timer.Reset(grace + m.Elapsed)
		} else {
			stop(errEnough)
		}
	}
	for left := len(streams); left > 0; {
		select {
		case now := <-ticks.C:
			if !isOver {
				readings.read(now, count.bytes.Load())
			}
		case <-enough:
			finish()
		case <-timer.C:
			switch {
			case isOver:
				stop(errStuck)
			case count.bytes.Load() == 0 && time.Since(start) < g.Duration+firstByte:
				timer.Reset(g.Duration)
			default:
				finish()
			}
		case err := <-ended:
			left--
			if err != nil && failed == nil && !errors.Is(err, errEnough) && (t.drains || !isOver) {
				failed = err
				stop(err)
			}
		}
	}
	if t.drains || !isOver {
		m.Bytes, m.Elapsed = count.bytes.Load(), time.Since(start)
	}
	m.Rows = count.rows.Load()
	settle(m, readings.rates, t.drains)
	m.SourceBusy, m.TargetBusy = busy(streams)
	return failed
}

// busy are the shares of their time in which streams from source to target were held up by either. At each end of a pipe stands a
// server: while its stage does not wait for the other one, it is that server which takes the time.
func busy(streams []*stream) (source, target float64) {
	var sum pipeline.Flow
	for _, s := range streams {
		sum = sum.Add(s.flow)
	}
	if len(sum.Stages) == 0 || sum.Elapsed <= 0 {
		return 0, 0
	}
	first, last := sum.Stages[0], sum.Stages[len(sum.Stages)-1]
	return min(1, float64(first.Busy)/float64(sum.Elapsed)), min(1, float64(last.Busy)/float64(sum.Elapsed))
}

// reader opens a session that may read the source, and no more.
func (g *gauge) reader(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := catalog.OpenSession(ctx, g.src, catalog.SessionOptions{
		Role: catalog.Reader, Encoding: g.srcFacts.Encoding, LockTimeout: lockTimeout, Application: application,
		// to compile what only makes bytes takes longer than some measurements
		Set: map[string]string{"default_transaction_read_only": "on", "jit": "off"},
	})
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return conn, err
}

// writer opens a session that writes to the target as a copy's do.
func (g *gauge) writer(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := catalog.OpenSession(ctx, g.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: g.srcFacts.Encoding, LockTimeout: scratchLockTimeout, Application: application,
		Configure: stages.WatchErrors,
	})
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return conn, err
}

const (
	application = "pgsluice bench"
	lockTimeout = 2 * time.Second
	// scratchLockTimeout is for the scratch tables, which nobody but ourselves has any business with.
	scratchLockTimeout = 10 * time.Second
)
