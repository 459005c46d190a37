package transfer

import (
	"context"
	"io"
	"sync/atomic"

	"pgsluice/internal/archive"
	"pgsluice/internal/plan"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// fileOrigin is an archive whose blocks can be read in any order, each by itself, and again.
type fileOrigin struct {
	archived
	file *archive.File
}

func (o *fileOrigin) preflight(ctx context.Context) error {
	return o.preflightWith(ctx, func() error {
		if o.file != nil {
			return nil
		}
		file, err := archive.Open(o.opt.Path, archive.Limits{})
		if err != nil {
			return err
		}
		o.file = file
		return o.know(file.TOC(), textSizes(file), archiveName(o.opt.Path))
	})
}

// textSizes are about how many bytes of rows the entries hold. What is compressed is taken to be a quarter of that; the progress learns on
// the way how much it is.
func textSizes(f *archive.File) map[int]int64 {
	const ratio = 4
	sizes := f.DataSizes()
	if f.TOC().Header.Compression.Algorithm == archive.NoCompression {
		return sizes
	}
	for id := range sizes {
		sizes[id] *= ratio
	}
	return sizes
}

// data opens the block of an entry of the plan's table of contents, which may have them in another order than the file's.
func (o *fileOrigin) data(t *plan.Task) (*archive.Data, error) {
	d, err := o.file.Open(o.file.TOC().ByID(t.Entry.DumpID))
	if err != nil {
		return nil, &archiveError{err}
	}
	return d, nil
}

func (o *fileOrigin) rows(t *plan.Task) (io.ReadCloser, error) {
	d, err := o.data(t)
	if err != nil {
		return nil, err
	}
	return archiveReader{d}, nil
}

func (o *fileOrigin) read(_ *streams, t *plan.Task, rows *atomic.Int64) pipeline.Stage {
	if t.Kind == plan.LargeObjects {
		return stages.ArchiveObjects(func(context.Context) (stages.Objects, error) {
			d, err := o.data(t)
			return archiveObjects{d}, err
		}, wanted(t), rows)
	}
	return stages.ArchiveRows(func(context.Context) (io.ReadCloser, error) { return o.rows(t) }, rows)
}

// archiveObjects marks the errors of large objects.
type archiveObjects struct{ *archive.Data }

func (o archiveObjects) Read(p []byte) (int, error) { return archiveReader{o.Data}.Read(p) }

func (o archiveObjects) NextObject() (uint32, error) {
	oid, err := o.Data.NextObject()
	if err != nil && err != io.EOF { //nolint:errorlint // a wrapped one is no clean end
		err = &archiveError{err}
	}
	return oid, err
}

func (o *fileOrigin) group(_ *streams, tasks []*plan.Task, read []stages.Copied, tally stages.Tally) pipeline.Stage {
	return stages.ArchiveGroup(func(_ context.Context, i int) (io.ReadCloser, error) { return o.rows(tasks[i]) }, read, tally)
}

func (o *fileOrigin) failed(_ *streams, _ []*plan.Task, err error) error { return err }

func (o *fileOrigin) ended([]*plan.Task) {}

func (o *fileOrigin) attach(*board) {}

func (o *fileOrigin) feed(context.Context) error { return nil }

func (o *fileOrigin) still(t *plan.Task) bool { return o.watcher.waitsForClient(t.ID, targetSide) }

func (o *fileOrigin) reread([]*plan.Task) error { return nil }

func (o *fileOrigin) release(context.Context) error { return nil }

func (o *fileOrigin) released() bool { return false }

func (o *fileOrigin) close() {
	if o.file != nil {
		_ = o.file.Close() // it was only read
	}
}
