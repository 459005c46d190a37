package quantity

import (
	"strings"
	"testing"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1B":         1,
		"1B/s":       1,
		"800kB":      800_000,
		"50MB/s":     50_000_000,
		"50 MB/s":    50_000_000,
		" 50MB /s ":  50_000_000,
		"1.5GB/s":    1_500_000_000,
		"0.5kB":      500,
		".5kB":       500,
		"1KiB":       1024,
		"1MiB/s":     1 << 20,
		"2GiB/s":     2 << 30,
		"1.5MiB":     1_572_864,
		"9000000GB":  9_000_000_000_000_000,
		"000050MB/s": 50_000_000,
	} {
		if got, err := ParseRate(text); got != want || err != nil {
			t.Errorf("ParseRate(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                      "does not begin with a positive number",
		"MB":                    "does not begin with a positive number",
		"-5MB/s":                "does not begin with a positive number",
		"1.2.3MB":               "does not begin with a positive number",
		"50":                    "has no unit: write a rate such as 50MB/s",
		"50/s":                  "has no unit",
		"50Mb/s":                `unknown unit "Mb": it must be B, kB, MB, GB, KiB, MiB or GiB`,
		"50mb":                  `unknown unit "mb"`,
		"50MB/h":                `unknown unit "MB/h"`,
		"1e3MB":                 `unknown unit "e3MB"`,
		"0MB/s":                 "less than one byte",
		"0.1B":                  "less than one byte",
		"99999999999999999999B": "is too much",
		"NaNMB":                 "does not begin with a positive number",
	} {
		if got, err := ParseRate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRate(%q) = %d, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestFormatRate(t *testing.T) {
	t.Parallel()
	for rate, want := range map[int64]string{
		0:               "none",
		1:               "1 B/s",
		999:             "999 B/s",
		1000:            "1 kB/s",
		20_000_000:      "20 MB/s",
		2_621_440:       "2.621 MB/s",
		1_500_000_000:   "1.5 GB/s",
		999_999_999_999: "1000 GB/s",
	} {
		if got := FormatRate(rate); got != want {
			t.Errorf("FormatRate(%d) = %q, want %q", rate, got, want)
		}
	}
}
