package gauge

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func heap(name string, mib, blocks int64) *table {
	return &table{name: name, bytes: mib << 20, blocks: blocks, heap: true, readable: true, columns: []column{{name: "a"}, {name: "b", variable: true, octets: true}}}
}

// Every block is in one chunk exactly, the last one open to rows that come later, and any stretch of the queue stands for
// the whole.
func TestQueueCoversTheTablesEvenly(t *testing.T) {
	t.Parallel()
	big, small := heap("big", 300, 40_000), heap("small", 100, 7)
	q := newQueue([]*table{big, small}, 4<<20, 150000)
	covered := map[*table]int64{}
	next := map[*table]int64{}
	for range q.chunks {
		c, ok := q.take(Text)
		if !ok || c.from != next[c.table] || c.to <= c.from {
			t.Fatalf("%+v after block %d", c, next[c.table])
		}
		next[c.table] = c.to
		covered[c.table]++
	}
	if covered[big] != 75 || covered[small] != 7 || next[big] != 1<<32-1 || next[small] != 1<<32-1 {
		t.Errorf("chunks %v, ends %v", covered, next)
	}
	if q.rounds() != 1 {
		t.Errorf("%v rounds", q.rounds())
	}
	half := 0
	for range len(q.chunks) / 2 {
		if c, _ := q.take(Text); c.table == small {
			half++
		}
	}
	if half < 3 || half > 4 {
		t.Errorf("%d of 7 chunks of the small table in the first half", half)
	}
}

func TestQueueOfManyTables(t *testing.T) {
	t.Parallel()
	var tables []*table
	for i := range 50 {
		tables = append(tables, heap(fmt.Sprint(i), 1<<20, 1<<27)) // 1 TiB each
	}
	if n := len(newQueue(tables, 4<<20, 150000).chunks); n < mostChunks-1 || n > mostChunks+1 {
		t.Errorf("%d chunks", n)
	}
	if q := newQueue(tables, 4<<20, 130000); len(q.chunks) != 50 || q.chunks[0].to != 0 {
		t.Errorf("before 14: %d chunks, the first %+v", len(q.chunks), q.chunks[0])
	}
	if _, ok := newQueue(nil, 4<<20, 150000).take(Text); ok {
		t.Error("a chunk of nothing")
	}
}

func TestQueueSkips(t *testing.T) {
	t.Parallel()
	a, b := heap("a", 100, 1000), heap("b", 100, 1000)
	q := newQueue([]*table{a, b}, 4<<20, 150000)
	q.skip(a, Text, "gone")
	q.skip(a, Binary, "gone")
	q.skip(b, Binary, "no binary form")
	for range 60 {
		if c, ok := q.take(Text); !ok || c.table != b {
			t.Fatalf("%+v %v", c, ok)
		}
	}
	if _, ok := q.take(Binary); ok {
		t.Error("all are skipped in binary")
	}
	if why := strings.Join(q.why(), "; "); why != "table a was not read: gone; table b was not read in binary: no binary form" {
		t.Error(why)
	}
	if !q.leaves(a) || q.leaves(b) {
		t.Error("leaves")
	}
}

func TestCopyStatements(t *testing.T) {
	t.Parallel()
	a := heap(`s."a"`, 1, 1)
	a.columns[0].typ, a.columns[1].typ = "integer", ""
	for _, test := range []struct {
		chunk   chunk
		format  Format
		sampled bool
		want    string
	}{
		{chunk{table: a}, Text, false, `COPY s."a" (a, b) TO STDOUT`},
		{chunk{table: a}, Binary, false, `COPY s."a" (a, b) TO STDOUT (FORMAT binary)`},
		{chunk{table: a, from: 1, to: 2}, Text, false, `COPY (SELECT a, b FROM ONLY s."a" WHERE ctid >= '(1,0)' AND ctid < '(2,0)') TO STDOUT`},
		{chunk{table: a}, Text, true, `COPY (SELECT a, b::pg_catalog.text FROM ONLY s."a") TO STDOUT`},
	} {
		if got := test.chunk.copyOut(test.format, test.sampled); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	a.toast = 1 << 30
	if got := (chunk{table: a}).copyOut(Text, false); !strings.HasSuffix(got, "WHERE coalesce(pg_catalog.octet_length(b), 0) <= 16777216) TO STDOUT") {
		t.Error(got)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	big, small, tiny := heap("big", 96, 1), heap("small", 3, 1), heap("tiny", 1, 1)
	hidden, empty, unlogged := heap("hidden", 50, 1), heap("empty", 0, 0), heap("unlogged", 40, 1)
	hidden.readable, unlogged.unlogged = false, true
	chosen, unreadable := choose([]*table{big, hidden, unlogged, small, tiny, empty}, true)
	if len(chosen) != 1 || chosen[0] != big || unreadable != 1 {
		t.Errorf("%d chosen, %d unreadable", len(chosen), unreadable)
	}
	if chosen, _ := choose([]*table{big, unlogged, small}, false); len(chosen) != 2 || chosen[1] != unlogged {
		t.Errorf("%d chosen", len(chosen))
	}
	var many []*table
	for range 100 {
		many = append(many, heap("t", 1, 1))
	}
	if chosen, _ := choose(many, false); len(chosen) != enoughTables {
		t.Errorf("%d chosen", len(chosen))
	}
}

func TestChunkBytes(t *testing.T) {
	t.Parallel()
	for rtt, want := range map[time.Duration]int64{0: leastChunk, time.Millisecond: 10_000_000, time.Second: mostChunk} {
		if got := chunkBytes(rtt); got != want {
			t.Errorf("%s: %d, want %d", rtt, got, want)
		}
	}
}

// The gatherer knows rows by pgx's writes, keeps pieces that end with one, and is bounded.
func TestGatherer(t *testing.T) {
	t.Parallel()
	g := &gatherer{room: 10, format: Binary}
	for _, row := range []string{string(binaryHeader) + "row1", "row2", "\xff\xff"} {
		if n, err := g.Write([]byte(row)); n != len(row) || err != nil {
			t.Fatal(n, err)
		}
	}
	if g.rows != 2 || len(g.kept) != 1 || string(g.kept[0]) != "row1row2" {
		t.Errorf("%d rows, %q", g.rows, g.kept)
	}
	if _, err := g.Write([]byte("row3")); err == nil || !g.full {
		t.Error("more than there is room for was kept")
	}
	first := &gatherer{room: 3}
	if _, err := first.Write([]byte("huge")); err != nil || first.rows != 0 {
		t.Error("a row larger than the room must be passed over")
	}
	if _, err := first.Write([]byte("ok\n")); err != nil || first.rows != 1 {
		t.Error(err)
	}
}
