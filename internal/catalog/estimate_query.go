package catalog

import "strings"

// countsQuery reads, for each table among the relations $1: its OID, seven counts of its heap and as many of its TOAST table.
func countsQuery(files bool) string {
	return `
SELECT c.oid, ` + countsOf("c", "h.size") + `, ` + countsOf("x", "t.size") + `
  FROM pg_catalog.unnest($1::oid[]) AS o (oid)
  JOIN pg_catalog.pg_class c ON c.oid = o.oid
  LEFT JOIN pg_catalog.pg_class x ON x.oid = c.reltoastrelid` + sizesOf(files) + `
 WHERE c.relkind IN ('r', 'm')`
}

// sizesOf joins the sizes of a table c and of its TOAST table x, as h and t. They are those of files: each is read once, and that
// of a TOAST table only if the table has rows. pg_relation_size opens the relation, which takes a server ten times as long as a look at
// the file, and memory that it keeps. files says that the role may look; a file of 1 GB is not the last.
func sizesOf(files bool) string {
	look := func(c string) string {
		size := "pg_catalog.pg_relation_size(" + c + ".oid)"
		if files {
			heap := "2" // HEAP_TABLE_AM_OID: only of a heap is it known where its pages are
			size = "CASE WHEN " + c + ".relam = " + heap + " THEN (SELECT CASE WHEN f.size < 1 << 30 THEN f.size END FROM pg_catalog.pg_stat_file(pg_catalog.pg_relation_filepath(" + c + ".oid), true) AS f) END, " + size
		}
		return "coalesce(" + size + ", 0)"
	}
	return `
 CROSS JOIN LATERAL (SELECT CASE WHEN c.relkind IN ('r', 'm') THEN ` + look("c") + ` ELSE 0 END AS size OFFSET 0) AS h
 CROSS JOIN LATERAL (SELECT CASE WHEN h.size > 0 AND x.oid IS NOT NULL THEN ` + look("x") + ` ELSE 0 END AS size OFFSET 0) AS t`
}

// mayLook asks whether the role may look at files.
const mayLook = `SELECT pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text, bool)', 'EXECUTE')`

// countsOf are seven counts of a row of pg_class, NULL or 0 without one. Of a file without a page nobody need ask the statistics.
func countsOf(c, size string) string {
	return strings.NewReplacer("@", c, "#", size).Replace(`
       #, pg_catalog.current_setting('block_size'), @.relpages, @.reltuples,
       CASE WHEN # > 0 THEN pg_catalog.pg_stat_get_live_tuples(@.oid) END, CASE WHEN # > 0 THEN pg_catalog.pg_stat_get_dead_tuples(@.oid) END,
       # > 0 AND coalesce(pg_catalog.pg_stat_get_last_vacuum_time(@.oid), pg_catalog.pg_stat_get_last_autovacuum_time(@.oid),
                          pg_catalog.pg_stat_get_last_analyze_time(@.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(@.oid)) IS NOT NULL`)
}

