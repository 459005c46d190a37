package gauge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// chunk is a range of blocks of a table: from ≤ block < to. to is 0 for a whole table.
type chunk struct {
	table    *table
	from, to int64
}

// where is its condition, "" for none, with what must hold besides.
func (c chunk) where(besides string) string {
	var terms []string
	if c.to > 0 {
		terms = append(terms, fmt.Sprintf("ctid >= '(%d,0)' AND ctid < '(%d,0)'", c.from, c.to))
	}
	if besides != "" {
		terms = append(terms, besides)
	}
	if len(terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(terms, " AND ")
}

// copyOut reads the chunk as a copy does, or with its columns as the sample has them.
func (c chunk) copyOut(format Format, asSampled bool) string {
	where, list := c.where(c.table.small(false)), c.table.list(asSampled)
	if where == "" && list == c.table.list(false) {
		return "COPY " + c.table.name + " (" + list + ") TO STDOUT" + options(format)
	}
	return "COPY (SELECT " + list + " FROM ONLY " + c.table.name + where + ") TO STDOUT" + options(format)
}

func options(f Format) string {
	if f == Binary {
		return " (FORMAT binary)"
	}
	return ""
}

// queue hands out chunks in an order in which any stretch stands for the whole, over and over. It is safe for
// concurrent use.
type queue struct {
	mu      sync.Mutex
	chunks  []chunk
	next    int
	skipped map[skip]string // why
}

type skip struct {
	table  *table
	format Format
}

const (
	leastChunk = 4 << 20
	mostChunk  = 128 << 20
	// mostChunks is more than a run reads.
	mostChunks = 20_000
)

// chunkBytes is so much that the round trip before each chunk costs 2 % at most: at 200 MB/s, 50 round trips.
func chunkBytes(roundTrip time.Duration) int64 {
	return min(max(int64(50*200e6*roundTrip.Seconds()), leastChunk), mostChunk)
}

// newQueue cuts tables into chunks of about size bytes of COPY text. Servers before 14 would read the whole table for
// each range, so theirs are one chunk each.
func newQueue(tables []*table, size int64, version int) *queue {
	q := &queue{skipped: map[skip]string{}}
	parts := make([]int64, len(tables))
	all := int64(0)
	for i, t := range tables {
		parts[i] = 1
		if t.heap && version >= 140000 {
			parts[i] = max(1, min(t.bytes/size, t.blocks))
		}
		all += parts[i]
	}
	stride, at := max(1, float64(all)/mostChunks), 0.0
	begin := int64(0)
	place := map[chunk]float64{}
	for i, t := range tables {
		for ; at < float64(begin+parts[i]); at += stride {
			c := cut(t, int64(at)-begin, parts[i])
			place[c] = (at - float64(begin) + 0.5) / float64(parts[i])
			q.chunks = append(q.chunks, c)
		}
		begin += parts[i]
	}
	// each table's chunks are spread evenly over the whole
	slices.SortStableFunc(q.chunks, func(a, b chunk) int { return cmp.Compare(place[a], place[b]) })
	return q
}

// cut is the part-th of so many parts of a table.
func cut(t *table, part, parts int64) chunk {
	if parts == 1 {
		return chunk{table: t}
	}
	c := chunk{table: t, from: t.blocks * part / parts, to: t.blocks * (part + 1) / parts}
	if part == parts-1 {
		c.to = 1<<32 - 1 // it may have grown
	}
	return c
}

// take gives the next chunk for a format. There is none if all tables are skipped.
func (q *queue) take(format Format) (chunk, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range q.chunks {
		c := q.chunks[q.next%len(q.chunks)]
		q.next++
		if _, skipped := q.skipped[skip{c.table, format}]; !skipped {
			return c, true
		}
	}
	return chunk{}, false
}

// skip leaves a table out from now on.
func (q *queue) skip(t *table, format Format, why string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.skipped[skip{t, format}] = why
}

// rounds is how often all chunks have been taken.
func (q *queue) rounds() float64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return float64(q.next) / float64(max(1, len(q.chunks)))
}

// why are the reasons for which tables were left out, one for each table and reason.
func (q *queue) why() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var notes []string
	for _, format := range []Format{Text, Binary} {
		seen := map[*table]bool{}
		for _, c := range q.chunks {
			reason, skipped := q.skipped[skip{c.table, format}]
			if !skipped || seen[c.table] {
				continue
			}
			seen[c.table] = true
			_, both := q.skipped[skip{c.table, Text}]
			if format == Binary && both {
				continue
			}
			how := ""
			if format == Binary {
				how = " in binary"
			}
			notes = append(notes, fmt.Sprintf("table %s was not read%s: %s", shown(c.table.name), how, reason))
		}
	}
	return notes
}

// shown is a name for people; the source's encoding may be another than theirs.
func shown(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// leaves says whether a table was left out because it can't be read.
func (q *queue) leaves(t *table) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, skipped := q.skipped[skip{t, Text}]
	return skipped
}
