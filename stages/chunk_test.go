package stages

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"

	"pgsluice/pipeline"
)

// chunkLog keeps what arrives, piece by piece.
type chunkLog struct {
	sizes []int
	all   bytes.Buffer
	first *byte // of the last piece
}

func (l *chunkLog) Write(p []byte) (int, error) {
	l.sizes = append(l.sizes, len(p))
	l.first = &p[0]
	return l.all.Write(p)
}

func TestChunksAreFull(t *testing.T) {
	const chunk = 10
	for row := range 35 {
		for held := range chunk {
			var log chunkLog
			c := newChunker(&log, chunk, nil)
			var want []byte
			for i, n := range []int{held, row, 1, row} {
				p := bytes.Repeat([]byte{byte('a' + i)}, n)
				want = append(want, p...)
				if got, err := c.Write(p); got != n || err != nil {
					t.Fatalf("wrote %d of %d: %v", got, n, err)
				}
			}
			if err := c.flush(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(log.all.Bytes(), want) {
				t.Fatalf("row %d on %d: got %q, want %q", row, held, log.all.Bytes(), want)
			}
			for i, n := range log.sizes {
				if n != chunk && i < len(log.sizes)-1 || n == 0 {
					t.Fatalf("row %d on %d: pieces %v", row, held, log.sizes)
				}
			}
		}
	}
}

func TestBigRowIsNotCopied(t *testing.T) {
	var log chunkLog
	c := newChunker(&log, 10, nil)
	row := make([]byte, 45)
	if _, err := c.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(row); err != nil {
		t.Fatal(err)
	}
	if log.first != &row[7+20] {
		t.Error("the last full piece isn't a slice of the row")
	}
}

func TestChunkerAllocatesNothingPerRow(t *testing.T) {
	c := newChunker(io.Discard, 1000, nil)
	row := make([]byte, 130)
	if n := testing.AllocsPerRun(1000, func() { _, _ = c.Write(row) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

// Rows are counted as their chunks are sent, so that a long COPY shows them while it runs.
func TestRowsOfSentChunks(t *testing.T) {
	var rows atomic.Int64
	c := newChunker(io.Discard, 10, &rows)
	var seen []int64
	for range 7 {
		if _, err := c.Write([]byte("abc\n")); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, rows.Load())
	}
	if err := c.flush(); err != nil {
		t.Fatal(err)
	}
	if want := []int64{0, 0, 3, 3, 5, 5, 5}; !slices.Equal(seen, want) || rows.Load() != 7 {
		t.Errorf("counted %v, at the end %d", seen, rows.Load())
	}
}

func TestChunkerKeepsItsError(t *testing.T) {
	c := newChunker(refuse{}, 10, nil)
	for range 3 {
		if _, err := c.Write(make([]byte, 11)); err != io.ErrClosedPipe {
			t.Errorf("got %v", err)
		}
	}
	if _, err := c.Write([]byte("a")); err != io.ErrClosedPipe {
		t.Errorf("a small row after the error: %v", err)
	}
	if err := c.flush(); err != io.ErrClosedPipe {
		t.Errorf("the flush after the error: %v", err)
	}
}

type refuse struct{}

func (refuse) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// BenchmarkCopyOutChunk sends rows through a pipe in chunks of several sizes; in
// chunks of one row is what CopyTo does by itself.
func BenchmarkCopyOutChunk(b *testing.B) {
	row := bytes.Repeat([]byte("x"), 100)
	const rows = 100_000
	for _, size := range []int{len(row), 1 << 10, 4 << 10, 16 << 10, 32 << 10, ChunkBytes, 128 << 10, 512 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.SetBytes(int64(rows * len(row)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := pipeline.Run(b.Context(), rowsInChunks(row, rows, size), Discard()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func rowsInChunks(row []byte, rows, size int) pipeline.Stage {
	return pipeline.Stage{Name: "rows", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
		c := newChunker(w, size, nil)
		for range rows {
			if _, err := c.Write(row); err != nil {
				return err
			}
		}
		return c.flush()
	}}
}
