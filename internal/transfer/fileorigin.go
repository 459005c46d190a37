package transfer

import (
	"context"
	"io"
	"sync"
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
	ratio := int64(4)
	if f.TOC().Header.Compression.Algorithm == archive.NoCompression {
		ratio = 1
	}
	sizes := map[int]int64{}
	for i := range f.TOC().Entries {
		if e := &f.TOC().Entries[i]; e.HadDumper {
			if n := f.Bytes(e); n > 0 {
				sizes[e.DumpID] = n * ratio
			}
		}
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
			return objectsOf(d, t), err
		}, wanted(t), rows)
	}
	return stages.ArchiveRows(func(context.Context) (io.ReadCloser, error) { return o.rows(t) }, rows)
}

// shares is as many as there are copiers for a table that is so large that the others would have nothing to do at its end.
func (o *fileOrigin) shares(_ context.Context, t *plan.Task) int {
	if t.Bytes < sharedFrom || t.Bytes*int64(o.beginJobs) < o.rowBytes() {
		return 1
	}
	return o.beginJobs
}

// rowBytes is about how much there is to load.
func (o *fileOrigin) rowBytes() (sum int64) {
	for _, t := range o.plan.Tasks {
		if t.Kind == plan.Rows {
			sum += t.Bytes
		}
	}
	return sum
}

// sharedMemory is how far the shares of a table may be apart.
const sharedMemory = 16 << 20

// readShares reads the block once, for all.
func (o *fileOrigin) readShares(ctx context.Context, t *plan.Task, rows []*atomic.Int64) (first []pipeline.Stage, end func(), err error) {
	data, err := o.rows(t)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	in, task := newIntake(sharedMemory), *t
	b := in.begin(ctx, &task)
	if first, err = b.stages(rows); err != nil {
		cancel()
		_ = data.Close() // it was only read
		return nil, nil, err
	}
	var feeding sync.WaitGroup
	feeding.Go(func() {
		defer context.AfterFunc(ctx, in.wake)()
		err := b.readFrom(data)
		if err == nil {
			err = b.finish()
		}
		if err != nil {
			b.fail(err)
		}
	})
	return first, func() {
		cancel()
		feeding.Wait()
		_ = data.Close()
	}, nil
}

func (o *fileOrigin) group(_ *streams, tasks []*plan.Task, read []stages.Copied, tally stages.Tally) pipeline.Stage {
	return stages.ArchiveGroup(func(_ context.Context, i int) (io.ReadCloser, error) { return o.rows(tasks[i]) }, read, tally)
}

func (o *fileOrigin) failed(_ *streams, _ []*plan.Task, err error) error { return err }

func (o *fileOrigin) ended([]*plan.Task) {}

// attach has a table in shares take the places of as many copiers: more COPYs than these would only be in each other's way.
func (o *fileOrigin) attach(b *board) {
	b.width = func(t *plan.Task) int { return o.sharesOfTask(context.Background(), t) }
}

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
