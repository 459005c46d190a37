package stages

import (
	"context"
	"io"

	"pgsluice/pipeline"
)

// Source is a first stage, named "input", that sends what src yields up to its end:
// stdin, a file. The caller closes src. While src itself blocks in Read, the stage
// can't end; for a src that can wait for long, end it from outside as well.
func Source(src io.Reader) pipeline.Stage {
	return pipeline.Stage{Name: "input", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
		return eachChunk(src, func(p []byte) error { _, err := w.Write(p); return err })
	}}
}

// Sink is a last stage, named "output", that writes everything to dst: stdout, a
// file. The caller flushes, syncs and closes dst. While dst itself blocks in Write,
// the stage can't end.
func Sink(dst io.Writer) pipeline.Stage {
	return pipeline.Stage{Name: "output", Run: func(_ context.Context, r io.Reader, _ io.Writer) error {
		return eachChunk(r, func(p []byte) error { _, err := dst.Write(p); return err })
	}}
}
