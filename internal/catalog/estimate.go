package catalog

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// Estimate is about what a COPY of a table moves.
type Estimate struct {
	Rows  int64 // live ones
	Bytes int64 // as COPY text, neither dead rows nor free space nor indexes
	// Heap and TOAST are the sizes of its own file and that of its TOAST table.
	Heap, TOAST int64
}

// Estimates gives one for each of the relations; no row is read for it. Of what has no rows of its own, such as a
// partitioned table, a view or a foreign table, it is zero. It needs a transaction, which goes on after an error of the
// server's: a transfer can do without estimates.
//
// Rows are what the server's statistics counted, or, on a standby or after a crash, the rows a page that VACUUM or
// ANALYZE last saw, times the pages of now. Bytes are these times the columns' widths of the last ANALYZE, each in its
// type's text form, plus what lies in the TOAST table. Where a table was analyzed since it was last changed much, the
// result is mostly within 20 % of the truth; never analyzed, within a factor of two. What it can't know is how far values
// are compressed: long ones that are hardly, or much more than twice, are further off.
func Estimates(ctx context.Context, conn *pgconn.PgConn, oids []uint32) (map[uint32]Estimate, error) {
	if _, err := conn.Exec(ctx, beforeEstimate).ReadAll(); err != nil {
		return nil, fmt.Errorf("estimates: %w", err)
	}
	estimates, err := readEstimates(ctx, conn, oids)
	_, after := conn.Exec(ctx, afterEstimate).ReadAll()
	if err = cmp.Or(err, after); err != nil {
		return nil, fmt.Errorf("estimates: %w", err)
	}
	return estimates, nil
}

func readEstimates(ctx context.Context, conn *pgconn.PgConn, oids []uint32) (map[uint32]Estimate, error) {
	estimates := make(map[uint32]Estimate, len(oids))
	for _, oid := range oids {
		estimates[oid] = Estimate{}
	}
	may, err := Row(ctx, conn, mayLook)
	if err != nil {
		return nil, err
	}
	filled := map[uint32]*storage{} // most of a hundred thousand tables are empty
	err = eachRow(ctx, conn, func(r [][]byte) {
		table := storage{counts: readCounts(r[1:]), toast: readCounts(r[8:]), text: 1}
		oid := readOID(r[0])
		if table.size > 0 {
			filled[oid] = &table
		}
		estimates[oid] = table.estimate()
	}, countsQuery(may[0] == "t"), oidArray(oids))
	if err != nil || len(filled) == 0 {
		return estimates, err
	}
	asked := slices.Sorted(maps.Keys(filled))
	err = eachRow(ctx, conn, func(r [][]byte) {
		oid := readOID(r[0])
		table := filled[oid]
		for i, field := range []*float64{&table.text, &table.binary, &table.guess, &table.unknown, &table.inflation} {
			*field = decimal(r[1+i])
		}
		estimates[oid] = table.estimate()
	}, columnsQuery, oidArray(asked), oidArray(largest(filled)))
	return estimates, err
}

const (
	// of so many tables of at least so many bytes the values that ANALYZE kept are looked at
	mostLargest  = 100
	leastLargest = 1_000_000
)

func largest(tables map[uint32]*storage) []uint32 {
	var oids []uint32
	for oid, t := range tables {
		if t.size > leastLargest {
			oids = append(oids, oid)
		}
	}
	slices.SortFunc(oids, func(x, y uint32) int { return cmp.Or(cmp.Compare(tables[y].size, tables[x].size), cmp.Compare(x, y)) })
	return oids[:min(len(oids), mostLargest)]
}

// Since the planner has no idea of how much pg_stats lets through, it must be kept from comparing all columns with all statistics in a nested loop.
const (
	beforeEstimate = "SAVEPOINT estimate; SET LOCAL enable_nestloop = off"
	afterEstimate  = "ROLLBACK TO SAVEPOINT estimate; RELEASE SAVEPOINT estimate"
)

