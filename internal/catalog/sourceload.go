package catalog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// SourceLoad is what a transfer costs its source while it holds a snapshot there.
type SourceLoad struct {
	// SnapshotAge is how long the oldest transaction of ours has been open, 0 if there is none.
	SnapshotAge time.Duration
	// XIDAge is how many transactions have begun after what that one's snapshot sees as running: rows that they, and those
	// after them, have deleted can't be removed by VACUUM, nor can newer rows be frozen.
	XIDAge int64
	// DatabaseXIDAge is the age of the database's oldest row that is not frozen (datfrozenxid), in transactions. From
	// FreezeMaxAge (autovacuum_freeze_max_age) on autovacuum runs against wraparound.
	DatabaseXIDAge, FreezeMaxAge int64
	// Waiters are the sessions that one of ours keeps waiting.
	Waiters []Waiter
}

// Waiter is a session that waits for a lock that one of ours holds. What the role may not see of it is the zero value.
type Waiter struct {
	PID         uint32
	Application string
	User        string
	// Wants is what it waits for: "ACCESS EXCLUSIVE on public.orders", or "the end of older snapshots", as CREATE INDEX
	// CONCURRENTLY does.
	Wants string
	// Waited is how long it has, negative if the server does not say.
	Waited time.Duration
	// Behind is how many other sessions wait behind it: what it wants excludes what they do.
	Behind int
}

// sourceLoadQuery asks pg_stat_activity for ours by their application_name and role. Only sessions that wait are asked who
// is in their way; pg_locks tells every role that they do, where pg_stat_activity tells only some. The first row is
// about us, the others are about who waits.
func sourceLoadQuery(version int) string {
	started := "NULL::timestamptz"
	if version >= 140000 {
		started = "l.waitstart"
	}
	return `
WITH a AS MATERIALIZED (
  SELECT pid, application_name, usename, query_start, xact_start, backend_xmin,
         application_name LIKE 'pgsluice %' AND usename = session_user
           AND datname = pg_catalog.current_database() AS ours
    FROM pg_catalog.pg_stat_activity),
w AS MATERIALIZED (
  SELECT DISTINCT ON (l.pid) l.pid, l.locktype, l.mode, ` + started + ` AS started,
         CASE WHEN l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
              THEN l.relation::pg_catalog.regclass::text END AS relation, pg_catalog.pg_blocking_pids(l.pid) AS by
    FROM pg_catalog.pg_locks l WHERE NOT l.granted),
o AS (SELECT pid, xact_start, backend_xmin FROM a WHERE ours AND pid <> pg_catalog.pg_backend_pid()),
up AS (SELECT w.* FROM w WHERE w.by && (SELECT pg_catalog.array_agg(pid) FROM o) AND w.pid NOT IN (SELECT pid FROM o))
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       (SELECT (extract(epoch FROM max(pg_catalog.clock_timestamp() - xact_start)) * 1000000)::int8 FROM o WHERE backend_xmin IS NOT NULL),
       (SELECT max(pg_catalog.age(backend_xmin)) FROM o),
       pg_catalog.age(datfrozenxid), pg_catalog.current_setting('autovacuum_freeze_max_age')
  FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
UNION ALL
SELECT up.pid, a.application_name, a.usename, up.locktype, up.mode, up.relation,
       (extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(up.started, a.query_start)) * 1000000)::int8,
       (SELECT pg_catalog.count(*) FROM w AS b WHERE up.pid = ANY (b.by) AND b.pid NOT IN (SELECT pid FROM up UNION ALL SELECT pid FROM o)), NULL, NULL, NULL, NULL
  FROM up LEFT JOIN a ON a.pid = up.pid`
}

// ReadSourceLoad asks the server that conn is connected to, in one round trip of a few milliseconds, what the sessions whose
// application_name begins with "pgsluice " and that are this role's and in this database cost it; version is its
// server_version_num. conn itself does not count.
func ReadSourceLoad(ctx context.Context, conn *pgconn.PgConn, version int) (SourceLoad, error) {
	rows, err := Rows(ctx, conn, sourceLoadQuery(version))
	if err != nil {
		return SourceLoad{}, fmt.Errorf("what the transfer costs the source: %w", err)
	}
	var load SourceLoad
	for _, r := range rows {
		if r[0] == "" {
			load.SnapshotAge = time.Duration(number(r[8])) * time.Microsecond
			load.XIDAge, load.DatabaseXIDAge, load.FreezeMaxAge = number(r[9]), number(r[10]), number(r[11])
			continue
		}
		// the names of roles have no encoding of their own
		w := Waiter{PID: parseOID(r[0]), Application: r[1], User: strings.ToValidUTF8(r[2], "?"), Waited: -1, Behind: int(number(r[7]))}
		w.Wants = wanted(r[3], r[4], r[5])
		if r[6] != "" {
			w.Waited = max(time.Duration(number(r[6]))*time.Microsecond, 0)
		}
		load.Waiters = append(load.Waiters, w)
	}
	return load, nil
}

// wanted says in the manual's words what a session waits for.
func wanted(locktype, mode, relation string) string {
	if locktype == "virtualxid" {
		return "the end of older snapshots"
	}
	var words strings.Builder
	for i, c := range strings.TrimSuffix(mode, "Lock") { // AccessExclusiveLock
		if i > 0 && c >= 'A' && c <= 'Z' {
			words.WriteByte(' ')
		}
		words.WriteRune(c)
	}
	text := strings.ToUpper(words.String())
	if relation != "" {
		return text + " on " + relation
	}
	return text + " on a " + locktype
}
