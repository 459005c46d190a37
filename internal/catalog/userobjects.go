package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// UserObject is something in a database that neither initdb nor an extension made.
type UserObject struct {
	// Type and Identity are pg_identify_object's words, e.g. "table" and "public.orders".
	Type, Identity string
	// Drop are the statements that remove it; each does no harm if it has gone already. Empty where it can't be
	// dropped inside a transaction (subscriptions).
	Drop []string
}

// userObjectsQuery lists each catalog's objects from FirstNormalObjectId (16384) on: initdb's own are below. What
// an extension owns, and what is a part of another object (row types, identity sequences), is left out, and so is
// a schema that an extension lives in.
const userObjectsQuery = `
WITH o (classid, objid) AS (
  SELECT 'pg_catalog.pg_namespace'::regclass, n.oid FROM pg_catalog.pg_namespace n
   WHERE n.nspname !~ '^pg_(temp|toast)' AND n.nspname <> 'public' AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension x WHERE x.extnamespace = n.oid)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_depend e
                       ON e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'
                      WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid)
  UNION ALL SELECT 'pg_catalog.pg_publication'::regclass, oid FROM pg_catalog.pg_publication
  UNION ALL SELECT 'pg_catalog.pg_subscription'::regclass, oid FROM pg_catalog.pg_subscription
   WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  UNION ALL SELECT 'pg_catalog.pg_event_trigger'::regclass, oid FROM pg_catalog.pg_event_trigger
  UNION ALL SELECT 'pg_catalog.pg_class'::regclass, oid FROM pg_catalog.pg_class
   WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relpersistence <> 't' AND NOT relispartition
  UNION ALL SELECT 'pg_catalog.pg_foreign_server'::regclass, oid FROM pg_catalog.pg_foreign_server
  UNION ALL SELECT 'pg_catalog.pg_foreign_data_wrapper'::regclass, oid FROM pg_catalog.pg_foreign_data_wrapper
  UNION ALL SELECT 'pg_catalog.pg_cast'::regclass, oid FROM pg_catalog.pg_cast
  UNION ALL SELECT 'pg_catalog.pg_transform'::regclass, oid FROM pg_catalog.pg_transform
  UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid FROM pg_catalog.pg_operator
  UNION ALL SELECT 'pg_catalog.pg_opclass'::regclass, oid FROM pg_catalog.pg_opclass
  UNION ALL SELECT 'pg_catalog.pg_opfamily'::regclass, oid FROM pg_catalog.pg_opfamily
  UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid FROM pg_catalog.pg_proc
  UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, oid FROM pg_catalog.pg_ts_config
  UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, oid FROM pg_catalog.pg_ts_dict
  UNION ALL SELECT 'pg_catalog.pg_ts_template'::regclass, oid FROM pg_catalog.pg_ts_template
  UNION ALL SELECT 'pg_catalog.pg_ts_parser'::regclass, oid FROM pg_catalog.pg_ts_parser
  UNION ALL SELECT 'pg_catalog.pg_conversion'::regclass, oid FROM pg_catalog.pg_conversion
  UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid FROM pg_catalog.pg_statistic_ext
  UNION ALL SELECT 'pg_catalog.pg_type'::regclass, t.oid FROM pg_catalog.pg_type t
   WHERE (t.typrelid = 0 OR (SELECT relkind FROM pg_catalog.pg_class WHERE oid = t.typrelid) = 'c')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
  UNION ALL SELECT 'pg_catalog.pg_collation'::regclass, oid FROM pg_catalog.pg_collation
  UNION ALL SELECT 'pg_catalog.pg_language'::regclass, oid FROM pg_catalog.pg_language
  UNION ALL SELECT 'pg_catalog.pg_am'::regclass, oid FROM pg_catalog.pg_am
  UNION ALL SELECT 'pg_catalog.pg_largeobject'::regclass, oid FROM pg_catalog.pg_largeobject_metadata
  UNION ALL SELECT 'pg_catalog.pg_default_acl'::regclass, oid FROM pg_catalog.pg_default_acl
)
SELECT i.type, i.identity, o.objid, t.trftype::pg_catalog.regtype, pg_catalog.quote_ident(l.lanname)
  FROM o CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i
  LEFT JOIN pg_catalog.pg_transform t ON o.classid = 'pg_catalog.pg_transform'::regclass AND t.oid = o.objid
  LEFT JOIN pg_catalog.pg_language l ON l.oid = t.trflang
 WHERE (o.objid >= 16384 OR o.classid = 'pg_catalog.pg_largeobject'::regclass) -- users choose large objects' OIDs
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = o.classid AND d.objid = o.objid AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))`

