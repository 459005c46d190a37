package convert

import (
	"context"
	"errors"
	"io"
)

// List writes what an archive has of Selection, in the form of pg_restore --list, to w. Of a stream nothing is read behind
// the table of contents. An archive that can't be read is a *Refused.
func List(ctx context.Context, opt Options, w io.Writer) (err error) {
	in, err := open(ctx, &opt)
	if err != nil {
		return &Refused{err}
	}
	defer func() { err = errors.Join(err, in.close()) }()
	if _, err := opt.Selection.Select(in.toc()); err != nil {
		return &Refused{err}
	}
	return in.toc().List(w, &opt.Selection)
}
