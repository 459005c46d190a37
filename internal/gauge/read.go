package gauge

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/pipeline"
	"pgsluice/stages"
)

var errNoTable = errors.New("none of the tables can be read; the notes say why")

// readSource measures how fast the source's rows come here, where they are thrown away.
func (g *gauge) readSource(ctx context.Context) error {
	for _, format := range []Format{Text, Binary} {
		for _, n := range streamCounts(g.Jobs) {
			err := g.try(ctx, trial{
				kind: SourceRead, format: format, streams: n, source: true,
				text: fmt.Sprintf("source, reading, %s, %s", format, streamsAre(n)),
				run:  func(ctx context.Context, s *stream) error { return g.readAll(ctx, s, format) },
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// readAll reads chunk after chunk.
func (g *gauge) readAll(ctx context.Context, s *stream, format Format) error {
	for ctx.Err() == nil {
		sql, table := generatedCopy(format), (*table)(nil)
		if !g.result.Generated {
			c, ok := g.queue.take(format)
			if !ok {
				return errNoTable
			}
			sql, table = c.copyOut(format, false), c.table
		}
		var rows atomic.Int64
		_, err := pipeline.Run(ctx, stages.CopyOut(s.src, sql, &rows), stages.Meter(s.count), stages.Discard())
		s.count.rows.Add(rows.Load())
		switch why, ok := skippable(err, s.src); {
		case err == nil:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case conflicted(err):
		case ok && table != nil:
			g.queue.skip(table, format, why)
		default:
			return err
		}
	}
	return context.Cause(ctx)
}

// skippable says that an error concerns the one table that was read: it was dropped, is locked, hides rows, has a type
// without a binary form.
func skippable(err error, conn *pgconn.PgConn) (why string, ok bool) {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || conn.IsClosed() || pgErr.SeverityUnlocalized != "ERROR" {
		return "", false
	}
	switch pgErr.Code[:min(2, len(pgErr.Code))] {
	case "53", "57", "58": // the server's own troubles
		return "", false
	}
	if pgErr.Code == "55P03" {
		return "somebody has locked it", true
	}
	return pgErr.Message, true
}

// conflicted says that a standby has ended a query for the sake of its replay: another one may go well.
func conflicted(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "40001"
}

func streamsAre(n int) string {
	if n == 1 {
		return "1 stream"
	}
	return fmt.Sprintf("%d streams", n)
}
