package archive_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

func TestLimits(t *testing.T) {
	toc := handMade(14)
	p := archive.EncodeTOC(toc)
	for _, c := range []struct {
		lim  archive.Limits
		want string
	}{
		{archive.Limits{StringBytes: 41, Entries: 4, Dependencies: 3, TotalBytes: int64(len(p))}, ""},
		{archive.Limits{StringBytes: 40}, "toc entry 2 (dump id 8): definition: string of 41 bytes at offset 287: more than the limit of 40"},
		{archive.Limits{Entries: 3}, "toc: 4 entries at offset 81: must be between 0 and the limit of 3"},
		{archive.Limits{Dependencies: 2}, "toc entry 4 (dump id 9): dependencies: at offset 710: more than the limit of 2"},
		{archive.Limits{TotalBytes: int64(len(p)) - 1}, "data offset: at offset 724: header and TOC are longer than the limit of 732 bytes"},
		{archive.Limits{TotalBytes: 300}, "definition: string of 41 bytes at offset 287: header and TOC are longer than the limit of 300 bytes"},
	} {
		_, err := archive.ReadTOC(bytes.NewReader(p), c.lim)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c.lim, err)
		}
	}
}

// A length is only a claim. Even where the limits allow it, memory is taken for bytes that have arrived.
func TestClaimsTakeNoMemory(t *testing.T) {
	huge := archive.Limits{StringBytes: math.MaxInt64, Entries: math.MaxInt, Dependencies: math.MaxInt, TotalBytes: math.MaxInt64}
	head := archive.EncodeTOC(&archive.TOC{Header: handMade(14).Header})
	claim := func(before []byte, magnitude string) []byte { return append(bytes.Clone(before), "\x00"+magnitude...) }
	beforeCount := head[:len(head)-5]
	beforeTag := append(claim(beforeCount, "\x01\x00\x00\x00"), // one entry: dump id 1, no data, both oids 0
		"\x00\x01\x00\x00\x00"+"\x00\x00\x00\x00\x00"+"\x00\x01\x00\x00\x000"+"\x00\x01\x00\x00\x000"...)
	for name, c := range map[string]struct {
		input []byte
		lim   archive.Limits
	}{
		"entries":             {claim(beforeCount, "\xff\xff\xff\x7f"), archive.Limits{}},
		"entries, no limits":  {claim(beforeCount, "\xff\xff\xff\x7f"), huge},
		"2^31 entries":        {claim(beforeCount, "\x00\x00\x00\x80"), huge},
		"string":              {claim(beforeTag, "\x00\x00\x00\x80"), archive.Limits{}},
		"string, no limits":   {claim(beforeTag, "\xff\xff\xff\xff"), huge},
		"some bytes of a tag": {append(claim(beforeTag, "\xff\xff\xff\x7f"), make([]byte, 100_000)...), huge},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		toc, err := archive.ReadTOC(bytes.NewReader(c.input), c.lim)
		runtime.ReadMemStats(&after)
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v, %v", name, toc, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes of memory for %d bytes of input", name, used, len(c.input))
		}
	}
}
