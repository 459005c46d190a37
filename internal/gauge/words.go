package gauge

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// flags are those of pgsluice copy that the figures speak for.
func flags(r *Result, v Verdict) string {
	format := "auto"
	if v.Format == Text && len(r.Of(SourceRead, Binary)) > 0 {
		format = "text"
	}
	return fmt.Sprintf("--jobs %d --format %s", v.Jobs, format)
}

// lines are the verdict in sentences.
func lines(r *Result, v Verdict) []string {
	var all []string
	add := func(text string) {
		if text != "" {
			all = append(all, text)
		}
	}
	add(boundWords(r, v))
	add(growthWords(r, v))
	add(formatWords(r))
	add(distanceWords(r))
	add(compressWords(r, v))
	add(timeWords(r, v))
	add(shareWords(r, v))
	if r.SameServer {
		add("Source and target are on the same server: it reads and writes at the same time, so neither rate can be had alone.")
	} else if r.SameMachine {
		add("Both servers seem to be on one machine, and share its cores and disks.")
	}
	return all
}

func boundWords(r *Result, v Verdict) string {
	read, write := at(r, SourceRead, v.Format, v.Jobs), at(r, TargetWrite, v.Format, v.Jobs)
	how := fmt.Sprintf(" with %s, %s", streamsAre(v.Jobs), inFormat(v.Format))
	if r.Target == nil {
		text := "The source gives " + rateWords(read) + how
		if v.Bound == BySourceLink {
			return text + ": that is what the link carries, the server could give more. Name a target to learn what it takes."
		}
		return text + ". Name a target to learn what it takes."
	}
	through := ""
	if rate := at(r, Through, v.Format, v.Jobs); rate > 0 {
		through = fmt.Sprintf("; both together moved %s of %s", rateWords(rate), sampleTable(r))
	}
	both := fmt.Sprintf("the source gives %s and the target takes %s%s%s.", rateWords(read), rateWords(write), how, through)
	switch v.Bound {
	case BySource:
		return "A copy would be bound by reading the source: " + both
	case ByTarget:
		return "A copy would be bound by writing to the target: " + both
	case BySourceLink:
		return fmt.Sprintf("A copy would be bound by the link from the source, which carries %s: %s", rateWords(linkAt(r, SourceLink, v.Jobs)), both)
	case ByTargetLink:
		return fmt.Sprintf("A copy would be bound by the link to the target, which carries %s: %s", rateWords(linkAt(r, TargetLink, v.Jobs)), both)
	}
	return fmt.Sprintf("The source gives %s%s; what the target takes was not measured.", rateWords(read), how)
}

// growthWords tell from how the rate grows with the streams what is busy on the side that a copy waits for.
func growthWords(r *Result, v Verdict) string {
	kind, side := SourceRead, "source"
	if v.Bound == ByTarget {
		kind, side = TargetWrite, "target"
	}
	times, streams := growth(r, kind, v.Format)
	most := mostStreams(r)
	switch {
	case times == 0 || v.Bound == BySourceLink || v.Bound == ByTargetLink:
		return ""
	case times > 1.3*float64(streams): // no server is that good
		return "The rates vary too much to tell how they grow with the streams: try a longer --duration, or a quieter hour."
	case times < 1.25:
		return fmt.Sprintf("The %s's rate hardly grows with more streams: one alone takes what there is of %s, or of the link.", side, shares[kind])
	case times >= 0.7*float64(streams) && streams == most && v.Jobs == most:
		return fmt.Sprintf("The %s's rate grows %.1f-fold with %d streams: each is bound by one core there, and more of them may do more. Try bench --jobs %d.", side, times, streams, 2*most)
	}
	further := ""
	if streams < most {
		further = ", and no further"
	}
	return fmt.Sprintf("The %s's rate grows %.1f-fold with %d streams%s: they share %s.", side, times, streams, further, shares[kind])
}

// shares is what streams have to share on a side.
var shares = map[Kind]string{SourceRead: "its cores or its disk", TargetWrite: "its cores, its disk or its WAL"}

func sampleTable(r *Result) string {
	if r.Sample.Table == "" {
		return "generated rows"
	}
	return "table " + r.Sample.Table
}

func formatWords(r *Result) string {
	best := func(f Format) (rate float64) {
		for _, m := range r.Measurements {
			if m.Kind != Through { // measured in one format only
				rate = max(rate, effective(withoutThrough(r), f, m.Streams))
			}
		}
		return rate
	}
	binary, text := best(Binary), best(Text)
	if binary == 0 || text == 0 {
		return ""
	}
	switch times := binary / text; {
	case times >= 1.05:
		return fmt.Sprintf("Binary moves %.1f times the rows of text in the same time.", times)
	case times <= alike:
		return fmt.Sprintf("Text moves %.1f times the rows of binary in the same time.", 1/times)
	}
	return "Text and binary move about as many rows in the same time."
}

// withoutThrough is r as it was before both sides were joined, so that formats are compared like with like.
func withoutThrough(r *Result) *Result {
	c := *r
	c.Measurements = nil
	for _, m := range r.Measurements {
		if m.Kind != Through {
			c.Measurements = append(c.Measurements, m)
		}
	}
	return &c
}

