package gauge

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"pgsluice/pipeline"
	"pgsluice/stages"
)

// writeTarget measures how fast the target takes the sample's rows, each stream into a table of its own.
func (g *gauge) writeTarget(ctx context.Context) error {
	for _, format := range []Format{Text, Binary} {
		pieces := g.sample.pieces(format)
		if len(pieces) == 0 {
			continue
		}
		for _, n := range streamCounts(g.Jobs) {
			err := g.try(ctx, trial{
				kind: TargetWrite, format: format, streams: n, target: true, drains: true,
				text: fmt.Sprintf("target, writing, %s, %s", format, streamsAre(n)),
				run: func(ctx context.Context, s *stream) error {
					return s.write(ctx, pieces, "COPY "+rowsTable(s.number)+" FROM STDIN"+options(format), format)
				},
			})
			if err == nil {
				err = g.emptyScratch(ctx)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// write feeds one COPY with the pieces, over and over, until the measurement is over.
func (s *stream) write(ctx context.Context, pieces [][]byte, sql string, format Format) error {
	var rows int64
	_, err := pipeline.Run(ctx, s.feed(pieces, format), stages.Meter(s.count), stages.CopyIn(s.dst, sql, &rows))
	s.count.rows.Add(rows)
	return err
}

// feed is a first stage that ends with a whole row.
func (s *stream) feed(pieces [][]byte, format Format) pipeline.Stage {
	return pipeline.Stage{Name: "sample", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		if format == Binary {
			if _, err := w.Write(binaryHeader); err != nil {
				return err
			}
		}
		for i := 0; ; i++ {
			select {
			case <-s.over:
				if format == Binary {
					_, err := w.Write(binaryTrailer)
					return err
				}
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			default:
			}
			if _, err := w.Write(pieces[i%len(pieces)]); err != nil {
				return err
			}
		}
	}}
}

const (
	// mostPart is a part of a table as a copy moves one: in smaller ones the end of each COPY is measured, too.
	mostPart  = 64 << 20
	leastPart = 1 << 20
)

// parts cuts the sample's table into parts that a stream is done with in a quarter of a measurement, so that the last ones can be waited
// for. There are none where rows are generated, or where the source can't read a part alone.
func (g *gauge) parts(format Format, streams int) *queue {
	t := g.sample.table
	if t == nil || !t.heap || g.srcFacts.Version < 140000 {
		return nil
	}
	rate := at(g.result, TargetWrite, format, streams) / float64(streams)
	size := min(max(int64(rate*g.Duration.Seconds()/4), leastPart), mostPart, max(leastPart, g.Bytes/int64(streams)))
	return newQueue([]*table{t}, size, g.srcFacts.Version)
}

// copyThrough measures the real pipe, from the sample's table on the source into the scratch tables.
func (g *gauge) copyThrough(ctx context.Context, format Format) error {
	for _, n := range streamCounts(g.Jobs) {
		parts := g.parts(format, n)
		err := g.try(ctx, trial{
			kind: Through, format: format, streams: n, source: true, target: true, drains: parts != nil,
			text: fmt.Sprintf("source to target, %s, %s", format, streamsAre(n)),
			run:  func(ctx context.Context, s *stream) error { return s.moveAll(ctx, g.sample.table, parts, format) },
		})
		if err == nil {
			err = g.emptyScratch(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moveAll copies part after part until the measurement is over; without parts, the whole table or generated rows.
func (s *stream) moveAll(ctx context.Context, from *table, parts *queue, format Format) error {
	for {
		select {
		case <-s.over:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		default:
		}
		sql := generatedCopy(format)
		switch {
		case parts != nil:
			c, ok := parts.take(format)
			if !ok {
				return errNoTable
			}
			sql = c.copyOut(format, true)
		case from != nil:
			sql = chunk{table: from}.copyOut(format, true)
		}
		var read atomic.Int64
		watched, live := pipeline.Watch(ctx)
		flow, err := pipeline.Run(watched, stages.CopyOut(s.src, sql, &read), stages.Meter(s.count),
			stages.CopyIn(s.dst, "COPY "+rowsTable(s.number)+" FROM STDIN"+options(format), nil))
		if err != nil {
			flow = live.Flow()
		}
		s.flow = s.flow.Add(flow)
		s.count.rows.Add(read.Load())
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && !conflicted(err):
			return err
		}
	}
}
