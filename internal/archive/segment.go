package archive

// Segment is compressed rows that stand by themselves.
type Segment struct {
	p   []byte
	raw int
}

// RawBytes returns how many bytes the rows have.
func (s Segment) RawBytes() int { return s.raw }

// Bytes returns how many bytes the compressed rows have.
func (s Segment) Bytes() int { return len(s.p) }

// Segmenter makes segments; it is for one goroutine.
type Segmenter struct{}

// NewSegmenter returns a Segmenter for archives of format f.
func NewSegmenter(c Compression, f Format) (*Segmenter, error) { return nil, errLater }

// Segment compresses rows.
func (s *Segmenter) Segment(rows []byte) (Segment, error) { return Segment{}, errLater }

// Recycle gives a segment's memory back.
func (s *Segmenter) Recycle(seg Segment) {}
