package convert

import (
	"context"
	"fmt"
	"io"
	"os"

	"pgsluice/internal/archive"
	"pgsluice/internal/ends"
)

// source gives an archive's data, one entry after the other.
type source interface {
	toc() *archive.TOC
	// begin says which entries' data is wanted, by dump id, and in which order if there is a choice.
	begin(order []int)
	// next goes to the next data; io.EOF behind the last. It is valid until the next call.
	next() (*archive.Data, error)
	name() string
	close() error
}

// open opens the archive and reads its TOC.
func open(ctx context.Context, opt *Options) (source, error) {
	if opt.Path == "" {
		return openStream(ctx, opt.Input, "standard input", nil)
	}
	info, err := os.Stat(opt.Path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() { // a named pipe
		in, err := os.Open(opt.Path)
		if err != nil {
			return nil, err
		}
		return openStream(ctx, in, opt.Path, in.Close)
	}
	f, err := archive.Open(opt.Path, archive.Limits{})
	if err != nil {
		return nil, err
	}
	return &file{f: f, path: opt.Path}, nil
}

// stream is an archive that comes once.
type stream struct {
	r      *archive.Reader
	t      *archive.TOC
	from   string
	wanted map[int]bool
	after  func() error
}

func openStream(ctx context.Context, in io.Reader, name string, after func() error) (source, error) {
	s := &stream{r: archive.NewReader(ends.NewReader(ctx, in), archive.Limits{}), from: name, after: after}
	var err error
	if s.t, err = s.r.ReadTOC(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func (s *stream) toc() *archive.TOC { return s.t }
func (s *stream) name() string      { return s.from }

func (s *stream) begin(order []int) {
	s.wanted = make(map[int]bool, len(order))
	for _, id := range order {
		s.wanted[id] = true
	}
}

// next reads the stream to its end, also behind the last entry that is wanted: that it is whole is only seen there.
func (s *stream) next() (*archive.Data, error) {
	for {
		d, err := s.r.Next()
		if err != nil || s.wanted[d.Entry().DumpID] {
			return d, err
		}
	}
}

func (s *stream) close() error {
	if s.after == nil {
		return nil
	}
	return s.after()
}

// file is an archive that can be read in any order: that of the entries which are written.
type file struct {
	f     *archive.File
	path  string
	order []int // dump ids
	data  *archive.Data
}

func (f *file) toc() *archive.TOC { return f.f.TOC() }
func (f *file) name() string      { return f.path }

func (f *file) begin(order []int) { f.order = order }

func (f *file) next() (*archive.Data, error) {
	if err := f.leave(); err != nil {
		return nil, err
	}
	if len(f.order) == 0 {
		return nil, io.EOF
	}
	e := f.toc().ByID(f.order[0])
	f.order = f.order[1:]
	var err error
	f.data, err = f.f.Open(e)
	return f.data, err
}

func (f *file) leave() error {
	if f.data == nil {
		return nil
	}
	d := f.data
	f.data = nil
	return d.Close()
}

func (f *file) close() error {
	if err := f.leave(); err != nil {
		return err
	}
	return f.f.Close()
}
