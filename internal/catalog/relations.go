package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Relation is what a plan needs to know about a table beyond its TOC entry.
type Relation struct {
	OID uint32
	// Bytes is about what a COPY of it moves, Rows about how many rows it has.
	Bytes, Rows int64
	// Parent is the partitioned table this is a partition of, or 0.
	Parent uint32
	// Heirs are its children by INHERITS, which are no partitions; Heir says that it is such a child or a partition.
	Heirs []uint32
	Heir  bool
	// Partitioned says that it has no rows itself, but partitions.
	Partitioned bool
	// ForeignBelow says that a partition or child of it is a foreign table, which ANALYZE would ask its server for.
	ForeignBelow bool
	// Unlogged says that a standby does not have its rows.
	Unlogged bool
	// Name is its quoted name with its schema.
	Name string
	// Heap are the bytes of its rows' own pages, if they are a heap's, else 0; TOAST those of its TOAST table.
	Heap, TOAST int64
	// what pg_class says of it: a partition, an ordinary table, one of access method heap
	partition, table, heap bool
	// Filter is the WHERE clause of an extension's configuration table (pg_extension.extcondition), or "".
	Filter string
}

// Source is what the catalogs of a source say, under one snapshot.
type Source struct {
	Relations map[uint32]*Relation
	// Indexes, Keys and ForeignKeys are by their own OIDs, those of pg_class and pg_constraint.
	Indexes     map[uint32]*Index
	Keys        map[uint32]*Key
	ForeignKeys map[uint32]*ForeignKey
	// InvalidIndexes are the names of indexes that a failed or unfinished CREATE INDEX CONCURRENTLY left behind. A dump
	// does not have them.
	InvalidIndexes []string
}

// Children gives the partitions of each partitioned table.
func (s *Source) Children() map[uint32][]uint32 {
	children := map[uint32][]uint32{}
	for _, r := range s.Relations {
		if r.Parent != 0 {
			children[r.Parent] = append(children[r.Parent], r.OID)
		}
	}
	return children
}

const relationsQuery = `
WITH RECURSIVE above (oid) AS (
    SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class f ON f.oid = i.inhrelid WHERE f.relkind = 'f'
    UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN above ON i.inhrelid = above.oid)
SELECT c.oid, c.relispartition, c.relkind = 'r' AND c.relpersistence = 'u',
       c.relnamespace::pg_catalog.regnamespace::text || '.' || pg_catalog.quote_ident(c.relname), c.relkind = 'p',
       c.oid IN (SELECT oid FROM above), c.relkind = 'r', c.relkind = 'r' AND coalesce(a.amname = 'heap', false)
  FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
 WHERE ` + relations

// relations tells those that a source's are made of.
const relations = `
c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't' AND (c.oid >= 16384 OR c.relnamespace <> 'pg_catalog'::regnamespace)`

// sizesQuery is asked where there are no estimates.
var sizesQuery = `
SELECT c.oid, h.size, t.size FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class x ON x.oid = c.reltoastrelid` + sizesOf(false) + `
 WHERE c.relkind IN ('r', 'm') AND` + relations

const inheritsQuery = `SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits ORDER BY 1, 2`

const extensionQuery = `
SELECT u.oid, u.condition
  FROM pg_catalog.pg_extension e, ROWS FROM (unnest(e.extconfig), unnest(e.extcondition)) AS u (oid, condition)
 WHERE e.extconfig IS NOT NULL`

// ReadSource reads the relations of a source in the transaction that conn is in.
func ReadSource(ctx context.Context, conn *pgconn.PgConn) (*Source, error) {
	s := &Source{Relations: map[uint32]*Relation{}}
	err := eachRow(ctx, conn, func(r [][]byte) {
		rel := &Relation{
			OID: readOID(r[0]), partition: isTrue(r[1]), Unlogged: isTrue(r[2]), Name: string(r[3]), Partitioned: isTrue(r[4]),
			ForeignBelow: isTrue(r[5]), table: isTrue(r[6]), heap: isTrue(r[7]),
		}
		s.Relations[rel.OID] = rel
	}, relationsQuery)
	if err != nil {
		return nil, fmt.Errorf("relations: %w", err)
	}
	rows, err := Rows(ctx, conn, extensionQuery)
	if err != nil {
		return nil, fmt.Errorf("extension configuration tables: %w", err)
	}
	for _, r := range rows {
		if rel := s.Relations[parseOID(r[0])]; rel != nil {
			rel.Filter = r[1]
		}
	}
	if rows, err = Rows(ctx, conn, inheritsQuery); err != nil {
		return nil, fmt.Errorf("inheritance: %w", err)
	}
	for _, r := range rows {
		parent, child := s.Relations[parseOID(r[0])], s.Relations[parseOID(r[1])]
		switch {
		case child == nil:
			continue
		case child.partition:
			child.Parent = parseOID(r[0])
		case parent != nil:
			parent.Heirs = append(parent.Heirs, child.OID)
		}
		child.Heir = true
	}
	if err := s.estimate(ctx, conn); err != nil {
		return nil, err
	}
	if err := s.readPostData(ctx, conn); err != nil {
		return nil, err
	}
	return s, nil
}

