package convert

import (
	"pgsluice/internal/archive"
	"pgsluice/internal/ends"
	"pgsluice/internal/script"
)

// sink takes what is written, for one goroutine.
type sink interface {
	Begin(e *archive.Entry) error
	BeginObject(oid uint32) error
	EndObject() error
	End() error
	Close() error

	// compressor makes what a goroutine of its own does with bytes before put gets them.
	compressor() (compressor, error)
	put(p *piece) error
}

// compressor fills in a piece's segment, and takes its memory back when it was put.
type compressor interface {
	compress(p *piece) error
	release(p *piece)
}

// newSink begins the output. toc is what it gets, from is what was read.
func newSink(out *ends.Output, opt *Options, from, toc *archive.TOC) (sink, []int, error) {
	if opt.Format == Plain {
		w, err := script.NewWriter(out.Writer(), from, script.Options{
			Selection: opt.Selection, NoOwner: opt.NoOwner, NoTablespaces: opt.NoTablespaces,
		})
		if err != nil {
			return nil, nil, err
		}
		return &scriptSink{w, from}, w.DataOrder(), nil
	}
	s := &archiveSink{compression: toc.Header.Compression, format: archive.FormatCustom, toc: toc}
	var err error
	if opt.Format == Directory {
		s.format = archive.FormatDirectory
		s.Writer, err = archive.NewDirectoryWriter(out.Directory(), toc)
	} else {
		s.Writer, err = archive.NewWriter(out.Writer(), toc)
	}
	var order []int
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.HadDumper {
			order = append(order, e.DumpID)
		}
	}
	return s, order, err
}

// archiveSink is an archive of the custom or the directory format.
type archiveSink struct {
	*archive.Writer
	toc         *archive.TOC
	compression archive.Compression
	format      archive.Format
}

// Begin takes the entry of the archive that is read.
func (s *archiveSink) Begin(e *archive.Entry) error { return s.Writer.Begin(s.toc.ByID(e.DumpID)) }

func (s *archiveSink) put(p *piece) error { return s.Append(p.segment) }

func (s *archiveSink) compressor() (compressor, error) {
	c, err := archive.NewSegmenter(s.compression, s.format)
	return segmenter{c}, err
}

type segmenter struct{ *archive.Segmenter }

func (s segmenter) compress(p *piece) (err error) {
	p.segment, err = s.Segment(p.raw)
	return err
}

func (s segmenter) release(p *piece) { s.Recycle(p.segment) }

// scriptSink is a plain script. Nothing is compressed.
type scriptSink struct {
	*script.Writer
	toc *archive.TOC
}

func (s *scriptSink) put(p *piece) error {
	_, err := s.Write(p.raw)
	return err
}

func (s *scriptSink) compressor() (compressor, error) { return asItIs{}, nil }

type asItIs struct{}

func (asItIs) compress(*piece) error { return nil }
func (asItIs) release(*piece)        {}
