package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"pgsluice/internal/convert"
)

// convertEnd says what came of a conversion that has ended with err.
func convertEnd(ctx context.Context, s show, opt convert.Options, result *convert.Result, err error) error {
	var interrupt *interrupted
	if errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &interrupt) {
		err = interrupt
	}
	for _, note := range result.Notes {
		say(s.notes, "pgsluice: note: "+note)
	}
	if err == nil {
		say(s.notes, converted(opt, result))
	}
	return err
}

// converted says in words what was written.
func converted(opt convert.Options, r *convert.Result) string {
	p := opt.Progress.Snapshot()
	what := fmt.Sprintf("a script of %s entries", humanize.Comma(int64(r.Entries)))
	if opt.Format != convert.Plain {
		what = fmt.Sprintf("an archive of version 1.%d with %s entries", r.To.Version.Minor, humanize.Comma(int64(r.Entries)))
	}
	data := humanize.Bytes(uint64(p.Data.Bytes)) + " of data"
	if written := p.Data.Written; written > 0 && opt.Format != convert.Plain {
		data += fmt.Sprintf(", %s as %s (%.1f to 1)", humanize.Bytes(uint64(written)), r.To.Compression.Algorithm, float64(p.Data.Bytes)/float64(written))
	}
	return fmt.Sprintf("Made %s in %s: %s.", what, p.Elapsed.Round(100*time.Millisecond), data)
}
