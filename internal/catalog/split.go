package catalog

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Split is how the rows of a table are parted.
type Split struct {
	// Column is an integer column that is never NULL, whose values part the rows; "" for the numbers of the heap's blocks.
	Column string
	// Cuts rise. Each begins a part; the first part begins before the first cut.
	Cuts []int64
	// Why says why a large table is not parted; "" if it is.
	Why string
}

const (
	// firstVersionTIDRange is the first server that reads a range of blocks without reading all others (FACTS.md 6).
	firstVersionTIDRange = 140000
	// what a server is built with, nearly always; a wrong guess only makes parts uneven
	pageBytes = 8192
	// a table's TOAST below this share of its heap does not make parts uneven enough for a look at its rows
	lookShare = 4
	leastLook = 1000  // blocks
	mostLook  = 20000 // a random read each
	// orderly is the rank correlation from which on a range of keys is a range of blocks, too
	orderly = 0.9
)

// Cut parts a table into about n parts, all about as much to read. Where much of that lies in its TOAST table, a sample of the
// blocks tells where. conn is in a transaction, which goes on after an error of the server's.
func Cut(ctx context.Context, conn *pgconn.PgConn, version int, r *Relation, n int) (split Split, err error) {
	blocks := r.Heap / pageBytes
	if n < 2 || blocks < 2 {
		return Split{}, nil
	}
	byBlock := version >= firstVersionTIDRange
	if byBlock && r.TOAST < r.Heap/lookShare {
		for i := range n - 1 {
			split.Cuts = append(split.Cuts, blocks*int64(i+1)/int64(n))
		}
		split.Cuts = rising(split.Cuts)
		return split, nil
	}
	if !byBlock {
		if split.Column, err = integerKey(ctx, conn, r.OID); err != nil {
			return Split{}, err
		}
		if split.Column == "" {
			return Split{Why: "a server before version 14 reads no ranges of blocks, and it has no primary key that begins with an integer"}, nil
		}
	}
	samples, err := look(ctx, conn, r, split.Column, min(max(leastLook, 4*n), mostLook))
	if err != nil {
		return Split{}, err
	}
	if !byBlock && !inOrder(samples) {
		return Split{Why: "a server before version 14 reads no ranges of blocks, and its rows do not lie in the order of its primary key"}, nil
	}
	split.Cuts = cuts(samples, n)
	return split, nil
}

// sample is a block that was looked at.
type sample struct {
	at     int64   // where a cut before it would be: its number, or its least key
	block  int64   // its number
	weight float64 // bytes, with what its rows have in the TOAST table
}

// look reads about n blocks of a table, as the transaction's snapshot sees them. No value is fetched from the TOAST table:
// how long each is stands in the row.
func look(ctx context.Context, conn *pgconn.PgConn, r *Relation, key string, n int) ([]sample, error) {
	columns, err := Rows(ctx, conn, `
SELECT pg_catalog.quote_ident(attname) FROM pg_catalog.pg_attribute
 WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attlen = -1 AND attstorage IN ('x', 'e')`, strconv.FormatUint(uint64(r.OID), 10))
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", r.Name, err)
	}
	weight := strconv.Itoa(pageBytes)
	for _, c := range columns {
		size := "pg_catalog.pg_column_size(" + c[0] + ")"
		weight += " + coalesce(pg_catalog.sum(CASE WHEN " + size + " >= 1900 THEN " + size + " END), 0)" // shorter ones lie in the heap
	}
	at := "0"
	if key != "" {
		at = "pg_catalog.min(" + quote(key) + ")"
	}
	share := min(100, 100*float64(n)/float64(max(1, r.Heap/pageBytes)))
	if _, err := conn.Exec(ctx, "SAVEPOINT look").ReadAll(); err != nil {
		return nil, fmt.Errorf("table %s: %w", r.Name, err)
	}
	rows, err := Rows(ctx, conn, fmt.Sprintf(
		"SELECT (ctid::text::point)[0]::int8, %s, (%s)::float8 FROM ONLY %s TABLESAMPLE SYSTEM (%g) REPEATABLE (1) GROUP BY 1 ORDER BY 1", at, weight, r.Name, share))
	after := "RELEASE SAVEPOINT look"
	if err != nil {
		after = "ROLLBACK TO SAVEPOINT look; " + after
	}
	if _, failed := conn.Exec(ctx, after).ReadAll(); err != nil || failed != nil {
		return nil, fmt.Errorf("a sample of table %s: %w", r.Name, cmp.Or(err, failed))
	}
	samples := make([]sample, len(rows))
	for i, row := range rows {
		samples[i].block, _ = strconv.ParseInt(row[0], 10, 64) // the server wrote them
		samples[i].at = samples[i].block
		if key != "" {
			samples[i].at, _ = strconv.ParseInt(row[1], 10, 64)
		}
		samples[i].weight = decimal(row[2])
	}
	slices.SortStableFunc(samples, func(x, y sample) int { return cmp.Compare(x.at, y.at) })
	return samples, nil
}

// integerKey is the first column of a table's primary key if it is an integer, else "".
func integerKey(ctx context.Context, conn *pgconn.PgConn, oid uint32) (string, error) {
	rows, err := Rows(ctx, conn, `
SELECT a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
 WHERE i.indrelid = $1::oid AND i.indisprimary AND i.indisvalid AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)`,
		strconv.FormatUint(uint64(oid), 10))
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0][0], nil
}

// cuts are where the samples, in order, part into n of the same weight. One block alone may weigh more than that.
func cuts(samples []sample, n int) []int64 {
	whole := 0.0
	for _, s := range samples {
		whole += s.weight
	}
	var at []int64
	sum, part := 0.0, 1
	for _, s := range samples {
		if sum > 0 && sum >= whole*float64(part)/float64(n) {
			at = append(at, s.at)
			for sum >= whole*float64(part)/float64(n) {
				part++
			}
		}
		sum += s.weight
	}
	return rising(at)
}

// rising leaves out what would part off nothing.
func rising(at []int64) []int64 {
	at = slices.Compact(at)
	return slices.DeleteFunc(at, func(cut int64) bool { return cut == 0 })
}

// inOrder reports whether the keys rise or fall with the blocks: Spearman's correlation of the two.
func inOrder(samples []sample) bool {
	n := float64(len(samples))
	if n < 3 {
		return true
	}
	order := make([]int, len(samples)) // by block; the samples are in the order of their keys
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(samples[x].block, samples[y].block) })
	sum := 0.0
	for rank, i := range order {
		d := float64(rank - i)
		sum += d * d
	}
	return math.Abs(1-6*sum/(n*(n*n-1))) >= orderly
}

func quote(identifier string) string { return `"` + strings.ReplaceAll(identifier, `"`, `""`) + `"` }
