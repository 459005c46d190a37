package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"sync/atomic"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/progress"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// segmentBytes is how much is compressed at once. Less would cost in size, since each segment is compressed by itself, and
// more would hold more memory in each reader.
const segmentBytes = 2 << 20

// packer makes pieces of what one part's pipe sends, and gives them to the assembly. It remembers what it has given: when the
// part is read again because a connection was lost, what was given before is passed over. Under one snapshot the same statement
// sends the same bytes; if it should not, a digest of them tells.
type packer struct {
	to        *assembly
	in        portion
	segmenter *archive.Segmenter
	buf       []byte // capacity segmentBytes, the worker's

	// of the part, in all attempts: how far what was given goes, and the digest of all up to there
	given  int64
	sum    uint64
	seed   maphash.Seed
	object uint32 // a large object that was begun and not ended
	// of the attempt in work, as atomic nanoseconds and bytes: what its last stage spent in the assembly, and what it gave there
	held, bound, packed atomic.Int64
	putting             atomic.Bool // it waits for the assembly, or the output
}

// errOtherwise says that a part can't be read again.
var errOtherwise = errors.New("the connection was lost, and read again its rows came otherwise than before: what was written of them can't be taken back")

func newPacker(to *assembly, turn int, segmenter *archive.Segmenter, buf []byte) *packer {
	return &packer{to: to, in: portion{turn: turn}, segmenter: segmenter, buf: buf[:0], seed: maphash.MakeSeed()}
}

// reading is one attempt at reading a part.
type reading struct {
	packer *packer
	seen   int64
	digest maphash.Hash // of what was seen
}

func (k *packer) read() *reading {
	k.in.waited, k.in.bound = 0, 0
	k.held.Store(0)
	k.bound.Store(0)
	k.packed.Store(0)
	r := &reading{packer: k}
	r.digest.SetSeed(k.seed)
	return r
}

// before is how much of what comes was given by an earlier attempt.
func (r *reading) before() int64 { return max(0, r.packer.given-r.seen) }

// see takes note of what has come. What was given before must come as it came then.
func (r *reading) see(p []byte) error {
	_, _ = r.digest.Write(p) // it never fails
	if r.seen += int64(len(p)); r.seen == r.packer.given && r.digest.Sum64() != r.packer.sum {
		return errOtherwise
	}
	return nil
}

// given takes note that all that was seen is given.
func (r *reading) given() { r.packer.given, r.packer.sum = r.seen, r.digest.Sum64() }

// rows is the last stage of a pipe of rows in COPY's text format. *count gets how many there were.
func (k *packer) rows(name string, count *int64) pipeline.Stage {
	return pipeline.Stage{Name: name, Run: func(ctx context.Context, r io.Reader, _ io.Writer) error {
		lines, seen := int64(0), k.read()
		buf := k.buf[:0]
		for {
			n, err := r.Read(buf[len(buf):cap(buf)])
			fresh := buf[len(buf) : len(buf)+n]
			lines += int64(bytes.Count(fresh, newline))
			if before := int(min(seen.before(), int64(n))); before > 0 {
				if err := seen.see(fresh[:before]); err != nil {
					return err
				}
				n = copy(fresh, fresh[before:])
			}
			if buf = buf[:len(buf)+n]; len(buf) == cap(buf) {
				cut := bytes.LastIndexByte(buf, '\n') + 1
				if cut == 0 { // a row that is longer than that goes in pieces
					cut = len(buf)
				}
				if err := k.giveRows(ctx, seen, buf[:cut]); err != nil {
					return err
				}
				buf = buf[:copy(buf[:cap(buf)], buf[cut:])]
			}
			switch {
			case err == io.EOF && seen.before() > 0: //nolint:errorlint // a wrapped one is no clean end
				return errOtherwise
			case err == io.EOF && len(buf) > 0 && buf[len(buf)-1] != '\n': //nolint:errorlint // a wrapped one is no clean end
				return errors.New("the rows end within a row")
			case err == io.EOF && len(buf) > 0: //nolint:errorlint // a wrapped one is no clean end
				err = k.giveRows(ctx, seen, buf)
				*count = lines
				return err
			case err == io.EOF: //nolint:errorlint // a wrapped one is no clean end
				*count = lines
				return nil
			case err != nil:
				return err
			}
		}
	}}
}

var newline = []byte{'\n'}

func (k *packer) giveRows(ctx context.Context, seen *reading, rows []byte) error {
	if err := k.give(ctx, piece{within: rows[len(rows)-1] != '\n'}, rows); err != nil {
		return err
	}
	if err := seen.see(rows); err != nil {
		return err
	}
	seen.given()
	return nil
}

// objects is the last stage of a pipe of large objects.
func (k *packer) objects(name string) pipeline.Stage {
	return pipeline.Stage{Name: name, Run: func(ctx context.Context, r io.Reader, _ io.Writer) error {
		seen, buf, open := k.read(), k.buf[:0], k.object
		send := func(ends bool) error {
			p := piece{ends: ends}
			if open != k.object {
				p.object = open
			}
			if err := k.give(ctx, p, buf); err != nil {
				return err
			}
			seen.given()
			if k.object = open; ends {
				k.object = 0
			}
			buf = buf[:0]
			return nil
		}
		err := stages.EachLargeObject(r, func(oid uint32, position int64, contents []byte) (err error) {
			if seen.before() == 0 {
				switch {
				case open != 0 && oid != open:
					err = send(true)
				case len(buf)+len(contents) > cap(buf):
					err = send(false)
				}
				open = oid
				buf = append(buf, contents...)
			}
			if err != nil {
				return err
			}
			return seen.see(append(fmt.Appendf(nil, "%d %d ", oid, position), contents...))
		})
		switch {
		case err != nil:
			return err
		case seen.before() > 0:
			return errOtherwise
		case open != 0:
			return send(true)
		}
		return nil
	}}
}

// give compresses what a piece holds and puts it.
func (k *packer) give(ctx context.Context, p piece, contents []byte) error {
	if len(contents) > 0 {
		segment, err := k.segmenter.Segment(contents)
		if err != nil {
			return err
		}
		p.segment, p.from = segment, k.segmenter
	}
	k.putting.Store(true)
	err := k.to.put(ctx, &k.in, p)
	k.putting.Store(false)
	k.held.Store(int64(k.in.waited))
	k.bound.Store(int64(k.in.bound))
	k.packed.Add(int64(p.segment.Bytes()))
	return err
}

// stageTimes are those of a pipe that ends in the packer. Its last stage compresses, and waits in the assembly: for its turn,
// which holds it up, and for the output, which is told apart as a stage of its own.
func (k *packer) stageTimes(f pipeline.Flow) []progress.StageTime {
	times := stageTimes(f)
	if len(times) == 0 {
		return times
	}
	held, bound := time.Duration(k.held.Load()), time.Duration(k.bound.Load())
	last := &times[len(times)-1]
	last.Busy = max(0, last.Busy-held-bound)
	last.WaitOut += held + bound
	return append(times, progress.StageTime{
		Name: outputStage, Elapsed: last.Elapsed, Busy: bound, WaitIn: max(0, last.Elapsed-bound), Bytes: k.packed.Load(),
	})
}
