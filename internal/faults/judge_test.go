package faults

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// contents is what a database holds: for each table rows and an order-free digest, the large objects, the sequences, and
// the schema as lines of the catalogs' own words.
type contents struct {
	tables    map[string]string
	sequences map[string]int64 // what the next value will be above
	schema    []string
}

// userSchemas are those that are judged. The program's own is judged by whether it is there.
const userSchemas = `n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '_pgsluice')`

const tableQueries = `
SELECT format('SELECT %L AS name, count(*) || '' rows, '' || coalesce(sum(pg_catalog.hashtextextended(t::text, 0)::numeric), 0) AS digest FROM ONLY %I.%I t',
              n.nspname || '.' || c.relname, n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND c.relispopulated AND ` + userSchemas

const objectDigests = `
SELECT 'large object ' || m.oid, pg_get_userbyid(lomowner) || ' ' || coalesce(lomacl::text, '') || ' ' || coalesce(obj_description(m.oid, 'pg_largeobject'), '') || ' ' ||
       (SELECT md5(string_agg(pageno || ':' || md5(l.data), ',' ORDER BY pageno)) FROM pg_largeobject l WHERE l.loid = m.oid)
  FROM pg_largeobject_metadata m`

const sequenceQueries = `
SELECT format('SELECT %L, CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND ` + userSchemas

const schemaLines = `
SELECT concat_ws(' ', 'relation', c.oid::regclass, relkind, relpersistence, pg_get_userbyid(relowner), relrowsecurity, relispopulated, pg_get_expr(relpartbound, c.oid),
       (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(relacl) a), obj_description(c.oid, 'pg_class'), CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END)
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE ` + userSchemas + `
UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attname, attnum, format_type(atttypid, atttypmod), attnotnull, attidentity, attstorage, attgenerated, attacl::text,
       col_description(attrelid, attnum), (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum))
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE attnum > 0 AND NOT attisdropped AND ` + userSchemas + `
UNION ALL SELECT concat_ws(' ', 'index', indexrelid::regclass, pg_get_indexdef(indexrelid), indisvalid, indisready, indisprimary, (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = indexrelid))
  FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE ` + userSchemas + `
UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, contypid::regtype, CASE WHEN conparentid = 0 THEN conname END, pg_get_constraintdef(k.oid), convalidated, coninhcount)
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = connamespace WHERE ` + userSchemas + `
UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE NOT tgisinternal AND ` + userSchemas + `
UNION ALL SELECT concat_ws(' ', 'function', pg_get_functiondef(p.oid), pg_get_userbyid(proowner), proacl::text) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE ` + userSchemas + `
UNION ALL SELECT concat_ws(' ', 'type', t.oid::regtype, typtype, pg_get_userbyid(typowner), (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
  FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE ` + userSchemas + `
UNION ALL SELECT concat_ws(' ', 'policy', polname, polrelid::regclass, polcmd, pg_get_expr(polqual, polrelid)) FROM pg_policy
UNION ALL SELECT concat_ws(' ', 'statistics', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext
UNION ALL SELECT concat_ws(' ', 'sequence', seqrelid::regclass, seqstart, seqincrement, seqtypid::regtype, (SELECT refobjid::regclass || '.' || refobjsubid FROM pg_depend WHERE objid = seqrelid AND deptype IN ('a', 'i') AND refobjsubid > 0)) FROM pg_sequence
UNION ALL SELECT concat_ws(' ', 'schema', nspname, pg_get_userbyid(nspowner), nspacl::text, obj_description(n.oid, 'pg_namespace')) FROM pg_namespace n WHERE ` + userSchemas

// read takes the contents over conn, in the snapshot of its transaction if it has begun one.
func read(ctx context.Context, conn *pgx.Conn) (c contents, err error) {
	if c.tables, err = pairs[string](ctx, conn, tableQueries); err != nil {
		return c, err
	}
	objects, err := pairsOf[string](ctx, conn, objectDigests)
	if err != nil {
		return c, err
	}
	maps.Copy(c.tables, objects)
	if c.sequences, err = pairs[int64](ctx, conn, sequenceQueries); err != nil {
		return c, err
	}
	rows, err := conn.Query(ctx, schemaLines)
	if err != nil {
		return c, err
	}
	c.schema, err = pgx.CollectRows(rows, pgx.RowTo[string])
	slices.Sort(c.schema)
	return c, err
}

// pairs runs the queries that a query makes, all in one.
func pairs[V any](ctx context.Context, conn *pgx.Conn, queries string) (map[string]V, error) {
	rows, err := conn.Query(ctx, queries)
	if err != nil {
		return nil, err
	}
	parts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(parts) == 0 {
		return map[string]V{}, err
	}
	return pairsOf[V](ctx, conn, strings.Join(parts, "\nUNION ALL "))
}

func pairsOf[V any](ctx context.Context, conn *pgx.Conn, sql string) (map[string]V, error) {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	all := map[string]V{}
	var name string
	var value V
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		all[name] = value
		return nil
	})
	return all, err
}

// readFrom opens a session of its own. Its search_path is empty, so that all names are whole.
func readFrom(ctx context.Context, url string) (contents, error) {
	conn, err := openJudge(ctx, url)
	if err != nil {
		return contents{}, err
	}
	defer conn.Close(ctx)
	return read(ctx, conn)
}

func openJudge(ctx context.Context, url string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "SET search_path = ''; SET extra_float_digits = 3; SET timezone = 'UTC'")
	return conn, err
}

// differences are those of got from what it may be: each table must be as in one of want. Rows of the tables in except are
// not compared. moving says that sequences went on meanwhile: then got's must not be behind.
func differences(got contents, want []contents, except []string, moving bool) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(want[0].tables)) {
		digest, there := got.tables[name]
		matches := func(w contents) bool { return w.tables[name] == digest }
		switch {
		case slices.Contains(except, name):
		case !there:
			all = append(all, name+": is missing")
		case !slices.ContainsFunc(want, matches):
			all = append(all, fmt.Sprintf("%s: %s, not %s", name, digest, want[0].tables[name]))
		}
	}
	for name := range got.tables {
		if _, there := want[0].tables[name]; !there {
			all = append(all, name+": is too many")
		}
	}
	for name, value := range want[0].sequences {
		if n := got.sequences[name]; n < value || n > value && !moving {
			all = append(all, fmt.Sprintf("sequence %s: %d, not %d", name, n, value))
		}
	}
	for _, line := range want[0].schema {
		if _, there := slices.BinarySearch(got.schema, line); !there {
			all = append(all, "missing: "+line)
		}
	}
	for _, line := range got.schema {
		if _, there := slices.BinarySearch(want[0].schema, line); !there {
			all = append(all, "too many: "+line)
		}
	}
	return all
}
