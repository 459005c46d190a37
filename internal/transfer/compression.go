package transfer

import (
	"fmt"
	"strconv"
	"strings"

	"pgsluice/internal/archive"
)

// ParseCompression reads METHOD or METHOD:LEVEL, as pg_dump's --compress has them from version 16 on, and a level alone, which is
// gzip's.
func ParseCompression(text string) (*archive.Compression, error) {
	method, detail, hasLevel := strings.Cut(text, ":")
	if _, err := strconv.Atoi(text); err == nil {
		method, detail, hasLevel = archive.Gzip.String(), text, true
	}
	c := archive.Compression{Level: -1}
	least, most := 0, 0
	switch method {
	case archive.NoCompression.String():
	case archive.Gzip.String():
		c.Algorithm, least, most = archive.Gzip, 0, 9
	case archive.LZ4.String():
		c.Algorithm, least, most = archive.LZ4, 0, 12
	case archive.Zstd.String():
		c.Algorithm, least, most = archive.Zstd, 1, 22
	default:
		return nil, fmt.Errorf("must be none, gzip, lz4 or zstd, perhaps with a level, such as zstd:3")
	}
	if !hasLevel {
		return &c, nil
	}
	level, err := strconv.Atoi(strings.TrimPrefix(detail, "level="))
	switch {
	case c.Algorithm == archive.NoCompression && err == nil && level == 0:
		return &c, nil
	case c.Algorithm == archive.NoCompression:
		return nil, fmt.Errorf("none has no level")
	case err != nil || level < least || level > most:
		return nil, fmt.Errorf("the level of %s is a number from %d to %d", method, least, most)
	case level == 0 && c.Algorithm == archive.Gzip:
		return &archive.Compression{}, nil
	}
	c.Level = level
	return &c, nil
}
