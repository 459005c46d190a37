package gauge

import (
	"math"
	"time"
)

// Bound is what a copy waits for most.
type Bound string

// The bounds; "" is not known.
const (
	BySource     Bound = "source"
	ByTarget     Bound = "target"
	BySourceLink Bound = "source-link"
	ByTargetLink Bound = "target-link"
)

// Verdict is what the figures mean for a copy.
type Verdict struct {
	Bound  Bound
	Format Format // the faster one; binary where they are alike, since it costs the servers less
	Jobs   int    // the smallest number of streams that is within 5 % of the best
	// TextBytesPerSecond is the rate of such a copy, in bytes as COPY text has them: binary has fewer or more for the same rows.
	// Without a target it is what the source gives.
	TextBytesPerSecond float64
	// DataPhase is the time that the rows of the whole database would take at that rate.
	DataPhase time.Duration
	Flags     string   // of pgsluice copy
	Lines     []string // all of it in words
}

// alike is how near two rates are that noise makes differ.
const alike = 0.95

// Judge derives the verdict from what r holds otherwise, however little that is. It is pure.
func Judge(r *Result) Verdict {
	v := Verdict{Format: bestFormat(r)}
	counts := map[int]bool{}
	best := 0.0
	for _, m := range r.Measurements {
		counts[m.Streams] = true
		best = max(best, effective(r, v.Format, m.Streams))
	}
	if best == 0 {
		return Verdict{Lines: []string{"Too little was measured to say anything of a copy."}}
	}
	for n := range counts {
		if rate := effective(r, v.Format, n); rate >= alike*best && (v.Jobs == 0 || n < v.Jobs) {
			v.Jobs, v.TextBytesPerSecond = n, rate
		}
	}
	if r.AllBytes > 0 {
		v.DataPhase = time.Duration(float64(r.AllBytes) / v.TextBytesPerSecond * float64(time.Second))
	}
	v.Bound = boundOf(r, v.Format, v.Jobs)
	v.Flags = flags(r, v)
	v.Lines = lines(r, v)
	return v
}

// textShare is how many bytes of COPY text a byte of the format stands for.
func textShare(r *Result, f Format) float64 {
	if f == Binary && r.Sample.BinaryBytes > 0 && r.Sample.TextBytes > 0 {
		return float64(r.Sample.TextBytes) / float64(r.Sample.BinaryBytes)
	}
	return 1
}

// at is the rate of a kind with n streams, in the format's own bytes; 0 if it was not measured.
func at(r *Result, kind Kind, f Format, n int) float64 {
	for _, m := range r.Of(kind, f) {
		if m.Streams == n {
			return m.BytesPerSecond
		}
	}
	return 0
}

// linkAt is what the link carries with n streams: with one as measured, with more at most what all carry.
func linkAt(r *Result, kind Kind, n int) float64 {
	best := 0.0
	for _, m := range r.Of(kind, Binary) {
		if m.Streams == 1 && n == 1 {
			return m.BytesPerSecond
		}
		best = max(best, m.BytesPerSecond)
	}
	return best
}

// effective is the rate of a copy with n streams, in bytes of COPY text; 0 if it can't be told.
func effective(r *Result, f Format, n int) float64 {
	share := textShare(r, f)
	read, write, through := at(r, SourceRead, f, n), at(r, TargetWrite, f, n), at(r, Through, f, n)
	switch {
	case read == 0:
		return 0
	case through > 0:
		// both sides at once, but one table only: the others may be slower to read
		return share * min(through, read)
	case r.Target == nil || len(r.Of(TargetWrite, "")) == 0:
		return share * read
	case write == 0:
		return 0
	case r.SameServer:
		// its cores do one thing or the other
		return share / (1/read + 1/write)
	}
	return share * min(read, write)
}

// bestFormat is the one in which more rows move, binary if both are alike. What both sides did together does not count: it is measured
// in the best format only.
func bestFormat(r *Result) Format {
	r = withoutThrough(r)
	best := map[Format]float64{}
	for _, m := range r.Measurements {
		best[m.Format] = max(best[m.Format], effective(r, m.Format, m.Streams))
	}
	if best[Binary] > 0 && best[Binary] >= alike*best[Text] {
		return Binary
	}
	return Text
}

// nearLink is the share of the link's rate from which on the link itself is the bound.
const nearLink = 0.85

// distinct is how far apart the shares of two busy sides must be to tell which one is the slower.
const distinct = 0.15

// boundOf is what a copy with n streams waits for.
func boundOf(r *Result, f Format, n int) Bound {
	read, write := at(r, SourceRead, f, n), at(r, TargetWrite, f, n)
	byTarget := write > 0 && (read == 0 || write < read)
	for _, m := range r.Of(Through, f) {
		if m.Streams == n && math.Abs(m.SourceBusy-m.TargetBusy) >= distinct {
			byTarget = m.TargetBusy > m.SourceBusy // seen, not derived
		}
	}
	switch {
	case byTarget && write >= nearLink*linkAt(r, TargetLink, n) && linkAt(r, TargetLink, n) > 0:
		return ByTargetLink
	case byTarget:
		return ByTarget
	case read >= nearLink*linkAt(r, SourceLink, n) && linkAt(r, SourceLink, n) > 0:
		return BySourceLink
	case r.Target == nil && read > 0 || write > 0:
		return BySource
	}
	return ""
}

// growth is how many times the rate of one stream the best one is, and with how many streams; 0 if only one count was
// tried.
func growth(r *Result, kind Kind, f Format) (times float64, streams int) {
	measured := r.Of(kind, f)
	if len(measured) < 2 || measured[0].Streams != 1 {
		return 0, 0
	}
	best := measured[0]
	for _, m := range measured {
		if m.BytesPerSecond*alike > best.BytesPerSecond {
			best = m
		}
	}
	return best.BytesPerSecond / measured[0].BytesPerSecond, best.Streams
}

// mostStreams is the largest number that was tried.
func mostStreams(r *Result) int {
	n := 0
	for _, m := range r.Measurements {
		n = max(n, m.Streams)
	}
	return n
}

func rounded(d time.Duration) time.Duration {
	return time.Duration(math.Ceil(d.Seconds())) * time.Second
}