// estimate fills in the sizes, and what follows from them, as far as the server has what that needs.
func (s *Source) estimate(ctx context.Context, conn *pgconn.PgConn) error {
	estimates, err := Estimates(ctx, conn, slices.Collect(maps.Keys(s.Relations)))
	switch {
	case err != nil && (conn.IsClosed() || ctx.Err() != nil):
		return err
	case err != nil: // a plan can do without
		return s.measure(ctx, conn)
	}
	for oid, r := range s.Relations {
		e := estimates[oid]
		r.Bytes, r.Rows = e.Bytes, e.Rows
		r.measured(e.Heap, e.TOAST)
	}
	return nil
}

// measure takes the sizes in pages for what a COPY moves.
func (s *Source) measure(ctx context.Context, conn *pgconn.PgConn) error {
	err := eachRow(ctx, conn, func(row [][]byte) {
		if r := s.Relations[readOID(row[0])]; r != nil {
			main, toast := readInt(row[1]), readInt(row[2])
			r.Bytes = main + toast
			r.measured(main, toast)
		}
	}, sizesQuery)
	if err != nil {
		return fmt.Errorf("relations: %w", err)
	}
	return nil
}

func (r *Relation) measured(main, toast int64) {
	if r.heap {
		r.Heap = main
	}
	if r.table {
		r.TOAST = toast
	}
}

// Rewritten names those of the given relations, OIDs beside their quoted names, that are no longer what the reading
// transaction's snapshot sees. Either the storage is another: a TRUNCATE or a rewriting ALTER committed after the
// snapshot was taken, and the snapshot would read an empty table without an error (FACTS.md 1). Or the name is: a COPY,
// which goes by name, would read another table; renaming a schema takes no lock on the tables in it. The relations must be
// locked.
func Rewritten(ctx context.Context, conn *pgconn.PgConn, oids []uint32, names []string) ([]string, error) {
	rows, err := Rows(ctx, conn, `
SELECT o.name
  FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS o (oid, name) LEFT JOIN pg_catalog.pg_class c ON c.oid = o.oid
 WHERE pg_catalog.to_regclass(o.name)::oid IS DISTINCT FROM o.oid
    OR c.relkind IN ('r', 'm') AND c.relfilenode <> 0
       AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)`, oidArray(oids), TextArray(names))
	if err != nil {
		return nil, fmt.Errorf("relation filenodes: %w", err)
	}
	changed := make([]string, len(rows))
	for i, r := range rows {
		changed[i] = r[0]
	}
	return changed, nil
}

// RowSecurity names those of the given tables of which the role sees, by their policies, perhaps not all rows. Reading
// them with row_security off is an error.
func RowSecurity(ctx context.Context, conn *pgconn.PgConn, oids []uint32) ([]string, error) {
	rows, err := Rows(ctx, conn, `
SELECT o::pg_catalog.regclass FROM pg_catalog.unnest($1::oid[]) AS u (o) WHERE pg_catalog.row_security_active(o) ORDER BY 1`, oidArray(oids))
	if err != nil {
		return nil, fmt.Errorf("row-level security: %w", err)
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r[0]
	}
	return names, nil
}

// ExclusiveLocks describes the sessions that hold or wait for ACCESS EXCLUSIVE on one of the relations, or on any user
// table if there are none given; "" if there is none, or it can't be seen.
func ExclusiveLocks(ctx context.Context, conn *pgconn.PgConn, oids []uint32) string {
	rows, err := Rows(ctx, conn, `
SELECT DISTINCT a.pid, a.application_name, coalesce(a.usename, '?'), coalesce(a.state, '?'), pg_catalog.upper(pg_catalog.split_part(a.query, ' ', 1))
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND (l.relation = ANY ($1::oid[]) OR $1::oid[] = '{}' AND l.relation >= 16384)`, oidArray(oids))
	if err != nil {
		return "" // only an explanation is lost
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = fmt.Sprintf("pid %s (%q, user %s, %s: %s)", r[0], r[1], r[2], r[3], r[4])
	}
	return strings.Join(names, "; ")
}

func oidArray(oids []uint32) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, o := range oids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(o), 10))
	}
	b.WriteByte('}')
	return b.String()
}
