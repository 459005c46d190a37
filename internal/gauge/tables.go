package gauge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

// table is one of the source's that is read.
type table struct {
	oid      uint32
	name     string // quoted, in the source's encoding
	bytes    int64  // estimated, as COPY text
	blocks   int64
	toast    int64 // bytes
	heap     bool
	readable bool
	unlogged bool
	columns  []column
}

// column is one that a COPY moves. All are in the source's encoding.
type column struct {
	name string // quoted
	// typ is its type, or its domain's base type, as CREATE TABLE spells it. "" if it has to travel as text: the target may not
	// have it, or its binary form does not mean the same there.
	typ      string
	variable bool // its values may be long
	octets   bool // octet_length tells how long without reading them
}

const tablesQuery = `
SELECT c.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8,
       CASE WHEN c.reltoastrelid <> 0 THEN pg_catalog.pg_relation_size(c.reltoastrelid) ELSE 0 END,
       am.amname IS NOT DISTINCT FROM 'heap', c.relpersistence = 'u',
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
 WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384 AND n.nspname !~ '^pg_'
   AND n.nspname NOT IN ('information_schema', '_pgsluice', '` + Schema + `')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`

// A domain travels as its base type. Types whose values are OIDs, or that can be written but not read, go as text, and so do all that
// are no types of every server. (FACTS.md 22)
const columnsQuery = `
WITH RECURSIVE c AS (
    SELECT attrelid, attnum, attname, attlen, atttypid AS typ, atttypmod AS mod
      FROM pg_catalog.pg_attribute WHERE attrelid = ANY ($1::pg_catalog.oid[]) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    UNION ALL
    SELECT c.attrelid, c.attnum, c.attname, c.attlen, t.typbasetype, CASE WHEN c.mod = -1 THEN t.typtypmod ELSE c.mod END
      FROM c JOIN pg_catalog.pg_type t ON t.oid = c.typ AND t.typtype = 'd')
SELECT c.attrelid, pg_catalog.quote_ident(c.attname), c.attlen = -1, t.typname IN ('text', 'varchar', 'bpchar', 'bytea'),
       CASE WHEN t.oid < 16384 AND t.typname !~ '^_?(reg|aclitem|gtsvector|pg_|txid_|record)' THEN pg_catalog.format_type(t.oid, c.mod) END
  FROM c JOIN pg_catalog.pg_type t ON t.oid = c.typ AND t.typtype <> 'd'
 ORDER BY c.attrelid, c.attnum`

// readTables lists the source's tables with their estimates, the largest first. conn must be in no transaction.
func readTables(ctx context.Context, conn *pgconn.PgConn) ([]*table, error) {
	if _, err := conn.Exec(ctx, "BEGIN TRANSACTION READ ONLY").ReadAll(); err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	rows, err := catalog.Rows(ctx, conn, tablesQuery)
	if err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	tables := make([]*table, len(rows))
	oids := make([]uint32, len(rows))
	for i, r := range rows {
		tables[i] = &table{
			oid: uint32(number(r[0])), name: r[1], blocks: number(r[2]), toast: number(r[3]),
			heap: r[4] == "t", unlogged: r[5] == "t", readable: r[6] == "t",
		}
		oids[i] = tables[i].oid
	}
	estimates, err := catalog.Estimates(ctx, conn, oids)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		t.bytes = estimates[t.oid].Bytes
	}
	if _, err := conn.Exec(ctx, "COMMIT").ReadAll(); err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	slices.SortStableFunc(tables, func(a, b *table) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.name, b.name)) })
	return tables, nil
}

// number reads what the server wrote.
func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// readColumns fills in the columns of the tables.
func readColumns(ctx context.Context, conn *pgconn.PgConn, tables []*table) error {
	byOID := map[uint32]*table{}
	oids := make([]string, len(tables))
	for i, t := range tables {
		byOID[t.oid] = t
		oids[i] = strconv.FormatUint(uint64(t.oid), 10)
	}
	rows, err := catalog.Rows(ctx, conn, columnsQuery, "{"+strings.Join(oids, ",")+"}")
	if err != nil {
		return fmt.Errorf("columns: %w", err)
	}
	for _, r := range rows {
		t := byOID[uint32(number(r[0]))]
		t.columns = append(t.columns, column{name: r[1], variable: r[2] == "t", octets: r[3] == "t", typ: r[4]})
	}
	return nil
}

const (
	// largestValue is what a value may take in a row that is read: memory is bounded by it.
	largestValue = 16 << 20
	// enoughTables and enoughShare are how much of the database stands for the rest: with the tail of small tables the round
	// trips would be measured.
	enoughTables = 50
	enoughShare  = 0.95
)

// choose takes the largest tables that can be read, until they hold most of the bytes.
func choose(tables []*table, standby bool) (chosen []*table, unreadable int) {
	total := int64(0)
	var open []*table
	for _, t := range tables {
		switch {
		case standby && t.unlogged: // it has no rows there
		case !t.readable:
			unreadable++
		case t.bytes > 0:
			open = append(open, t)
			total += t.bytes
		}
	}
	sum := int64(0)
	for _, t := range open {
		if len(chosen) == enoughTables || float64(sum) >= enoughShare*float64(total) {
			break
		}
		chosen = append(chosen, t)
		sum += t.bytes
	}
	return chosen, unreadable
}

// names lists the columns for a COPY. asSampled casts those that have to travel as text.
func (t *table) list(asSampled bool) string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
		if asSampled && c.typ == "" {
			names[i] += "::pg_catalog.text"
		}
	}
	return strings.Join(names, ", ")
}

// small is the condition that a row has no value above largestValue, "" where there can't be one, unless always. Neither
// function reads the value itself.
func (t *table) small(always bool) string {
	if t.toast < largestValue/4 && !always { // what compresses to less than a quarter is rare enough
		return ""
	}
	var terms []string
	for _, c := range t.columns {
		if !c.variable {
			continue
		}
		size := "pg_catalog.pg_column_size"
		if c.octets {
			size = "pg_catalog.octet_length"
		}
		terms = append(terms, fmt.Sprintf("coalesce(%s(%s), 0) <= %d", size, c.name, largestValue))
	}
	return strings.Join(terms, " AND ")
}
