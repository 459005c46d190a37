package catalog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Layout is what the binary form of a database's rows depends on.
type Layout struct {
	Version            int // server_version_num
	Encoding, Monetary string
	// Tables are by their OIDs, and Types, with those that they hold at any depth, by theirs.
	Tables map[uint32]*TableLayout
	Types  map[uint32]*Type
	// Extensions are the versions of the installed ones.
	Extensions map[string]string
}

// TableLayout is of one table.
type TableLayout struct {
	Name      string // schema and name, both quoted whether they need it or not: keywords differ from version to version
	Extension string // that made it, or ""
	columns   string // as layoutQuery writes them: a hundred thousand tables take less room so
}

// Column is one of a table that is no generated one, or a member of a type.
type Column struct {
	Name string // "" of a member
	Type uint32
	Mod  int32 // typmod
}

// Type is one that a column has, or that another type holds.
type Type struct {
	OID          uint32
	Schema, Name string
	Kind         byte // pg_type.typtype: b, c, d, e, m, p or r
	Array        bool // of any length, of the one type in Inner
	// Sends and Receives say that it has a binary form, out and in.
	Sends, Receives bool
	Extension       string // that made it, or ""
	// Inner are the types of what a value holds: elements, bounds, a domain's base, a row's columns in their order.
	Inner []Column
}

// userTables tells the tables that a dump has rows of, and partitioned ones.
const userTables = `
c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND (c.oid >= 16384 OR c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace))`

const layoutQuery = `
SELECT c.oid, pg_catalog.format('"%s"."%s"', pg_catalog.replace(n.nspname, '"', '""'), pg_catalog.replace(c.relname, '"', '""')),
       (SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
         WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e' LIMIT 1),
       (SELECT pg_catalog.string_agg(pg_catalog.format('%s %s "%s"', a.atttypid::oid, a.atttypmod, pg_catalog.replace(a.attname, '"', '""')), ' ' ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE ` + userTables

// innerTypes are what a value of type t holds, in order. Types of a fixed length with an element, such as name and point,
// hold only themselves. pg_range has no multiranges before 14.
const innerTypes = `(
    SELECT 1, t.typbasetype, t.typtypmod WHERE t.typtype = 'd'
    UNION ALL SELECT 1, t.typelem, -1 WHERE t.typtype = 'b' AND t.typelem <> 0 AND t.typlen = -1
    UNION ALL SELECT 1, r.rngsubtype, -1 FROM pg_catalog.pg_range r WHERE t.typtype = 'r' AND r.rngtypid = t.oid
    UNION ALL SELECT 1, r.rngtypid, -1 FROM pg_catalog.pg_range r WHERE t.typtype = 'm' AND pg_catalog.to_jsonb(r) ->> 'rngmultitypid' = t.oid::text
    UNION ALL SELECT a.attnum, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a
               WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS i (place, oid, mod)`

// $1 are the types of columns. UNION ends the search where a row type holds itself, in an array.
const typesQuery = `
WITH RECURSIVE used (oid) AS (
    SELECT pg_catalog.unnest($1::oid[])
    UNION SELECT i.oid FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid CROSS JOIN LATERAL ` + innerTypes + `)
SELECT t.oid, n.nspname, t.typname, t.typtype, t.oid = (SELECT e.typarray FROM pg_catalog.pg_type e WHERE e.oid = t.typelem), t.typsend <> 0, t.typreceive <> 0, e.extname,
       (SELECT pg_catalog.string_agg(pg_catalog.format('%s %s ""', i.oid, i.mod), ' ' ORDER BY i.place) FROM ` + innerTypes + `)
  FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN LATERAL (
    SELECT d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
    UNION ALL SELECT d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = t.typrelid AND d.objsubid = 0 AND d.deptype = 'e'
     LIMIT 1) d ON true
  LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid`

// ReadLayout reads the layout of a database, as a session on it sees settings; without tables, only these.
func ReadLayout(ctx context.Context, conn *pgconn.PgConn, tables bool) (*Layout, error) {
	row, err := Row(ctx, conn, `
SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.getdatabaseencoding(), pg_catalog.current_setting('lc_monetary')`)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	l := &Layout{Encoding: row[1], Monetary: row[2], Tables: map[uint32]*TableLayout{}, Types: map[uint32]*Type{}, Extensions: map[string]string{}}
	l.Version, _ = strconv.Atoi(row[0]) // the server wrote it
	if !tables {
		return l, nil
	}
	used, err := l.readTables(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("columns: %w", err)
	}
	rows, err := Rows(ctx, conn, typesQuery, oidArray(used))
	if err != nil {
		return nil, fmt.Errorf("types: %w", err)
	}
	for _, r := range rows {
		t := &Type{
			OID: parseOID(r[0]), Schema: r[1], Name: r[2], Kind: r[3][0], Array: r[4] == "t", Sends: r[5] == "t", Receives: r[6] == "t",
			Extension: r[7], Inner: parseColumns(r[8]),
		}
		l.Types[t.OID] = t
	}
	extensions, err := Extensions(ctx, conn)
	if err != nil {
		return nil, err
	}
	for _, e := range extensions {
		l.Extensions[e.Name] = e.Version
	}
	return l, nil
}

// readTables gives the types of their columns, each once.
func (l *Layout) readTables(ctx context.Context, conn *pgconn.PgConn) ([]uint32, error) {
	same := map[string]string{} // partitions have the same columns, mostly
	var used []uint32
	err := eachRow(ctx, conn, func(r [][]byte) {
		columns, ok := same[string(r[3])]
		if !ok {
			columns = string(r[3])
			same[columns] = columns
			for _, c := range parseColumns(columns) {
				used = append(used, c.Type)
			}
		}
		l.Tables[readOID(r[0])] = &TableLayout{Name: string(r[1]), Extension: string(r[2]), columns: columns}
	}, layoutQuery)
	slices.Sort(used)
	return slices.Compact(used), err
}

// Columns are those of the table, in its order.
func (t *TableLayout) Columns() []Column { return parseColumns(t.columns) }

// NewTableLayout makes one, for who has no database.
func NewTableLayout(name string, columns ...Column) *TableLayout {
	words := make([]string, len(columns))
	for i, c := range columns {
		words[i] = fmt.Sprintf(`%d %d "%s"`, c.Type, c.Mod, strings.ReplaceAll(c.Name, `"`, `""`))
	}
	return &TableLayout{Name: name, columns: strings.Join(words, " ")}
}

// parseColumns reads `23 -1 "id" 1043 14 "a ""name"""`.
func parseColumns(text string) []Column {
	var columns []Column
	for text != "" {
		oid, rest, _ := strings.Cut(text, " ")
		mod, rest, _ := strings.Cut(rest, ` "`)
		end := 0
		for end < len(rest) && (rest[end] != '"' || strings.HasPrefix(rest[end:], `""`)) {
			if rest[end] == '"' {
				end++
			}
			end++
		}
		n, _ := strconv.ParseInt(mod, 10, 32)
		columns = append(columns, Column{Name: strings.ReplaceAll(rest[:min(end, len(rest))], `""`, `"`), Type: parseOID(oid), Mod: int32(n)})
		text = strings.TrimPrefix(rest[min(end+1, len(rest)):], " ")
	}
	return columns
}
