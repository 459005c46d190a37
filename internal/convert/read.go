package convert

import (
	"bytes"
	"context"
	"errors"
	"io"

	"pgsluice/internal/archive"
	"pgsluice/internal/progress"
)

// read reads all data that is wanted and sends it down the line.
func (c *conversion) read(ctx context.Context, in source, l *line) error {
	for {
		d, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		running := c.opt.Progress.Start(c.ids[d.Entry().DumpID])
		rows, err := c.block(ctx, d, l, running)
		if err != nil {
			running.Interrupt(nil)
			return err
		}
		running.Done(rows, nil)
	}
}

// block sends the data of one entry, and counts its rows.
func (c *conversion) block(ctx context.Context, d *archive.Data, l *line, running *progress.Running) (rows int64, err error) {
	e := d.Entry()
	if err := l.send(ctx, &piece{write: func(s sink) error { return s.Begin(e) }}); err != nil {
		return 0, err
	}
	if e.Desc == "BLOBS" {
		err = c.objects(ctx, d, l, running)
	} else {
		rows, err = c.pieces(ctx, d, l, running)
	}
	if err != nil {
		return 0, err
	}
	if e.CopyStmt == "" { // statements, which may have several lines
		rows = 0
	}
	return rows, l.send(ctx, &piece{write: sink.End})
}

func (c *conversion) objects(ctx context.Context, d *archive.Data, l *line, running *progress.Running) error {
	for {
		oid, err := d.NextObject()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.send(ctx, &piece{write: func(s sink) error { return s.BeginObject(oid) }}); err != nil {
			return err
		}
		if _, err := c.pieces(ctx, d, l, running); err != nil {
			return err
		}
		if err := l.send(ctx, &piece{write: sink.EndObject}); err != nil {
			return err
		}
	}
}

// pieces sends what d gives up to its end, in pieces that are cut anywhere: they are written in their order.
func (c *conversion) pieces(ctx context.Context, d *archive.Data, l *line, running *progress.Running) (lines int64, err error) {
	for {
		p, err := l.memory(ctx)
		if err != nil {
			return lines, err
		}
		p, err = fill(p, d)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return lines, err
		}
		lines += int64(bytes.Count(p, newline))
		running.AddBytes(int64(len(p)))
		if len(p) == 0 {
			l.room <- p
		} else if err := l.send(ctx, &piece{raw: p}); err != nil {
			return lines, err
		}
		if ended {
			return lines, nil
		}
	}
}

var newline = []byte{'\n'}

// fill reads into the capacity of p until it is full, or r ends.
func fill(p []byte, r io.Reader) ([]byte, error) {
	for len(p) < cap(p) {
		n, err := r.Read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		if err != nil {
			return p, err
		}
	}
	return p, nil
}
