package gauge

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/stages"
)

// sample is some rows of the source, the same in both formats.
type sample struct {
	table *table // nil: generated
	types []string
	rows  int64
	// text and binary are pieces of about stages.ChunkBytes that end with a row; without a header or a trailer.
	text, binary [][]byte
}

func (s *sample) pieces(f Format) [][]byte {
	if f == Binary {
		return s.binary
	}
	return s.text
}

func size(pieces [][]byte) int64 {
	n := int64(0)
	for _, p := range pieces {
		n += int64(len(p))
	}
	return n
}

// The rows that stand for a table where there are none: numbers, times and words.
const (
	generatedColumns = "g, g % 1000, (g * 37 % 1000003)::pg_catalog.numeric / 100, '2026-01-01Z'::pg_catalog.timestamptz + g * '7 s'::pg_catalog.interval, " +
		"'name ' || g % 5003, pg_catalog.repeat(pg_catalog.to_hex(g * 2654435761), 4)"
	// not in FROM, where the server would put all numbers into a file first
	generatedRows = "(SELECT pg_catalog.generate_series(1::pg_catalog.int8, 1000000) AS g) AS numbers"
)

var generatedTypes = []string{"bigint", "bigint", "numeric", "timestamp with time zone", "text", "text"}

func generatedCopy(format Format) string {
	return "COPY (SELECT " + generatedColumns + " FROM " + generatedRows + ") TO STDOUT" + options(format)
}

const (
	sampleBytes = 16 << 20 // of the text; the binary form of the same rows is seldom as large
)

// samplePlaces are where rows of a table are looked for: in the middle, where neither the first nor the latest rows are, and, if
// that is empty, anywhere.
func (g *gauge) samplePlaces(t *table) []chunk {
	whole := chunk{table: t}
	if t.heap && g.srcFacts.Version >= 140000 && t.bytes > 2*sampleBytes && t.blocks > 1 {
		return []chunk{cut(t, 1, 2), whole}
	}
	return []chunk{whole}
}

// takeSample reads rows of the largest table that has some.
func (g *gauge) takeSample(ctx context.Context) error {
	for _, t := range g.tables {
		if g.queue.leaves(t) {
			continue
		}
		for _, c := range g.samplePlaces(t) {
			s, err := g.sampleOf(ctx, t, "SELECT "+t.list(true)+" FROM ONLY "+t.name+c.where(t.small(true)))
			var pgErr *pgconn.PgError
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case errors.As(err, &pgErr): // the table is gone, or locked
				continue
			case err != nil:
				return fmt.Errorf("sample of table %s: %w", shown(t.name), err)
			}
			if s.rows > 0 {
				g.keep(s)
				return nil
			}
		}
	}
	s, err := g.sampleOf(ctx, nil, "SELECT "+generatedColumns+" FROM "+generatedRows)
	if err != nil {
		return fmt.Errorf("generated rows: %w", err)
	}
	g.keep(s)
	return nil
}

// keep records what the sample is.
func (g *gauge) keep(s *sample) {
	g.sample = s
	r := Sample{Rows: s.rows, TextBytes: size(s.text), BinaryBytes: size(s.binary), Columns: len(s.types)}
	if s.table != nil {
		r.Table = shown(s.table.name)
		for _, c := range s.table.columns {
			if c.typ == "" {
				r.AsText++
			}
		}
	}
	g.result.Sample = r
}

// sampleOf reads what query gives, as text until there is enough, and then as many rows in binary.
func (g *gauge) sampleOf(ctx context.Context, t *table, query string) (*sample, error) {
	s := &sample{table: t, types: generatedTypes}
	if t != nil {
		s.types = make([]string, len(t.columns))
		for i, c := range t.columns {
			s.types[i] = c.typ
			if c.typ == "" {
				s.types[i] = "text"
			}
		}
	}
	text := &gatherer{room: sampleBytes}
	if err := g.gather(ctx, "COPY ("+query+") TO STDOUT", text); err != nil {
		return nil, err
	}
	s.text, s.rows = text.pieces(), text.rows
	// as wide as text at most, but for rows of small numbers
	binary := &gatherer{room: sampleBytes, format: Binary}
	if err := g.gather(ctx, fmt.Sprintf("COPY (%s LIMIT %d) TO STDOUT (FORMAT binary)", query, s.rows), binary); err != nil {
		return nil, err
	}
	s.binary = binary.pieces()
	if binary.rows < s.rows { // it was full before
		s.rows = binary.rows
		text = &gatherer{room: sampleBytes}
		if err := g.gather(ctx, fmt.Sprintf("COPY (%s LIMIT %d) TO STDOUT", query, s.rows), text); err != nil {
			return nil, err
		}
		s.text, s.rows = text.pieces(), text.rows
	}
	return s, nil
}

// gather runs a COPY until to is full. A COPY that was stopped leaves a connection that is of no more use, so it has one of its own.
func (g *gauge) gather(ctx context.Context, sql string, to *gatherer) error {
	conn, err := g.reader(ctx)
	if err != nil {
		return err
	}
	defer catalog.Close(ctx, conn)
	if _, err = conn.CopyTo(ctx, to, sql); errors.Is(err, errEnough) || to.full {
		return nil
	}
	return err
}

// gatherer keeps the rows of a COPY, of which pgx writes one at a time. A row that is larger than the room is passed over.
type gatherer struct {
	room   int
	format Format
	rows   int64
	kept   [][]byte
	begun  bool
	full   bool
}

// binaryHeader begins binary COPY data, binaryTrailer ends it (PostgreSQL: copyto.c, BeginCopyTo and EndCopyTo).
var (
	binaryHeader  = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	binaryTrailer = []byte{0xff, 0xff}
)

func (g *gatherer) Write(p []byte) (int, error) {
	n := len(p)
	if g.format == Binary {
		if !g.begun {
			p = bytes.TrimPrefix(p, binaryHeader) // it comes with the first row
		}
		if g.begun = true; len(p) == 0 || bytes.Equal(p, binaryTrailer) {
			return n, nil
		}
	}
	if len(p) > g.room {
		if len(g.kept) == 0 {
			return n, nil
		}
		g.full = true
		return 0, errEnough
	}
	g.room -= len(p)
	g.rows++
	if last := len(g.kept) - 1; last >= 0 && len(g.kept[last])+len(p) <= stages.ChunkBytes {
		g.kept[last] = append(g.kept[last], p...)
	} else {
		g.kept = append(g.kept, append(make([]byte, 0, max(len(p), stages.ChunkBytes)), p...))
	}
	return n, nil
}

func (g *gatherer) pieces() [][]byte { return g.kept }
