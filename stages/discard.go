package stages

import (
	"context"
	"io"

	"pgsluice/pipeline"
)

// Discard is a last stage, named "discard", that reads everything and keeps nothing.
func Discard() pipeline.Stage {
	return pipeline.Stage{Name: "discard", Run: func(_ context.Context, r io.Reader, _ io.Writer) error {
		return eachChunk(r, func([]byte) error { return nil })
	}}
}
