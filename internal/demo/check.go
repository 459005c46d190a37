package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"pgsluice/internal/catalog"
)

// DifferentError says that the copy is not equal to its source, and what differs.
type DifferentError struct {
	Differences []string // such as "table public.orders: 12 rows on the source, 11 on the target"
}

func (e *DifferentError) Error() string {
	return "the copy differs from its source: " + strings.Join(e.Differences, "; ")
}

// object is something that both databases must have.
type object struct{ kind, name string }

func (o object) String() string { return o.kind + " " + o.name }

// state is what is compared of an object.
type state struct {
	rows    string // of a table
	content string // its rows' digest, a sequence's value, or a definition
}

// contents is what a database holds.
type contents map[object]state

// compare reads both databases at the same time and returns what they hold, or a *DifferentError.
func compare(ctx context.Context, source, target string) (contents, error) {
	var src, dst contents
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		src, err = read(ctx, source)
		return wrap("source", err)
	})
	group.Go(func() (err error) {
		dst, err = read(ctx, target)
		return wrap("target", err)
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if src.count("table") == 0 {
		return nil, errors.New("the source has no tables: there is nothing to compare")
	}
	if d := differences(src, dst); len(d) > 0 {
		return nil, &DifferentError{Differences: d}
	}
	return src, nil
}

func wrap(side string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("checking the %s: %w", side, err)
}

func (c contents) count(kind string) int {
	n := 0
	for o := range c {
		if o.kind == kind {
			n++
		}
	}
	return n
}

// differences names what is not the same, in the order of the names.
func differences(src, dst contents) []string {
	var found []string
	for o, s := range src {
		d, ok := dst[o]
		switch {
		case !ok:
			found = append(found, fmt.Sprintf("%s: missing on the target", o))
		case s.rows != d.rows:
			found = append(found, fmt.Sprintf("%s: %s rows on the source, %s on the target", o, s.rows, d.rows))
		case s.content != d.content && s.rows != "":
			found = append(found, fmt.Sprintf("%s: as many rows on both sides, but not the same", o))
		case s.content != d.content:
			found = append(found, fmt.Sprintf("%s: %s on the source, %s on the target", o, s.content, d.content))
		}
	}
	for o := range dst {
		if _, ok := src[o]; !ok {
			found = append(found, fmt.Sprintf("%s: only on the target", o))
		}
	}
	slices.Sort(found)
	return found
}

// read reads what is compared.
func read(ctx context.Context, url string) (contents, error) {
	address, err := catalog.ParseAddress(url)
	if err != nil {
		return nil, err
	}
	// the settings of a reader decide how values are written as text; they are the same on both sides
	conn, err := catalog.OpenSession(ctx, address, catalog.SessionOptions{Role: catalog.Reader, Application: "pgsluice demo check"})
	if err != nil {
		return nil, err
	}
	defer catalog.Close(ctx, conn)
	c := contents{}
	relations, err := catalog.Rows(ctx, conn, relationQuery)
	if err != nil {
		return nil, err
	}
	for _, r := range relations {
		kind, name := r[0], r[1]
		row, err := catalog.Row(ctx, conn, contentQuery(kind, name))
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", kind, name, err)
		}
		c[object{kind, name}] = state{rows: row[0], content: row[1]}
	}
	return c, c.readDefinitions(ctx, conn)
}

const relationQuery = `
SELECT CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'm' THEN 'materialized view' ELSE 'table' END,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname IN ('public', 'reports')
 ORDER BY 2`

// contentQuery gives the number of rows and a digest that their order does not change: the sum of a 64-bit hash over
// the text of each row. Summing, unlike XOR, also sees two equal rows that turned into two other equal rows.
func contentQuery(kind, name string) string {
	if kind == "sequence" {
		return "SELECT '', last_value || CASE WHEN is_called THEN ', used' ELSE ', not used' END FROM " + name
	}
	return "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(pg_catalog.hashtextextended(whole::text, 0)), 0) FROM ONLY " + name + " AS whole"
}

// readDefinitions adds what has no rows.
func (c contents) readDefinitions(ctx context.Context, conn *pgconn.PgConn) error {
	rows, err := catalog.Rows(ctx, conn, definitionQuery)
	if err != nil {
		return fmt.Errorf("definitions: %w", err)
	}
	for _, r := range rows {
		c[object{r[0], r[1]}] = state{content: r[2]}
	}
	return nil
}

const definitionQuery = `
WITH spaces AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname IN ('public', 'reports'))
SELECT 'index', i.indexrelid::regclass::text,
       pg_catalog.pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
 WHERE c.relnamespace IN (TABLE spaces)
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || pg_catalog.quote_ident(conname),
       pg_catalog.pg_get_constraintdef(oid) || CASE WHEN convalidated THEN '' ELSE ' (not validated)' END
  FROM pg_catalog.pg_constraint WHERE connamespace IN (TABLE spaces) AND conrelid <> 0
UNION ALL
SELECT 'trigger', tgrelid::regclass || '.' || pg_catalog.quote_ident(tgname),
       pg_catalog.pg_get_triggerdef(oid) || CASE tgenabled WHEN 'O' THEN '' ELSE ' (' || tgenabled::text || ')' END
  FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', oid::regprocedure::text, pg_catalog.pg_get_functiondef(oid)
  FROM pg_catalog.pg_proc WHERE pronamespace IN (TABLE spaces)
UNION ALL
SELECT 'view', oid::regclass::text, pg_catalog.pg_get_viewdef(oid)
  FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm') AND relnamespace IN (TABLE spaces)`