// columnsQuery reads, for each of the tables $1 that has columns: its OID and five sums over them (see storage).
//
// pg_stats is read once for all tables and joined by hash: it goes by names and checks privileges row by row, and no
// index helps. Only of the largest tables, $2, are the values that ANALYZE kept looked at, to measure how long the text
// of a number or a time is: they are most of what pg_stats weighs.
const columnsQuery = `
WITH t AS MATERIALIZED (
  SELECT c.oid, n.nspname, c.relname
    FROM pg_catalog.unnest($1::oid[]) AS o (oid)
    JOIN pg_catalog.pg_class c ON c.oid = o.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace),
s AS MATERIALIZED (
  SELECT schemaname, tablename, attname, null_frac, avg_width,
         CASE WHEN large THEN most_common_vals END AS common, CASE WHEN large THEN most_common_freqs END AS freqs,
         CASE WHEN large THEN histogram_bounds END AS bounds
    FROM (SELECT *, (schemaname, tablename) IN (SELECT nspname, relname FROM t WHERE oid = ANY ($2::oid[])) AS large
            FROM pg_catalog.pg_stats WHERE NOT inherited) AS stats),
a AS (
  SELECT a.attrelid, a.attlen, a.attstorage, coalesce(s.null_frac, 0) AS nulls, s.avg_width AS width, y.typname,
         a.attlen < 0 AND s.avg_width IS NULL AS unknown,
         CASE WHEN y.typcategory = 'S' AND a.atttypmod BETWEEN 5 AND 1004 THEN a.atttypmod - 4 END AS most,
         CASE y.typname WHEN 'bytea' THEN 2 WHEN 'geometry' THEN 2 WHEN 'geography' THEN 2 WHEN 'vector' THEN 2.7 WHEN 'halfvec' THEN 4
         END AS inflation,
         m.of_common, m.of_others, least(m.share / nullif(1 - s.null_frac, 0), 1) AS share,
         CASE WHEN y.typtype = 'e' THEN 8
              WHEN y.typname IN ('bool', 'char') THEN 1
              WHEN y.typname = 'int2' THEN 3
              WHEN y.typname IN ('int4', 'oid', 'xid', 'cid') THEN 6
              WHEN y.typname IN ('int8', 'float4', 'tid', 'money', 'xid8') THEN 8
              WHEN y.typname IN ('date', 'pg_lsn') THEN 10
              WHEN y.typname IN ('time', 'timetz', 'interval') THEN 15
              WHEN y.typname IN ('float8', 'macaddr') THEN 17
              WHEN y.typname = 'name' THEN 20
              WHEN y.typname = 'timestamp' THEN 26
              WHEN y.typname = 'timestamptz' THEN 29
              WHEN y.typname = 'uuid' THEN 36
              WHEN y.typname = 'numeric' THEN (s.avg_width - 3) * 1.5
              WHEN y.typname IN ('bit', 'varbit') THEN (s.avg_width - 5) * 8
              WHEN y.typname IN ('inet', 'cidr') THEN 13
              WHEN a.attlen > 0 THEN a.attlen * 1.5
         END AS typical
    FROM t
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
    JOIN pg_catalog.pg_type y ON y.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
    LEFT JOIN s ON s.schemaname = t.nspname AND s.tablename = t.relname AND s.attname = a.attname
    LEFT JOIN LATERAL (
      SELECT (SELECT pg_catalog.sum(f) FROM pg_catalog.unnest(s.freqs) AS u (f)) AS share,
             pg_catalog.octet_length(pg_catalog.array_to_string(s.common, ''))::float8 / pg_catalog.array_length(s.common, 1) AS of_common,
             pg_catalog.octet_length(pg_catalog.array_to_string(s.bounds, ''))::float8 / pg_catalog.array_length(s.bounds, 1) AS of_others
    ) AS m ON y.typcategory IN ('N', 'D', 'T', 'E', 'I', 'V')),
w AS (
  SELECT *, coalesce(CASE WHEN of_common IS NULL THEN of_others
                          WHEN of_others IS NULL THEN of_common
                          ELSE share * of_common + (1 - share) * of_others END,
                     typical,
                     -- the length is stored in one byte, or in four
                     CASE WHEN width > 127 THEN width - 4 ELSE width - 1 END * coalesce(inflation, 1)) AS chars
    FROM a),
sums AS (
  SELECT attrelid,
         pg_catalog.sum(1 + CASE WHEN unknown THEN 0 ELSE (1 - nulls) * greatest(chars, 0) + nulls * 2 END) AS text,
         pg_catalog.sum(CASE WHEN unknown THEN 0 ELSE (1 - nulls) * coalesce(width, attlen) END) AS binary,
         pg_catalog.sum(CASE WHEN NOT unknown THEN 0 WHEN most < 32 THEN most ELSE 32 + coalesce(most - 32, 0) / 2 END) AS guess,
         pg_catalog.count(*) FILTER (WHERE unknown) AS unknown,
         -- text that is compressed loses a third at least, or it would not be compressed
         pg_catalog.avg(coalesce(inflation, CASE WHEN attstorage = 'e' THEN 1 ELSE 1.5 END))
           FILTER (WHERE attlen = -1 AND attstorage IN ('e', 'x') AND most IS NULL) AS inflation
    FROM w GROUP BY attrelid)
SELECT s.attrelid, s.text, s.binary, s.guess, s.unknown, s.inflation FROM sums s`
