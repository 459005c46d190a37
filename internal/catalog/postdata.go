package catalog

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// Index is an index as the source has it: what building it again will be like.
type Index struct {
	Table  uint32
	Method string // access method: btree, gin, …
	Bytes  int64
}

// Key is a primary key, unique or exclusion constraint.
type Key struct {
	Index uint32
	// Definition is the CREATE UNIQUE INDEX statement of its index, or "" if the constraint can't be made of an index that is
	// there already: on partitioned tables, without overlaps, with an order or operator class that is not the default, exclusions
	// (transformIndexConstraint; FACTS.md 23).
	Definition           string
	Name                 string // of the index, without schema
	Deferrable, Deferred bool
}

// ForeignKey is a foreign key that a dump writes down: those that partitions inherit are not among them.
type ForeignKey struct {
	Table, Referenced uint32
	// Orphans is a query for the rows that have no referenced row, as RI_Initial_Check looks for them; "" for a temporal key.
	Orphans string
}

// relpages, and not pg_relation_size, which would wait for a REINDEX.
const indexesQuery = `
SELECT i.indexrelid, i.indrelid, a.amname, c.relpages::int8 * pg_catalog.current_setting('block_size')::int8, i.indisvalid OR c.relkind = 'I', n.nspname || '.' || c.relname
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am a ON a.oid = c.relam
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid >= 16384 AND c.relpersistence <> 't' AND c.relnamespace <> 'pg_toast'::pg_catalog.regnamespace
 ORDER BY 6`

// The second part of the condition is what ADD CONSTRAINT … USING INDEX asks of an index.
const keysQuery = `
SELECT k.oid, k.conindid, k.condeferrable, k.condeferred, c.relname,
       CASE WHEN k.contype <> 'x' AND t.relkind = 'r' AND a.amname = 'btree' AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
                 AND NOT EXISTS (SELECT
                       FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS g (n)
                       JOIN pg_catalog.pg_attribute att ON att.attrelid = i.indrelid AND att.attnum = i.indkey[g.n]
                       JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[g.n]
                      WHERE i.indoption[g.n] <> 0 OR i.indcollation[g.n] <> att.attcollation OR NOT o.opcdefault)
            THEN pg_catalog.pg_get_indexdef(i.indexrelid) END
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_class t ON t.oid = k.conrelid
  JOIN pg_catalog.pg_am a ON a.oid = c.relam
 WHERE k.contype IN ('p', 'u', 'x') AND k.oid >= 16384`

const foreignKeysQuery = `
SELECT k.oid, k.conrelid, k.confrelid,
       CASE WHEN NOT coalesce((pg_catalog.to_jsonb(k) ->> 'conperiod')::bool, false) THEN
       pg_catalog.format('SELECT fk.* FROM %s%s fk LEFT JOIN %s%s pk ON %s WHERE pk.%I IS NULL AND (%s)',
         CASE WHEN t.relkind = 'p' THEN '' ELSE 'ONLY ' END, k.conrelid::pg_catalog.regclass,
         CASE WHEN r.relkind = 'p' THEN '' ELSE 'ONLY ' END, k.confrelid::pg_catalog.regclass,
         (SELECT pg_catalog.string_agg(pg_catalog.format('pk.%I OPERATOR(%I.%s) fk.%I', p.attname, n.nspname, o.oprname, f.attname) ||
                     CASE WHEN p.attcollation <> f.attcollation THEN pg_catalog.format(' COLLATE %I.%I', ln.nspname, l.collname) ELSE '' END, ' AND ' ORDER BY c.ord)
            FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) WITH ORDINALITY AS c (own, other, op, ord)
            JOIN pg_catalog.pg_attribute f ON f.attrelid = k.conrelid AND f.attnum = c.own
            JOIN pg_catalog.pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = c.other
            JOIN pg_catalog.pg_operator o ON o.oid = c.op JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
            LEFT JOIN pg_catalog.pg_collation l ON l.oid = p.attcollation LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace),
         (SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = k.confrelid AND attnum = k.confkey[1]),
         (SELECT pg_catalog.string_agg(pg_catalog.format('fk.%I IS NOT NULL', attname), CASE k.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END)
            FROM pg_catalog.pg_attribute WHERE attrelid = k.conrelid AND attnum = ANY (k.conkey))) END
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class t ON t.oid = k.conrelid JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
 WHERE k.contype = 'f' AND k.conparentid = 0`

// readPostData fills in what there is to know about indexes, keys and foreign keys.
func (s *Source) readPostData(ctx context.Context, conn *pgconn.PgConn) error {
	s.Indexes, s.Keys, s.ForeignKeys = map[uint32]*Index{}, map[uint32]*Key{}, map[uint32]*ForeignKey{}
	rows, err := Rows(ctx, conn, indexesQuery)
	if err != nil {
		return fmt.Errorf("indexes: %w", err)
	}
	for _, r := range rows {
		bytes, _ := strconv.ParseInt(r[3], 10, 64)
		s.Indexes[parseOID(r[0])] = &Index{Table: parseOID(r[1]), Method: r[2], Bytes: bytes}
		if r[4] != "t" {
			s.InvalidIndexes = append(s.InvalidIndexes, r[5])
		}
	}
	if rows, err = Rows(ctx, conn, keysQuery); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	for _, r := range rows {
		s.Keys[parseOID(r[0])] = &Key{Index: parseOID(r[1]), Deferrable: r[2] == "t", Deferred: r[3] == "t", Name: r[4], Definition: r[5]}
	}
	if rows, err = Rows(ctx, conn, foreignKeysQuery); err != nil {
		return fmt.Errorf("foreign keys: %w", err)
	}
	for _, r := range rows {
		s.ForeignKeys[parseOID(r[0])] = &ForeignKey{Table: parseOID(r[1]), Referenced: parseOID(r[2]), Orphans: r[3]}
	}
	return nil
}
