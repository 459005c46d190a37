package archive

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// method is how the bytes of one entry, or of one large object, are compressed.
type method byte

const (
	stored method = iota
	zlibStream
	gzipFile
	lz4Frames
	zstdFrames
)

func (m method) String() string {
	return [...]string{"uncompressed", "gzip", "gzip", "lz4", "zstd"}[m]
}

// customMethod is the custom format's way of compression, in which gzip means a zlib stream.
func customMethod(a Algorithm) method {
	switch a {
	case Gzip:
		return zlibStream
	case LZ4:
		return lz4Frames
	case Zstd:
		return zstdFrames
	}
	return stored
}

// codec decompresses one stream after the other. Decoders are made when they are first needed and then used again; each
// takes what a stream needs, at most about its window, and works in the goroutine that reads.
type codec struct {
	window uint64 // the largest of zstd
	active io.Reader
	in     *bufio.Reader
	zlib   io.ReadCloser
	gzip   *gzip.Reader
	zstd   *zstd.Decoder
	lz4    *lz4.Reader
	strict bool // the decoder stops at its stream's end, so what follows must be looked for
}

var errTrailing = errors.New("there is more behind the end of the compressed stream")

// reset begins a stream. src must give io.EOF behind it.
func (c *codec) reset(m method, src io.Reader) (err error) {
	c.strict = false
	if m == stored {
		c.active = src
		return nil
	}
	if c.in == nil {
		c.in = bufio.NewReaderSize(src, 32<<10)
	} else {
		c.in.Reset(src)
	}
	c.active = nil
	switch m {
	case zlibStream:
		c.strict = true
		if c.zlib == nil {
			c.zlib, err = zlib.NewReader(c.in)
		} else if again, ok := c.zlib.(zlib.Resetter); ok {
			err = again.Reset(c.in, nil)
		}
		c.active = c.zlib
	case gzipFile:
		if c.gzip == nil {
			c.gzip, err = gzip.NewReader(c.in)
		} else {
			err = c.gzip.Reset(c.in)
		}
		c.active = c.gzip
	case lz4Frames:
		if c.lz4 == nil {
			c.lz4 = lz4.NewReader(c.in)
		} else {
			c.lz4.Reset(c.in)
		}
		c.active = c.lz4
	case zstdFrames:
		if c.zstd == nil {
			c.zstd, err = zstd.NewReader(c.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(c.window), zstd.WithDecoderMaxMemory(1<<63))
		} else {
			err = c.zstd.Reset(c.in)
		}
		c.active = c.zstd
	}
	return err
}

// Read gives decompressed bytes, and io.EOF when stream and source have both ended.
func (c *codec) Read(p []byte) (int, error) {
	n, err := c.active.Read(p)
	if c.strict && errors.Is(err, io.EOF) {
		if _, more := c.in.ReadByte(); more == nil {
			err = errTrailing
		} else {
			err = more
		}
	}
	return n, err
}
