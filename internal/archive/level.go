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

// The levels below make segments of 2 MiB about as small as pg_dump 17's archives. Measured in November 2026 with COPY text of four
// tables of 31 to 48 MB (pgbench_accounts; orders with dates, a uuid and short texts; sentences of 36 words; jsonb), MB of
// output and MB/s of one core of a shared machine:
//
//	                 pg_dump 17           here             else
//	lz4              57.9                 57.8   200-2400  Fast 55.6 (150-1800); High levels 8-40 MB/s
//	zstd             33.0                 32.9   125-1400  SpeedDefault 32.6 (110-1100), sentences 5 % smaller
//	gzip             32.3   (20-200)      31.7   17-270    flate 6 33.9 (50-500), sentences 20 % larger; compress/flate 31.0 (12-200)
//
// Segments of 1 MiB are 13 % larger for zstd with pgbench_accounts, whose rows are nearly equal, and less than 0.1 % else.

// flateLevel finds klauspost's level for one of zlib's: its levels are faster and weaker from 4 on.
func (c Compression) flateLevel() int {
	if c.Level == -1 {
		c.Level = 6
	}
	return [...]int{1: 1, 2: 3, 3: 5, 4: 6, 5: 7, 6: 8, 7: 8, 8: 9, 9: 9}[c.Level]
}

// lz4Compressor gives liblz4's own fast algorithm below level 3, where its high compression begins.
func (c Compression) lz4Compressor() func(src, dst []byte) (int, error) {
	if c.Level < 3 {
		return new(lz4.CompressorCCompat).CompressBlock
	}
	return (&lz4.CompressorHC{Level: 1 << (8 + min(c.Level, 11) - 2)}).CompressBlock // Level1 to Level9
}

// zstdLevel takes the fastest for the default: it makes files about as small as pg_dump's default, level 3.
func (c Compression) zstdLevel() zstd.EncoderLevel {
	if c.Level == -1 || c.Level == 0 {
		return zstd.SpeedFastest
	}
	return zstd.EncoderLevelFromZstd(c.Level)
}