// UserObjects lists the user objects of a database; an order in which they can be dropped.
func UserObjects(ctx context.Context, conn *pgconn.PgConn) ([]UserObject, error) {
	rows, err := Rows(ctx, conn, userObjectsQuery)
	if err != nil {
		return nil, fmt.Errorf("user objects: %w", err)
	}
	var objects []UserObject
	for _, r := range rows {
		o := UserObject{Type: r[0], Identity: r[1]}
		switch o.Type {
		case "subscription":
		case "default acl":
			if o.Drop, err = resetDefaultACL(ctx, conn, r[2]); err != nil {
				return nil, err
			}
		case "large object":
			o.Drop = []string{"SELECT pg_catalog.lo_unlink(" + r[2] + ") WHERE EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata WHERE oid = " + r[2] + ")"}
		case "transform":
			o.Drop = []string{"DROP TRANSFORM IF EXISTS FOR " + r[3] + " LANGUAGE " + r[4] + " CASCADE"}
		case "function", "procedure", "aggregate":
			o.Drop = []string{"DROP ROUTINE IF EXISTS " + o.Identity + " CASCADE"}
		case "statistics object":
			o.Drop = []string{"DROP STATISTICS IF EXISTS " + o.Identity + " CASCADE"}
		case "foreign-data wrapper":
			o.Drop = []string{"DROP FOREIGN DATA WRAPPER IF EXISTS " + o.Identity + " CASCADE"}
		default:
			o.Drop = []string{"DROP " + strings.ToUpper(o.Type) + " IF EXISTS " + o.Identity + " CASCADE"}
		}
		objects = append(objects, o)
	}
	slices.SortStableFunc(objects, func(a, b UserObject) int { return cmp.Compare(a.turn(), b.turn()) })
	return objects, nil
}

// turn is when an object is dropped: those first whose DROP names another object that must still be there.
func (o UserObject) turn() int {
	switch o.Type {
	case "event trigger":
		return 0 // it could forbid all that follows
	case "default acl", "operator class", "operator family", "transform":
		return 1 // schema, access method, language
	}
	return 2
}

// resetDefaultACL gives the statements after which pg_default_acl's row is no more: there is no DROP for it, but
// the row vanishes when its privileges equal the built-in defaults.
func resetDefaultACL(ctx context.Context, conn *pgconn.PgConn, oid string) ([]string, error) {
	rows, err := Rows(ctx, conn, `
WITH d AS (
  SELECT d.*, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES'
                                   WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS kind,
         pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %s%s ', d.defaclrole::regrole,
           ' IN SCHEMA ' || nullif(d.defaclnamespace, 0)::regnamespace) AS head
    FROM pg_catalog.pg_default_acl d WHERE d.oid = $1::oid)
SELECT 1, pg_catalog.format('%sREVOKE ALL ON %s FROM %s CASCADE', head, kind,
                            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
  FROM d CROSS JOIN LATERAL (SELECT DISTINCT grantee FROM pg_catalog.aclexplode(defaclacl)) g
UNION ALL
SELECT 2, pg_catalog.format('%sGRANT %s ON %s TO %s', head, privilege_type, kind,
                            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
  FROM d CROSS JOIN LATERAL pg_catalog.aclexplode(pg_catalog.acldefault(
         CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END, defaclrole)) a
 WHERE d.defaclnamespace = 0
ORDER BY 1`, oid)
	if err != nil {
		return nil, fmt.Errorf("default privileges: %w", err)
	}
	statements := make([]string, len(rows))
	for i, r := range rows {
		statements[i] = r[1]
	}
	return statements, nil
}

// Summary counts objects by type and names one: "3 tables, 1 function; for example table public.t".
func Summary(objects []UserObject) string {
	if len(objects) == 0 {
		return ""
	}
	counts := map[string]int{}
	var types []string
	for _, o := range objects {
		if counts[o.Type] == 0 {
			types = append(types, o.Type)
		}
		counts[o.Type]++
	}
	slices.SortFunc(types, func(a, b string) int { return counts[b] - counts[a] })
	const shown = 4
	parts := make([]string, 0, shown+1)
	for i, t := range types {
		if i == shown {
			parts = append(parts, "…")
			break
		}
		plural := "s"
		if counts[t] == 1 {
			plural = ""
		} else if strings.HasSuffix(t, "s") {
			plural = "es"
		}
		parts = append(parts, fmt.Sprintf("%d %s%s", counts[t], t, plural))
	}
	return fmt.Sprintf("%s; for example %s %s", strings.Join(parts, ", "), objects[0].Type, objects[0].Identity)
}
