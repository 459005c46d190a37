package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// Locale is how a database sorts and classifies text.
type Locale struct {
	Provider       string // libc, icu or builtin
	Collate, CType string
	Name           string // of the provider's locale; with libc that is Collate
	// Recorded is the version of the provider's rules that the database was made with, Actual that of now; "" where the
	// server does not tell.
	Recorded, Actual string
}

// String is the locale as one line names it.
func (l Locale) String() string {
	if l.Provider == "libc" && l.Collate == l.CType {
		return l.Collate
	}
	if l.Provider == "libc" {
		return l.Collate + " (ctype " + l.CType + ")"
	}
	return l.Provider + " " + l.Name
}

// Columns that came with 15 and were renamed by 17 are read out of the whole row.
const localeQuery = `
SELECT CASE pg_catalog.to_jsonb(d) ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, d.datcollate, d.datctype,
       coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale', d.datcollate),
       pg_catalog.to_jsonb(d) ->> 'datcollversion', %s
  FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`

// ReadLocale reads the current database's. version is the server's.
func ReadLocale(ctx context.Context, conn *pgconn.PgConn, version int) (Locale, error) {
	actual := "pg_catalog.pg_database_collation_actual_version(d.oid)"
	if version < 150000 { // a collation of the same locale knows it
		actual = `(SELECT pg_catalog.max(pg_catalog.pg_collation_actual_version(c.oid)) FROM pg_catalog.pg_collation c
		            WHERE c.collprovider = 'c' AND c.collcollate = d.datcollate)`
	}
	r, err := Row(ctx, conn, fmt.Sprintf(localeQuery, actual))
	if err != nil {
		return Locale{}, fmt.Errorf("locale: %w", err)
	}
	return Locale{Provider: r[0], Collate: r[1], CType: r[2], Name: r[3], Recorded: r[4], Actual: r[5]}, nil
}

// Collation is one that objects of a database name.
type Collation struct {
	Schema, Name string
	Provider     string // c, i or b, as pg_collation has it
	Locale       string
	// Recorded and Actual are the versions of its rules, as in Locale.
	Recorded, Actual string
}

const collationsQuery = `
SELECT n.nspname, c.collname, c.collprovider,
       coalesce(pg_catalog.to_jsonb(c) ->> 'colllocale', pg_catalog.to_jsonb(c) ->> 'colliculocale', c.collcollate),
       c.collversion, pg_catalog.pg_collation_actual_version(c.oid)
  FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
 WHERE c.collprovider <> 'd' AND c.oid NOT IN (950, 951) -- C and POSIX
   AND (c.oid >= 16384 OR c.oid IN (
         SELECT a.attcollation FROM pg_catalog.pg_attribute a WHERE a.attrelid >= 16384 AND NOT a.attisdropped
         UNION SELECT x FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indcollation) x WHERE i.indexrelid >= 16384
         UNION SELECT x FROM pg_catalog.pg_partitioned_table p, pg_catalog.unnest(p.partcollation) x
         UNION SELECT typcollation FROM pg_catalog.pg_type WHERE oid >= 16384
         UNION SELECT rngcollation FROM pg_catalog.pg_range WHERE rngtypid >= 16384
         UNION SELECT refobjid FROM pg_catalog.pg_depend WHERE refclassid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND objid >= 16384))
 ORDER BY 1, 2`

// Collations lists the collations that were made in a database, and those of the server that its objects use.
func Collations(ctx context.Context, conn *pgconn.PgConn) ([]Collation, error) {
	rows, err := Rows(ctx, conn, collationsQuery)
	if err != nil {
		return nil, fmt.Errorf("collations: %w", err)
	}
	collations := make([]Collation, len(rows))
	for i, r := range rows {
		collations[i] = Collation{Schema: r[0], Name: r[1], Provider: r[2], Locale: r[3], Recorded: r[4], Actual: r[5]}
	}
	return collations, nil
}

// LacksCollations gives those of the collations that the current database's server does not have: of pg_catalog's the
// names, of all others the locales, as far as collations of pg_catalog show which ones there are. ICU locales are made up
// of parts, so with ICU there is any.
func LacksCollations(ctx context.Context, conn *pgconn.PgConn, collations []Collation) ([]Collation, error) {
	var lacking []Collation
	for _, c := range collations {
		row, err := Row(ctx, conn, `
SELECT CASE WHEN $1 = 'pg_catalog'
            THEN EXISTS (SELECT FROM pg_catalog.pg_collation c WHERE c.collname = $2 AND c.collnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.collencoding IN (-1, d.encoding))
            WHEN $3 = 'i' THEN EXISTS (SELECT FROM pg_catalog.pg_collation c WHERE c.collprovider = 'i')
            ELSE $3 = 'b' OR $4 IN ('C', 'POSIX') OR EXISTS (SELECT FROM pg_catalog.pg_collation c WHERE c.collprovider = 'c' AND c.collcollate = $4)
                 OR EXISTS (SELECT FROM pg_catalog.pg_database o WHERE o.datcollate = $4) END
  FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`, c.Schema, c.Name, c.Provider, c.Locale)
		if err != nil {
			return nil, fmt.Errorf("collations: %w", err)
		}
		if row[0] != "t" {
			lacking = append(lacking, c)
		}
	}
	return lacking, nil
}