// counts are what a server knows of a heap, that of a table or of its TOAST table.
type counts struct {
	size, page float64 // bytes
	// pages and tuples are of the last VACUUM, ANALYZE or index build; tuples is negative or pages 0 if there was none.
	pages, tuples float64
	// live and dead rows are counted since the statistics began, from zero on, unless measured says that a VACUUM or an
	// ANALYZE has set them since.
	live, dead float64
	measured   bool
}

func readCounts(r [][]byte) counts {
	return counts{
		size: decimal(r[0]), page: decimal(r[1]), pages: decimal(r[2]), tuples: decimal(r[3]),
		live: decimal(r[4]), dead: decimal(r[5]), measured: isTrue(r[6]),
	}
}

// counted says whether live and dead can be trusted: a crash resets the statistics, and a standby has none. Then they
// are far too small for the heap.
func (c counts) counted() bool {
	if c.measured {
		return true
	}
	if density := c.density(); density >= 0 {
		return c.live+c.dead >= density*c.size/c.page/2
	}
	return c.live+c.dead >= c.size/c.page // as long as nobody has vacuumed, no page is without a row, live or dead
}

// density is how many live rows a page had when that was last looked at, negative if it never was.
func (c counts) density() float64 {
	if c.pages <= 0 || c.tuples < 0 {
		return -1
	}
	return c.tuples / c.pages
}

// rows are the live ones; width is that of a row without its header, for a heap of which nothing else is known.
func (c counts) rows(width float64) float64 {
	switch density := c.density(); {
	case c.size == 0:
		return 0
	case c.counted():
		return c.live
	case density >= 0:
		return density * c.size / c.page
	default:
		return c.size / (math.Ceil((width+tupleHeader)/8)*8 + itemPointer)
	}
}

const (
	tupleHeader = 24   // HeapTupleHeaderData, aligned
	itemPointer = 4    // ItemIdData
	chunkHead   = 44   // of a chunk's row in the TOAST table: its line pointer, header, value and number
	chunkBytes  = 1996 // TOAST_MAX_CHUNK_SIZE with pages of 8 kB
)

// toasted are the bytes of the live values in a TOAST table.
func (c counts) toasted() float64 {
	if !c.counted() {
		if density := c.density(); density >= 0 {
			return min(density*c.size/c.page*chunkBytes, c.size)
		}
		return c.size
	}
	if c.live == 0 {
		return 0
	}
	// the last chunk of a value is a short one: then the size says more, unless much of it is free space
	return min(c.live*chunkBytes, max(c.size*c.live/(c.live+c.dead)-c.live*chunkHead, c.live))
}

// storage is a table: what is counted of it, and the sums over its columns, in bytes a row.
type storage struct {
	counts
	toast     counts
	text      float64 // as COPY text, with separators; of columns without statistics only those of a fixed length
	binary    float64 // the same columns as they are stored
	guess     float64 // of columns of variable length without statistics, as the planner would guess
	unknown   float64 // how many these are
	inflation float64 // COPY text per byte in the TOAST table
}

func (s *storage) estimate() Estimate {
	rows := s.rows(s.binary + s.guess)
	row := s.text
	if s.unknown > 0 {
		// what the columns with a known width leave over of the heap is theirs
		rest := s.guess
		if s.counted() && s.live+s.dead > 0 {
			rest = max(s.unknown, s.size/(s.live+s.dead)-tupleHeader-itemPointer-s.binary)
		}
		row += rest
	}
	bytes := rows*row + s.toast.toasted()*max(1, s.inflation)
	return Estimate{Rows: int64(rows), Bytes: int64(bytes), Heap: int64(s.size), TOAST: int64(s.toast.size)}
}

func decimal[T string | []byte](s T) float64 {
	f, _ := strconv.ParseFloat(string(s), 64) // the server wrote it; "" is NULL
	return f
}
