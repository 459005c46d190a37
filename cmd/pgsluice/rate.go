package main

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

// parseRate reads "50MB/s", "1.5 GiB" or "800kB/s" as bytes per second. kB, MB and GB are powers of 10, KiB,
// MiB and GiB powers of 2. A number without a unit is refused: it might have been meant as any of them.
func parseRate(s string) (bytesPerSecond int64, err error) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "/s"))
	digits := len(text) - len(strings.TrimLeft(text, "0123456789."))
	number, unit := text[:digits], strings.TrimSpace(text[digits:])
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%q does not begin with a positive number: write a rate such as 50MB/s", s)
	}
	if unit == "" {
		return 0, fmt.Errorf("%q has no unit: write a rate such as %sMB/s", s, number)
	}
	for _, u := range byteUnits {
		if u.name != unit {
			continue
		}
		switch rate := n * u.bytes; {
		case rate < 1:
			return 0, fmt.Errorf("%q is less than one byte a second: leave the flag out for no limit", s)
		case rate >= math.MaxInt64:
			return 0, fmt.Errorf("%q is too large a rate", s)
		default:
			return int64(rate), nil
		}
	}
	names := make([]string, 0, len(byteUnits))
	for _, u := range byteUnits {
		names = append(names, u.name)
	}
	return 0, fmt.Errorf("%q has the unknown unit %q: it must be %s, with or without /s", s, unit, orList(names))
}
