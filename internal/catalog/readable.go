package catalog

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// Unreadable is what the role may not read of what a copy takes. Names are quoted.
type Unreadable struct {
	Schemas           []string // without USAGE, with tables or sequences in them
	Tables, Sequences []string // without SELECT, in other schemas
	LargeObjects      int      // without SELECT
	// Policies are tables of which row-level security may hide rows from the role.
	Policies []string
}

// What an extension owns is not dumped, but for its configuration tables.
const unreadableQuery = `
WITH owned AS (
  SELECT d.objid FROM pg_catalog.pg_depend d
   WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
  EXCEPT SELECT pg_catalog.unnest(e.extconfig) FROM pg_catalog.pg_extension e),
wanted AS NOT MATERIALIZED (
  SELECT c.oid, c.relkind, c.relname, c.relrowsecurity, n.nspname, n.visible
    FROM pg_catalog.pg_class c JOIN (
         SELECT oid, nspname, pg_catalog.has_schema_privilege(oid, 'USAGE') AS visible FROM pg_catalog.pg_namespace
          WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' OFFSET 0) AS n ON n.oid = c.relnamespace
   WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND c.oid NOT IN (SELECT objid FROM owned))
SELECT CASE WHEN NOT visible THEN 'n' WHEN relkind = 'S' THEN 'S' ELSE 'r' END,
       pg_catalog.quote_ident(nspname) || CASE WHEN visible THEN '.' || pg_catalog.quote_ident(relname) ELSE '' END
  FROM wanted
 WHERE NOT CASE WHEN NOT visible THEN false WHEN relkind = 'S' THEN pg_catalog.has_sequence_privilege(oid, 'SELECT') ELSE pg_catalog.has_table_privilege(oid, 'SELECT') END
UNION
SELECT 'P', pg_catalog.quote_ident(nspname) || '.' || pg_catalog.quote_ident(relname)
  FROM wanted WHERE relkind = 'r' AND relrowsecurity AND pg_catalog.row_security_active(oid)
 ORDER BY 1, 2`

const largeObjectsQuery = `
SELECT count(*) FROM pg_catalog.pg_largeobject_metadata m
 WHERE NOT pg_catalog.current_setting('lo_compat_privileges')::pg_catalog.bool AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')
   AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(m.lomacl) a
                    WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))`

// ReadUnreadable looks for it without touching a table.
func ReadUnreadable(ctx context.Context, conn *pgconn.PgConn) (*Unreadable, error) {
	rows, err := Rows(ctx, conn, unreadableQuery)
	if err != nil {
		return nil, fmt.Errorf("privileges: %w", err)
	}
	u := &Unreadable{}
	for _, r := range rows {
		list := map[string]*[]string{"n": &u.Schemas, "r": &u.Tables, "S": &u.Sequences, "P": &u.Policies}[r[0]]
		*list = append(*list, r[1])
	}
	row, err := Row(ctx, conn, largeObjectsQuery)
	if err != nil {
		return nil, fmt.Errorf("privileges on large objects: %w", err)
	}
	u.LargeObjects, _ = strconv.Atoi(row[0])
	return u, nil
}
