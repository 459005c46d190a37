package archive

import "bytes"

// Kind is what a stream seems to be.
type Kind int

// The kinds that Detect tells apart. KindTar is any tar file, KindScript a plain script that pg_dump wrote.
const (
	KindUnknown Kind = iota
	KindCustom
	KindTar
	KindScript
)

func (k Kind) String() string {
	return [...]string{"unknown", "custom", "tar", "script"}[k]
}

// DetectBytes is how many bytes Detect looks at. Fewer are enough to tell an archive of the custom format.
const DetectBytes = tarBlock

// scriptStart is how pg_dump begins a script (RestoreArchive in pg_backup_archiver.c).
const scriptStart = "--\n-- PostgreSQL database dump\n--\n"

// Detect says what a stream is that begins with head: the first DetectBytes bytes, or all of a shorter stream.
func Detect(head []byte) Kind {
	switch {
	case bytes.HasPrefix(head, []byte(magic)):
		return KindCustom
	case isTar(head):
		return KindTar
	}
	text := bytes.ReplaceAll(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), []byte("\r\n"), []byte("\n"))
	if bytes.HasPrefix(bytes.TrimLeft(text, "\n"), []byte(scriptStart)) {
		return KindScript
	}
	return KindUnknown
}
