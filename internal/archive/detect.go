package archive

// Kind is what a stream seems to be.
type Kind int

// The kinds that Detect tells apart.
const (
	KindUnknown Kind = iota
	KindCustom
	KindTar
	KindScript
)

// Detect says what a stream is that begins with head.
func Detect(head []byte) Kind { return KindUnknown }
