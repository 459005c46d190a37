package archive

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// methodFor returns how an archive of format f is compressed, or says why it can't be.
func methodFor(c Compression, f Format) (method, error) {
	lo, hi := 0, 0
	switch c.Algorithm {
	case NoCompression:
		lo = -1 // there are no levels, but a default
	case Gzip:
		lo, hi = 1, 9
	case LZ4:
		lo, hi = 0, 12
	case Zstd:
		lo, hi = -7, 22
	default:
		return 0, fmt.Errorf("unknown compression %s", c.Algorithm)
	}
	if c.Level != -1 && (c.Level < lo || c.Level > hi) {
		return 0, fmt.Errorf("compression %s has levels %d to %d, not %d", c.Algorithm, lo, hi, c.Level)
	}
	switch {
	case f == FormatCustom:
		return customMethod(c.Algorithm), nil
	case f == FormatDirectory && c.Algorithm == Gzip:
		return gzipFile, nil
	case f == FormatDirectory:
		return customMethod(c.Algorithm), nil
	}
	return 0, fmt.Errorf("archives of format %d (%s) can't be written", f, f)
}

func (c Compression) flateLevel() int {
	if c.Level == -1 {
		return 6
	}
	return c.Level
}

func (c Compression) lz4Level() lz4.CompressionLevel {
	if c.Level <= 2 { // liblz4's high compression begins at 3
		return lz4.Fast
	}
	return 1 << (8 + min(c.Level, 11) - 2)
}

func (c Compression) zstdLevel() zstd.EncoderLevel {
	if c.Level == -1 || c.Level == 0 {
		return zstd.EncoderLevelFromZstd(3)
	}
	return zstd.EncoderLevelFromZstd(c.Level)
}
