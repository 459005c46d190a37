package report

import (
	"fmt"
	"math"
	"time"

	"github.com/dustin/go-humanize"
)

var byteUnits = []string{"kB", "MB", "GB", "TB", "PB", "EB"}

// formatBytes writes three significant digits: 812 MB, 1.50 GB. The units are powers of 1000.
func formatBytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1000, 0
	// 999.5 would be written as 1000: it belongs to the next unit.
	for value >= 999.5 && unit < len(byteUnits)-1 {
		value /= 1000
		unit++
	}
	digits := 0
	switch {
	case value < 9.995:
		digits = 2
	case value < 99.95:
		digits = 1
	}
	return fmt.Sprintf("%.*f %s", digits, value, byteUnits[unit])
}

func formatRate(bytesPerSecond float64) string {
	return formatBytes(int64(math.Round(bytesPerSecond))) + "/s"
}

// rateOver is "" where a rate would say nothing.
func rateOver(n int64, d time.Duration) string {
	if n <= 0 || d <= 0 {
		return ""
	}
	return formatRate(float64(n) / d.Seconds())
}

// formatDuration writes as much as one compares: 420 ms, 42.3 s, 1 min 42 s, 2 h 03 min.
func formatDuration(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Millisecond:
		return "< 1 ms"
	case d < 999500*time.Microsecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 59950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return formatLong(d)
}

// formatSeconds is formatDuration in whole seconds, for what is still growing.
func formatSeconds(d time.Duration) string {
	d = d.Truncate(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return formatLong(d)
}

// formatLong is for a minute and more.
func formatLong(d time.Duration) string {
	if s := d.Round(time.Second); s < time.Hour {
		return fmt.Sprintf("%d min %02d s", int(s.Minutes()), int(s.Seconds())%60)
	}
	m := int(d.Round(time.Minute).Minutes())
	return fmt.Sprintf("%s h %02d min", humanize.Comma(int64(m/60)), m%60)
}

// formatClock writes an elapsed time as 0:42, 12:05 or 1:02:03.
func formatClock(d time.Duration) string {
	s := int(d.Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

func formatCount(n int64) string { return humanize.Comma(n) }

// plural writes a count with its noun: 1 row, 2,000 rows.
func plural[N int | int64](n N, one, many string) string {
	noun := many
	if n == 1 {
		noun = one
	}
	return formatCount(int64(n)) + " " + noun
}
