package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// MissingRoles gives those of the names that are no roles of the server.
func MissingRoles(ctx context.Context, conn *pgconn.PgConn, names []string) ([]string, error) {
	rows, err := Rows(ctx, conn, `
SELECT n FROM pg_catalog.unnest($1::text[]) AS u (n) WHERE n NOT IN (SELECT rolname FROM pg_catalog.pg_roles) ORDER BY 1`, textArray(names))
	if err != nil {
		return nil, fmt.Errorf("roles: %w", err)
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
	NotEmpty string // has rows
	Guarded  string // has foreign keys or triggers that would fire
}

// ReadTables looks at the given tables, quoted names with their schemas.
func ReadTables(ctx context.Context, conn *pgconn.PgConn, names []string) (TableState, error) {
	var s TableState
	rows, err := Rows(ctx, conn, `
SELECT n, pg_catalog.to_regclass(n) IS NULL,
       EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = pg_catalog.to_regclass(n) AND tgenabled NOT IN ('D', 'R'))
  FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS u (n, i) ORDER BY i`, textArray(names))
	if err != nil {
		return s, fmt.Errorf("tables: %w", err)
	}
	for _, r := range rows {
		if r[1] == "t" && s.Missing == "" {
			s.Missing = r[0]
		}
		if r[2] == "t" && s.Guarded == "" {
			s.Guarded = r[0]
		}
	}
	if s.Missing != "" {
		return s, nil
	}
	for _, name := range names {
		row, err := Row(ctx, conn, "SELECT EXISTS (SELECT FROM ONLY "+name+")")
		if err != nil {
			return s, fmt.Errorf("table %s: %w", name, err)
		}
		if row[0] == "t" {
			s.NotEmpty = name
			break
		}
	}
	return s, nil
}

// textArray writes an array literal of text[].
func textArray(values []string) string {
	quoted := make([]string, len(values))
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for i, v := range values {
		quoted[i] = `"` + escape.Replace(v) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}