// distanceWords say where one connection alone can't fill the link.
func distanceWords(r *Result) string {
	for _, side := range []struct {
		kind Kind
		name string
		ping func() time.Duration
	}{
		{SourceLink, "source", func() time.Duration { return r.Source.RoundTrip.Median }},
		{TargetLink, "target", func() time.Duration { return r.Target.RoundTrip.Median }},
	} {
		one, all := linkAt(r, side.kind, 1), linkAt(r, side.kind, mostStreams(r))
		if one > 0 && all >= 1.5*one && side.ping() >= 5*time.Millisecond {
			return fmt.Sprintf("One connection to the %s carries %s, all together %s: the distance (round trip %.1f ms) limits each of them.", side.name,
				rateWords(one), rateWords(all), 1000*side.ping().Seconds())
		}
	}
	return ""
}

// compressWords say what compression would make of a link that is the bound.
func compressWords(r *Result, v Verdict) string {
	if v.Bound != BySourceLink && v.Bound != ByTargetLink {
		return ""
	}
	kind := SourceLink
	if v.Bound == ByTargetLink {
		kind = TargetLink
	}
	link := linkAt(r, kind, v.Jobs)
	best, rate := Compression{}, link
	for _, c := range r.Compressions {
		if fits := min(c.BytesPerSecond*float64(v.Jobs), link*c.Ratio); c.Format == v.Format && fits > 1.1*rate {
			best, rate = c, fits
		}
	}
	if best.Method == "" {
		return "Compression would not make the link carry more: the sample does not shrink enough, or too slowly."
	}
	return fmt.Sprintf("Compressed with %s (%.1f to 1), up to %s of rows would fit through it, if something compresses on its far side: an SSH tunnel, a VPN.",
		best.Method, best.Ratio, rateWords(rate))
}

func timeWords(r *Result, v Verdict) string {
	if r.AllBytes == 0 {
		return ""
	}
	least := "about"
	if len(r.Of(TargetWrite, "")) == 0 {
		least = "at least"
	}
	return fmt.Sprintf("All rows of the database, about %s as COPY text, would take %s %s. Indexes, constraints and ANALYZE come on top.",
		humanize.Bytes(uint64(r.AllBytes)), least, timeInWords(v.DataPhase))
}

// worthSplitting is what a stream is done with in a moment.
const worthSplitting = 64 << 20

// shareWords warn of a table that one stream would be busy with to the end.
func shareWords(r *Result, v Verdict) string {
	if len(r.Tables) == 0 || r.AllBytes == 0 || v.Jobs < 2 {
		return ""
	}
	t := r.Tables[0]
	share := float64(t.Bytes) / float64(r.AllBytes)
	if share <= 1/float64(v.Jobs) || t.Bytes < worthSplitting {
		return ""
	}
	return fmt.Sprintf("Table %s holds %.0f %% of it: several streams must share it. Leave --split-above to its default, or set it well below %s.",
		t.Name, 100*share, humanize.Bytes(uint64(t.Bytes)))
}

func inFormat(f Format) string {
	if f == Binary {
		return "in binary"
	}
	return "as text"
}

// rateWords is in MB/s always, so that figures can be compared at a glance.
func rateWords(bytesPerSecond float64) string {
	mb := bytesPerSecond / 1e6
	switch {
	case mb < 0.1:
		return fmt.Sprintf("%.3f MB/s", mb)
	case mb < 10:
		return fmt.Sprintf("%.1f MB/s", mb)
	}
	return humanize.Comma(int64(mb+0.5)) + " MB/s"
}

func timeInWords(d time.Duration) string {
	s := int64(rounded(d).Seconds())
	switch {
	case s <= 1:
		return "a second"
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	}
	return fmt.Sprintf("%s h %02d min", humanize.Comma(s/3600), s/60%60)
}

// addNotes says what a reader of the figures must know beside them.
func (g *gauge) addNotes() {
	r := g.result
	if r.Generated {
		g.note("the source has no rows that can be read: generated rows were measured instead")
	}
	if g.queue == nil {
		return
	}
	for _, why := range g.queue.why() {
		g.note("%s", why)
	}
	sum := int64(0)
	filtered := []string{}
	for _, t := range g.tables {
		sum += t.bytes
		if t.small(false) != "" {
			filtered = append(filtered, shown(t.name))
		}
	}
	if rounds := g.queue.rounds(); rounds > 1.5 && !r.Generated {
		g.note("the same rows, about %s, were read %.0f times over: mostly from the server's memory, where a larger database would be read from disk", humanize.Bytes(uint64(sum)), rounds)
	}
	if len(g.tables) > 0 && g.srcFacts.Version < 140000 && g.Jobs > len(g.tables) {
		g.note("the source is older than version 14, which reads no range of a table by itself: with more streams than tables (%d), several read the same one", len(g.tables))
	}
	if len(filtered) > 0 {
		g.note("rows with a value of more than %s were left out of %s", humanize.IBytes(largestValue), strings.Join(filtered, ", "))
	}
	if n := r.Sample.AsText; n > 0 {
		g.note("%d of the %d columns of the sample have types that the target may not have, or that are not safe in binary: they were written as text", n, r.Sample.Columns)
	}
	if g.result.Source.Standby {
		g.note("the source is a standby: what it replays meanwhile takes a part of its rates")
	}
}
