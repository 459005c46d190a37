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
WITH wanted AS (
  SELECT c.oid, c.relkind, c.relnamespace, n.nspname, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS visible
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
          OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig))))
SELECT DISTINCT 'n', pg_catalog.quote_ident(nspname) FROM wanted WHERE NOT visible
UNION ALL
SELECT CASE relkind WHEN 'S' THEN 'S' ELSE 'r' END, name FROM wanted
 WHERE visible AND NOT CASE relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(oid, 'SELECT') ELSE pg_catalog.has_table_privilege(oid, 'SELECT') END
UNION ALL
SELECT 'P', name FROM wanted WHERE relkind = 'r' AND pg_catalog.row_security_active(oid)
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
