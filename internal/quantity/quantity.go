// Package quantity reads and writes rates and sizes in bytes as people type them, on the command line and in the daemon's file alike. MB is
// 10^6 bytes, MiB 2^20, and a number without a unit is refused.
package quantity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteUnits are the units that a rate may have. The letters count: Mb would be bits.
var byteUnits = []struct {
	name  string
	bytes float64
}{
	{"B", 1},
	{"kB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
}

// ParseRate reads "50MB/s", "1.5 GiB" or "800kB/s" as bytes per second.
func ParseRate(s string) (bytesPerSecond int64, err error) {
	return parseBytes(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "/s")), s, "a rate such as 50MB/s")
}

// ParseSize reads "512MB" or "1.5GiB" as bytes.
func ParseSize(s string) (bytes int64, err error) {
	return parseBytes(strings.TrimSpace(s), s, "a size such as 512MB")
}

// parseBytes reads a number with a unit. kB, MB and GB are powers of 10, KiB, MiB and GiB powers of 2. A number without a
// unit is refused: it might have been meant as any of them. typed and example are for errors.
func parseBytes(text, typed, example string) (int64, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789."))
	number, unit := text[:digits], strings.TrimSpace(text[digits:])
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%q does not begin with a positive number: write %s", typed, example)
	}
	if unit == "" {
		return 0, fmt.Errorf("%q has no unit: write %s", typed, example)
	}
	for _, u := range byteUnits {
		if u.name != unit {
			continue
		}
		switch bytes := n * u.bytes; {
		case bytes < 1:
			return 0, fmt.Errorf("%q is less than one byte", typed)
		case bytes >= math.MaxInt64:
			return 0, fmt.Errorf("%q is too much", typed)
		default:
			return int64(bytes), nil
		}
	}
	return 0, fmt.Errorf("%q has the unknown unit %q: it must be B, kB, MB, GB, KiB, MiB or GiB", typed, unit)
}

// FormatRate is the inverse of ParseRate, or "none".
func FormatRate(bytesPerSecond int64) string {
	if bytesPerSecond == 0 {
		return "none"
	}
	unit := byteUnits[0]
	for _, u := range byteUnits[:4] { // those of 10
		if float64(bytesPerSecond) >= u.bytes {
			unit = u
		}
	}
	return strconv.FormatFloat(math.Round(float64(bytesPerSecond)/unit.bytes*1000)/1000, 'f', -1, 64) + " " + unit.name + "/s"
}
