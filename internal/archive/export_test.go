package archive

import "bytes"

// EncodeTOC returns header and TOC as the custom format has them, whatever they hold: also versions and damage that a Writer
// refuses.
func EncodeTOC(t *TOC) []byte {
	var b bytes.Buffer
	e := newEncoder(&b)
	e.header(&t.Header)
	e.int(int64(len(t.Entries)))
	for i := range t.Entries {
		e.entry(&t.Header, &t.Entries[i])
		e.dataOffset(t.Entries[i].Offset, t.Header.OffSize)
	}
	_ = e.w.Flush()
	return b.Bytes()
}

var CombineAdler32 = combineAdler32
