package gauge

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/pipeline"
	"pgsluice/stages"
)

const (
	mostPings = 50
	pingTime  = time.Second
)

// roundTrip measures how long an empty query takes.
func roundTrip(ctx context.Context, conn *pgconn.PgConn) (Spread, error) {
	var times []time.Duration
	for begin := time.Now(); len(times) < mostPings && (len(times) < 3 || time.Since(begin) < pingTime); {
		start := time.Now()
		if _, err := conn.Exec(ctx, "").ReadAll(); err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return Spread{}, err
		}
		times = append(times, time.Since(start))
	}
	return spreadOf(times), nil
}

// cheapRows are 256 KiB each, made once; the series stands in the list because in FROM it would be put into a file. Hexadecimal digits
// rather than one letter, which a line that compresses would make nothing of.
const cheapRows = `COPY (
WITH v AS MATERIALIZED (
  SELECT pg_catalog.repeat(pg_catalog.string_agg(pg_catalog.lpad(pg_catalog.to_hex(g * 2654435761 % 4294967296), 8, '0'), ''), 16) AS v
    FROM pg_catalog.generate_series(1::pg_catalog.int8, 2048) AS g)
SELECT v, pg_catalog.generate_series(1, 100000000) FROM v) TO STDOUT (FORMAT binary)`

// linkCounts are one stream, whose rate the distance limits, and all of them.
func (g *gauge) linkCounts() []int { return slices.Compact([]int{1, g.Jobs}) }

// readLink measures how fast bytes come from the source where it has hardly any work with them.
func (g *gauge) readLink(ctx context.Context) error {
	for _, n := range g.linkCounts() {
		err := g.try(ctx, trial{
			kind: SourceLink, format: Binary, streams: n, source: true, text: "link from the source, " + streamsAre(n),
			run: func(ctx context.Context, s *stream) error {
				for ctx.Err() == nil {
					if _, err := pipeline.Run(ctx, stages.CopyOut(s.src, cheapRows, nil), stages.Meter(s.count), stages.Discard()); err != nil && ctx.Err() == nil {
						return err
					}
				}
				return context.Cause(ctx)
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeLink measures how fast the target takes bytes that it drops before they are rows: COPY … WHERE false.
func (g *gauge) writeLink(ctx context.Context) error {
	row := linkRow()
	for _, n := range g.linkCounts() {
		err := g.try(ctx, trial{
			kind: TargetLink, format: Binary, streams: n, target: true, drains: true, text: "link to the target, " + streamsAre(n),
			run: func(ctx context.Context, s *stream) error {
				return s.write(ctx, [][]byte{row}, fmt.Sprintf("COPY %s FROM STDIN (FORMAT binary) WHERE false", linkTable), Binary)
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// linkRow is a row with one value of noise, as binary COPY has it: the number of columns, the value's length, the value.
func linkRow() []byte {
	const length = stages.ChunkBytes - 6
	row := binary.BigEndian.AppendUint16(nil, 1)
	row = binary.BigEndian.AppendUint32(row, length)
	noise := rand.New(rand.NewPCG(1, 2))
	for range length {
		row = append(row, byte(noise.Uint32()))
	}
	return row
}
