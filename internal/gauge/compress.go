package gauge

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"pgsluice/pipeline"
	"pgsluice/stages"
)

// methods are the ways to compress that are tried, each on one core.
func methods() []struct {
	name  string
	stage func() pipeline.Stage
} {
	return []struct {
		name  string
		stage func() pipeline.Stage
	}{
		{"lz4", func() pipeline.Stage { return stages.Compress(stages.CompressOptions{}) }},
		{"zstd level 1", func() pipeline.Stage { return zstdStage(zstd.SpeedFastest) }},
		{"zstd level 3", func() pipeline.Stage { return zstdStage(zstd.SpeedDefault) }},
	}
}

// zstdStage compresses on one core: there are as many streams as cores in a copy that has to.
func zstdStage(level zstd.EncoderLevel) pipeline.Stage {
	return pipeline.Stage{Name: "zstd", Run: func(_ context.Context, r io.Reader, w io.Writer) error {
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{z}, struct{ io.Reader }{r}, make([]byte, stages.ChunkBytes)); err != nil {
			return err
		}
		return z.Close()
	}}
}

// compressTime is enough for a rate that only this machine's noise disturbs.
const compressTime = time.Second

// compressSample measures what the methods make of the sample.
func (g *gauge) compressSample(ctx context.Context) error {
	for _, format := range []Format{Text, Binary} {
		pieces := g.sample.pieces(format)
		if len(pieces) == 0 {
			continue
		}
		for _, method := range methods() {
			if g.Step != nil {
				g.Step(Step{Text: fmt.Sprintf("compressing the sample, %s, %s", format, method.name), Bytes: func() int64 { return 0 }})
			}
			c, err := compress(ctx, pieces, method.stage, min(g.Duration, compressTime))
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				return fmt.Errorf("compressing the sample with %s: %w", method.name, err)
			}
			c.Method, c.Format = method.name, format
			g.result.Compressions = append(g.result.Compressions, c)
		}
	}
	return nil
}

// compress compresses the pieces again and again for about d, each time afresh: a second round in the same stream
// would find all of the first one in its window.
func compress(ctx context.Context, pieces [][]byte, stage func() pipeline.Stage, d time.Duration) (Compression, error) {
	var in, out stages.Counter
	start := time.Now()
	for in.Load() == 0 || time.Since(start) < d {
		_, err := pipeline.Run(ctx, pipeline.Stage{Name: "sample", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
			for _, p := range pieces {
				if _, err := w.Write(p); err != nil {
					return err
				}
			}
			return nil
		}}, stages.Meter(&in), stage(), stages.Meter(&out), stages.Discard())
		if err != nil {
			return Compression{}, err
		}
	}
	elapsed := time.Since(start).Seconds()
	return Compression{BytesPerSecond: float64(in.Load()) / elapsed, Ratio: float64(in.Load()) / float64(max(1, out.Load()))}, nil
}
