package archive

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"sync"
)

// customFile finds data blocks in a file of the custom format: by the TOC's offsets, or, where these are not set, by
// looking at one block after the other (_PrintTocData in pg_backup_custom.c).
type customFile struct {
	f     *os.File
	toc   *TOC
	size  int64
	pool  sync.Pool // of decoders
	mu    sync.Mutex
	found map[int]int64 // where the blocks of these dump ids begin
	next  int64         // where the first block that was not looked at begins

	starts func() []int64 // the TOC's offsets, in order
}

func newCustomFile(f *os.File, size int64, toc *TOC, lim Limits, dataStart int64) *customFile {
	lim.TotalBytes = math.MaxInt64 // it is for header and TOC
	c := &customFile{f: f, size: size, toc: toc, found: map[int]int64{}, next: dataStart}
	c.pool.New = func() any { d := newDecoder(nil, lim); return &d }
	c.starts = sync.OnceValue(func() (all []int64) {
		for i := range toc.Entries {
			if o := toc.Entries[i].Offset; o.State == OffsetSet {
				all = append(all, o.Position)
			}
		}
		slices.Sort(all)
		return all
	})
	return c
}

// bytes returns how far it is from the block of e to what comes behind it.
func (c *customFile) bytes(e *Entry) int64 {
	if e.Offset.State != OffsetSet {
		return 0
	}
	starts := c.starts()
	i, _ := slices.BinarySearch(starts, e.Offset.Position+1)
	end := c.size
	if i < len(starts) {
		end = starts[i]
	}
	return max(0, end-e.Offset.Position)
}

// decoder returns a decoder that stands at an offset of the file.
func (c *customFile) decoder(at int64) *decoder {
	d, _ := c.pool.Get().(*decoder)
	d.r.Reset(io.NewSectionReader(c.f, at, math.MaxInt64-at))
	d.offset, d.err = at, nil
	return d
}

// open begins to read the block of e.
func (c *customFile) open(e *Entry) (source, error) {
	at := e.Offset.Position
	switch e.Offset.State {
	case OffsetNoData:
		return nil, errors.New("the TOC says that it has no data")
	case OffsetNotSet:
		var err error
		if at, err = c.find(e); err != nil {
			return nil, err
		}
	}
	d := c.decoder(at)
	got, objects, err := d.blockHeader(c.toc)
	if err == nil && got.DumpID != e.DumpID {
		err = fmt.Errorf("the data block at offset %d, where the TOC says it is, is that of %s", at, got.label())
	}
	if err != nil {
		c.pool.Put(d)
		return nil, err
	}
	b := &fileBlock{file: c}
	b.block.open(d, customMethod(c.toc.Header.Compression.Algorithm), at, objects)
	return b, nil
}

// find looks through the blocks that come next until it is e's. Chunks are passed over without being read.
func (c *customFile) find(e *Entry) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if at, ok := c.found[e.DumpID]; ok {
			return at, nil
		}
		d := c.decoder(c.next)
		at, err := c.pass(d)
		c.next = d.offset
		c.pool.Put(d)
		if err != nil {
			return 0, fmt.Errorf("its data block is not found: at offset %d: %w", at, err)
		}
	}
}

// pass passes over a block and notes where it was.
func (c *customFile) pass(d *decoder) (at int64, err error) {
	at = d.offset
	if _, err := d.r.Peek(1); errors.Is(err, io.EOF) {
		return at, fmt.Errorf("the archive ends: %w", io.ErrUnexpectedEOF)
	}
	e, objects, err := d.blockHeader(c.toc)
	if err != nil {
		return at, err
	}
	if _, twice := c.found[e.DumpID]; twice {
		return at, fmt.Errorf("data of %s for a second time", e.label())
	}
	var b block
	b.open(d, stored, at, objects)
	b.seek = func(n int64) error { return c.seek(d, n) }
	if err := b.finish(); err != nil {
		return at, err
	}
	c.found[e.DumpID] = at
	return at, nil
}

// seek moves a decoder on without reading what is between, up to the file's end.
func (c *customFile) seek(d *decoder, n int64) error {
	if n <= int64(d.r.Buffered()) {
		return d.skip(n)
	}
	if n > c.size-d.offset {
		d.offset = c.size
		d.ended("data", io.EOF)
		return d.err
	}
	d.offset += n
	d.r.Reset(io.NewSectionReader(c.f, d.offset, math.MaxInt64-d.offset))
	return nil
}

// fileBlock is a block with a decoder of its own, which it gives back.
type fileBlock struct {
	block
	file *customFile
}

func (b *fileBlock) close() error {
	b.file.pool.Put(b.d)
	return nil
}
