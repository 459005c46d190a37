package stages

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"pgsluice/pipeline"
)

// Objects gives large objects, one after the other.
type Objects interface {
	// NextObject goes to the next large object, whose contents Read then gives up to io.EOF; io.EOF after the last one.
	NextObject() (oid uint32, err error)
	io.ReadCloser
}

// ArchiveObjects is the first stage of a pipe that starts at the large objects of an archive, and goes with LargeObjectsIn: it sends those that are
// wanted. Their number is stored in *count when all have been sent. Its name is "archive". It closes what open gave.
func ArchiveObjects(open func(context.Context) (Objects, error), wanted func(oid uint32) bool, count *atomic.Int64) pipeline.Stage {
	return pipeline.Stage{Name: "archive", Run: func(ctx context.Context, _ io.Reader, w io.Writer) (err error) {
		objects, err := open(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, objects.Close()) }()
		out := newChunker(w, ChunkBytes, nil)
		n, err := WriteObjects(ctx, out, objects, wanted)
		if err != nil {
			return err
		}
		count.Store(n)
		return out.flush()
	}}
}

// ArchiveFrames is ArchiveObjects where open gives what WriteObjects has written; after is called when all of that has been sent.
func ArchiveFrames(open func(context.Context) (io.ReadCloser, error), after func()) pipeline.Stage {
	return pipeline.Stage{Name: "archive", Run: func(ctx context.Context, _ io.Reader, w io.Writer) (err error) {
		frames, err := open(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, frames.Close()) }()
		if err := eachChunk(frames, func(p []byte) error { _, err := w.Write(p); return err }); err != nil {
			return err
		}
		after()
		return nil
	}}
}

// WriteObjects writes those of the objects that are wanted as LargeObjectsIn reads them, and returns how many there were.
func WriteObjects(ctx context.Context, w io.Writer, objects Objects, wanted func(oid uint32) bool) (n int64, err error) {
	buf := make([]byte, pieceBytes)
	for {
		oid, err := objects.NextObject()
		switch {
		case ctx.Err() != nil:
			return n, context.Cause(ctx)
		case err == io.EOF: //nolint:errorlint // a wrapped one is no clean end
			return n, writePiece(w, 0, 0, nil)
		case err != nil:
			return n, err
		}
		if !wanted(oid) {
			continue
		}
		n++
		if err := writeObject(w, oid, objects, buf); err != nil {
			return n, err
		}
	}
}

// writeObject writes one in pieces, an empty one as an empty piece.
func writeObject(w io.Writer, oid uint32, contents io.Reader, buf []byte) error {
	for position := int64(0); ; {
		size, ended, err := fill(contents, buf)
		if err != nil {
			return err
		}
		if size > 0 || position == 0 {
			if err := writePiece(w, oid, position, buf[:size]); err != nil {
				return err
			}
		}
		if ended {
			return nil
		}
		position += int64(size)
	}
}
