package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// MissingRoles gives those of the names that are no roles of the server.
func MissingRoles(ctx context.Context, conn *pgconn.PgConn, names []string) ([]string, error) {
	return missing(ctx, conn, "roles", "SELECT rolname FROM pg_catalog.pg_roles", names)
}

func missing(ctx context.Context, conn *pgconn.PgConn, what, known string, names []string) ([]string, error) {
	rows, err := Rows(ctx, conn, `
SELECT n FROM pg_catalog.unnest($1::text[]) AS u (n) WHERE n NOT IN (`+known+`) ORDER BY 1`, TextArray(names))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	missing := make([]string, len(rows))
	for i, r := range rows {
		missing[i] = r[0]
	}
	return missing, nil
}

// TableState names the first table, if any, that is in the way of loading rows into tables that exist.
type TableState struct {
	Missing  string // does not exist
	View     string // is a view: what its triggers do with rows is their affair, and they may be switched off
	NotEmpty string // has rows
	Guarded  string // has foreign keys or triggers that would fire
	// Replica has triggers that fire under session_replication_role = replica.
	Replica string
}

const tablesQuery = `
SELECT n, c.oid IS NULL,
       EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE (tgrelid = c.oid OR c.relkind = 'p' AND tgrelid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))) AND tgenabled IN ('O', 'A')),
       EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE (tgrelid = c.oid OR c.relkind = 'p' AND tgrelid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))) AND tgenabled IN ('R', 'A')),
       (SELECT x.condition
          FROM pg_catalog.pg_extension e, ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) AS x (oid, condition)
         WHERE x.oid = c.oid LIMIT 1),
       CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END, c.relkind IN ('v', 'm')
  FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS u (n, i)
  LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(n)
 ORDER BY i`

// Present gives those of the quoted names that are relations.
func Present(ctx context.Context, conn *pgconn.PgConn, names []string) ([]string, error) {
	rows, err := Rows(ctx, conn, "SELECT n FROM pg_catalog.unnest($1::text[]) AS u (n) WHERE pg_catalog.to_regclass(n) IS NOT NULL ORDER BY 1", TextArray(names))
	if err != nil {
		return nil, fmt.Errorf("relations: %w", err)
	}
	present := make([]string, len(rows))
	for i, r := range rows {
		present[i] = r[0]
	}
	return present, nil
}

// MissingSchemas gives those of the names that are no schemas of the database.
func MissingSchemas(ctx context.Context, conn *pgconn.PgConn, names []string) ([]string, error) {
	return missing(ctx, conn, "schemas", "SELECT nspname FROM pg_catalog.pg_namespace", names)
}

// ReadTables looks at the given tables, quoted names with their schemas. Of an extension's configuration table only the
// rows that belong to the user count.
func ReadTables(ctx context.Context, conn *pgconn.PgConn, names []string) (TableState, error) {
	var s TableState
	rows, err := Rows(ctx, conn, tablesQuery, TextArray(names))
	if err != nil {
		return s, fmt.Errorf("tables: %w", err)
	}
	first := func(found *string, name, yes string) {
		if yes == "t" && *found == "" {
			*found = name
		}
	}
	for _, r := range rows {
		first(&s.Missing, r[0], r[1])
		first(&s.Guarded, r[0], r[2])
		first(&s.Replica, r[0], r[3])
		first(&s.View, r[0], r[6])
	}
	if s.Missing != "" {
		return s, nil
	}
	for _, r := range rows {
		row, err := Row(ctx, conn, "SELECT EXISTS (SELECT FROM "+r[5]+r[0]+" "+r[4]+")")
		if err != nil {
			return s, fmt.Errorf("table %s: %w", r[0], err)
		}
		if first(&s.NotEmpty, r[0], row[0]); s.NotEmpty != "" {
			break
		}
	}
	return s, nil
}

// Unlogged says of each of the tables, quoted names with their schemas, whether a crash empties it or a partition of it.
func Unlogged(ctx context.Context, conn *pgconn.PgConn, names []string) ([]bool, error) {
	rows, err := Rows(ctx, conn, `
SELECT EXISTS (SELECT FROM pg_catalog.pg_class c
                WHERE c.relpersistence = 'u' AND c.relkind = 'r'
                  AND (c.oid = pg_catalog.to_regclass(n) OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass(n)))))
  FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS u (n, i) ORDER BY i`, TextArray(names))
	if err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	unlogged := make([]bool, len(rows))
	for i, r := range rows {
		unlogged[i] = r[0] == "t"
	}
	return unlogged, nil
}

// NotMember gives those of the roles that the current user can't make owner of something.
func NotMember(ctx context.Context, conn *pgconn.PgConn, roles []string, version int) ([]string, error) {
	privilege := "MEMBER"
	if version >= 160000 {
		privilege = "SET"
	}
	rows, err := Rows(ctx, conn,
		"SELECT n FROM pg_catalog.unnest($1::text[]) AS u (n) WHERE NOT pg_catalog.pg_has_role(n, '"+privilege+"') ORDER BY 1", TextArray(roles))
	if err != nil {
		return nil, fmt.Errorf("role membership: %w", err)
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r[0]
	}
	return names, nil
}

// MissingTablespaces gives those of the names that are no tablespaces of the server.
func MissingTablespaces(ctx context.Context, conn *pgconn.PgConn, names []string) ([]string, error) {
	return missing(ctx, conn, "tablespaces", "SELECT spcname FROM pg_catalog.pg_tablespace", names)
}

// ConfigurationRows gives, for each configuration table of an extension that holds rows of the user's own and may be
// read, the DELETE that removes them.
func ConfigurationRows(ctx context.Context, conn *pgconn.PgConn) ([]string, error) {
	tables, err := Rows(ctx, conn, `
SELECT pg_catalog.format('FROM ONLY %s %s', x.oid::pg_catalog.regclass, x.condition)
  FROM pg_catalog.pg_extension e, ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) AS x (oid, condition)
  JOIN pg_catalog.pg_class c ON c.oid = x.oid AND c.relkind = 'r'
 WHERE pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')`)
	if err != nil {
		return nil, fmt.Errorf("extension configuration tables: %w", err)
	}
	var statements []string
	for _, t := range tables {
		row, err := Row(ctx, conn, "SELECT EXISTS (SELECT "+t[0]+")")
		if err != nil {
			return nil, fmt.Errorf("extension configuration tables: %w", err)
		}
		if row[0] == "t" {
			statements = append(statements, "DELETE "+t[0])
		}
	}
	return statements, nil
}

// TextArray writes an array literal of text[].
func TextArray(values []string) string {
	quoted := make([]string, len(values))
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for i, v := range values {
		quoted[i] = `"` + escape.Replace(v) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}
