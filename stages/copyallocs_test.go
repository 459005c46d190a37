package stages_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// A COPY allocates what it needs at its start and nothing per row or per chunk.
func TestCopyAllocatesNothingPerChunk(t *testing.T) {
	c := newCopyTest(t, nil, nil)
	const rows = 700_000
	copyOnce := func(rows int) (counter *stages.Counter, mallocs, bytes uint64) {
		t.Helper()
		counter = new(stages.Counter)
		pgtest.Exec(t, c.url, "DROP TABLE target; CREATE UNLOGGED TABLE target (id int, v text)")
		var sent atomic.Int64
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := run(t.Context(), t,
			stages.CopyOut(c.src, fmt.Sprintf("COPY (SELECT i, repeat('x', 100) FROM generate_series(1, %d) i) TO STDOUT", rows), &sent),
			stages.Meter(counter), stages.Throttle(stages.NewLimiter(0)), stages.CopyIn(c.dst, fromTarget, nil))
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		return counter, after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc
	}
	copyOnce(1) // what is set up once, say pools
	counter, mallocs, bytes := copyOnce(rows)
	// 100 to 250 allocations belong to the start and the end
	if limit := uint64(counter.Chunks() * 3 / 4); mallocs > limit {
		t.Errorf("%d allocations for %d rows in %d chunks", mallocs, rows, counter.Chunks())
	}
	if limit := uint64(counter.Load() / 20); bytes > limit {
		t.Errorf("%d bytes allocated to move %d", bytes, counter.Load())
	}
}

// BenchmarkCopy copies rows from database to database: cpu-s/GB is this process's part of the work.
func BenchmarkCopy(b *testing.B) {
	pgtest.Server(b)
	url := pgtest.Database(b)
	for _, rows := range []struct{ name, columns, query string }{
		{"narrow", "a int, b int", "SELECT i AS a, i * 3 AS b FROM generate_series(1, 300000) i"},
		{"ordinary", "a int, b numeric, c date, d text", "SELECT i AS a, i * 1.01 AS b, date '2000-01-01' + i % 9000 AS c, repeat('x', 80) AS d FROM generate_series(1, 100000) i"},
	} {
		for _, format := range []string{"text", "binary"} {
			b.Run(rows.name+"/"+format, func(b *testing.B) {
				pgtest.Exec(b, url, "DROP TABLE IF EXISTS source, target; CREATE UNLOGGED TABLE target ("+rows.columns+"); CREATE UNLOGGED TABLE source AS "+rows.query)
				src, dst := connectWith(b, url, func(*pgconn.Config) {}), connectWith(b, url, func(*pgconn.Config) {})
				with := " WITH (FORMAT " + format + ")"
				var moved stages.Counter
				var seconds float64
				b.ReportAllocs()
				for b.Loop() {
					began := cpuSeconds()
					_, err := pipeline.Run(b.Context(),
						stages.CopyOut(src, "COPY source TO STDOUT"+with, nil), stages.Meter(&moved),
						stages.CopyIn(dst, fromTarget+with, nil))
					if err != nil {
						b.Fatal(err)
					}
					seconds += cpuSeconds() - began
					b.StopTimer()
					pgtest.Exec(b, url, "TRUNCATE target")
					b.StartTimer()
				}
				b.SetBytes(moved.Load() / int64(b.N))
				b.ReportMetric(seconds/(float64(moved.Load())/1e9), "cpu-s/GB")
			})
		}
	}
}
