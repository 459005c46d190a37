package stages

import (
	"context"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"

	"pgsluice/pipeline"
)

// CompressOptions choose how Compress works. The zero value is the fast level.
type CompressOptions struct {
	// Level 0 is LZ4's fast method. Levels 1 to 9 search longer for matches (LZ4 HC),
	// each longer than the one before. They are for links slower than 10 MB/s only: on
	// rows of text, one core of a small machine made 2.5 : 1 at 300 MB/s with level 0,
	// 3.1 : 1 at 17 MB/s with level 1, and the same 3.1 : 1 at 5 MB/s with level 9
	// (BenchmarkCompress). All are read back at the same speed.
	Level int
}

// blockBytes is how much is compressed at once, and with it how far the output can
// lag behind the input. On rows of text 64 KiB made 2.40 : 1, 256 KiB 2.48, 4 MiB
// 2.51, and from 1 MiB on the blocks no longer fit the core's cache.
const blockBytes = lz4.Block256Kb

var levels = [...]lz4.CompressionLevel{
	lz4.Fast, lz4.Level1, lz4.Level2, lz4.Level3, lz4.Level4,
	lz4.Level5, lz4.Level6, lz4.Level7, lz4.Level8, lz4.Level9,
}

// Compress is a stage, named "compress", that turns its input into one LZ4 frame
// with a checksum of the content, which the lz4 program also reads. The frame gets
// its end mark only at the clean end of the input.
func Compress(opt CompressOptions) pipeline.Stage {
	return pipeline.Stage{Name: "compress", Run: func(_ context.Context, r io.Reader, w io.Writer) error {
		if opt.Level < 0 || opt.Level >= len(levels) {
			return fmt.Errorf("level %d is not between 0 and %d", opt.Level, len(levels)-1)
		}
		chunks := newChunker(w, ChunkBytes, nil)
		z := lz4.NewWriter(chunks)
		if err := z.Apply(lz4.BlockSizeOption(blockBytes), lz4.ChecksumOption(true),
			lz4.CompressionLevelOption(levels[opt.Level])); err != nil {
			return err
		}
		// Not io.Copy: it would call z.ReadFrom, which takes an io.ErrUnexpectedEOF
		// of r for the end of the input and then writes the end mark.
		if err := eachChunk(r, func(p []byte) error { _, err := z.Write(p); return err }); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		return chunks.flush()
	}}
}

// Decompress is a stage, named "decompress", that reads one LZ4 frame, checks it and
// sends its content. Content goes out before the checksum at the end of the frame
// has been seen, so only a nil error says that it was right. A frame that is cut off
// anywhere is io.ErrUnexpectedEOF; bytes after it, and the legacy and skippable
// frames of the format, are errors.
func Decompress() pipeline.Stage {
	return pipeline.Stage{Name: "decompress", Run: func(_ context.Context, r io.Reader, w io.Writer) error {
		z := lz4.NewReader(newFrameReader(r))
		_, err := z.WriteTo(w)
		return err
	}}
}

// eachChunk calls f with what r yields, until r's clean end.
func eachChunk(r io.Reader, f func(p []byte) error) error {
	buf := make([]byte, ChunkBytes)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if err := f(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
