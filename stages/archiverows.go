package stages

import (
	"context"
	"io"
	"sync/atomic"

	"pgsluice/pipeline"
)

// ArchiveRows is the first stage of a pipe that starts at an archive: it sends the rows of one table, which open gives as COPY text. Its name
// is "archive". It closes what open gave.
//
// *rows gets the number of rows of each chunk as it leaves: in COPY text each newline ends a row. A nil rows is allowed. A reader that can wait for
// long must heed the context that open gets: while it blocks, the stage can't end.
func ArchiveRows(open func(context.Context) (io.ReadCloser, error), rows *atomic.Int64) pipeline.Stage {
	return pipeline.Stage{Name: "archive", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		n, err := new(rowReader).each(func() (io.ReadCloser, error) { return open(ctx) }, func(p []byte, n int64) error {
			if _, err := w.Write(p); err != nil {
				return err
			}
			if rows != nil {
				rows.Add(n)
			}
			return nil
		})
		if err == nil && rows != nil {
			rows.Store(n)
		}
		return err
	}}
}

// ArchiveGroup is ArchiveRows for many small tables, and goes with GroupIn; what it stores in read, and tells t, is what GroupOut does.
func ArchiveGroup(open func(ctx context.Context, table int) (io.ReadCloser, error), read []Copied, t Tally) pipeline.Stage {
	return pipeline.Stage{Name: "archive", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		out, in := newFramer(w, t), new(rowReader)
		for table := range read {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			read[table] = Copied{}
			n, err := in.each(func() (io.ReadCloser, error) { return open(ctx, table) }, func(p []byte, _ int64) error {
				read[table].Bytes += int64(len(p))
				return out.rows(p)
			})
			if err != nil {
				return err
			}
			read[table].Rows = n
			if err := out.end(tableFrame, int(n)); err != nil {
				return err
			}
		}
		return out.end(groupFrame, len(read))
	}}
}
