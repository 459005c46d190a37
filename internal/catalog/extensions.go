package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// Extension is one that a database has.
type Extension struct{ Name, Version, Schema string }

// Extensions lists those of a database, by name. plpgsql, which each database begins with, is not among them.
func Extensions(ctx context.Context, conn *pgconn.PgConn) ([]Extension, error) {
	rows, err := Rows(ctx, conn, `
SELECT e.extname, e.extversion, n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname <> 'plpgsql' ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("extensions: %w", err)
	}
	extensions := make([]Extension, len(rows))
	for i, r := range rows {
		extensions[i] = Extension{Name: r[0], Version: r[1], Schema: r[2]}
	}
	return extensions, nil
}

// Offer is what a server has of an extension.
type Offer struct {
	Installed string // version in this database, "" if it is not there
	Schema    string // that it is installed in
	Default   string // version that CREATE EXTENSION makes, "" if the server does not have it
	// Untrusted says that only a superuser may create the default version.
	Untrusted bool
}

// Offers looks the named extensions up, installed or on the server's disk.
func Offers(ctx context.Context, conn *pgconn.PgConn, names []string) (map[string]Offer, error) {
	rows, err := Rows(ctx, conn, `
SELECT u.n, e.extversion, s.nspname, a.default_version,
       EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions v
                WHERE v.name = u.n AND v.version = a.default_version AND v.superuser
                  AND NOT coalesce((pg_catalog.to_jsonb(v) ->> 'trusted')::pg_catalog.bool, false)) -- not before 13
  FROM pg_catalog.unnest($1::pg_catalog.text[]) AS u (n)
  LEFT JOIN pg_catalog.pg_extension e ON e.extname = u.n LEFT JOIN pg_catalog.pg_namespace s ON s.oid = e.extnamespace
  LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = u.n`, TextArray(names))
	if err != nil {
		return nil, fmt.Errorf("available extensions: %w", err)
	}
	offers := make(map[string]Offer, len(rows))
	for _, r := range rows {
		offers[r[0]] = Offer{Installed: r[1], Schema: r[2], Default: r[3], Untrusted: r[4] == "t"}
	}
	return offers, nil
}

// UntrustedLanguages are procedural languages of a database in which only superusers may write functions.
func UntrustedLanguages(ctx context.Context, conn *pgconn.PgConn) ([]string, error) {
	rows, err := Rows(ctx, conn, "SELECT lanname FROM pg_catalog.pg_language WHERE NOT lanpltrusted AND oid >= 16384 ORDER BY 1")
	if err != nil {
		return nil, fmt.Errorf("languages: %w", err)
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r[0]
	}
	return names, nil
}
