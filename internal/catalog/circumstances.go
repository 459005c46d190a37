package catalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Circumstances are facts that do not decide what is copied, but how well that goes. What the role may not see is as if
// it were not there.
type Circumstances struct {
	// FrozenAge is how many transactions ago the oldest unfrozen row of the database was written, MultiAge the same in
	// multixacts.
	FrozenAge, MultiAge int64
	// Prepared are transactions that wait for COMMIT PREPARED, the oldest since PreparedSince.
	Prepared      int
	PreparedSince time.Duration
	// Oldest describes the session with the longest transaction, which is open since OldestSince. 0: there is none.
	Oldest      string
	OldestSince time.Duration
	// DelayLimit is a standby's max_standby_streaming_delay, and Feedback its hot_standby_feedback.
	DelayLimit string
	Feedback   bool
	// SnapshotTooOld is old_snapshot_threshold, "" where it is off or there is none.
	SnapshotTooOld string
	MaxWALSize     int64 // bytes
	WALLevel       string
	TempFileLimit  int64 // bytes, -1 for none
	// LaggingSlots are replication slots that hold WAL back for nobody who listens.
	LaggingSlots []string
	// MayCreate says that the role may create schemas, MayCreateInPublic objects in schema public, if there is one.
	MayCreate, HasPublic, MayCreateInPublic bool
	// Provider is who runs the server, as a role's name gives away, or "".
	Provider string
	// DatabaseBytes is what the database takes on disk; 0 if that was not asked for.
	DatabaseBytes int64
	// ForeignTables are not copied but as definitions; of HiddenMappings, user mappings, the options can't be seen.
	ForeignTables, HiddenMappings int
	// TextRanges are tables that are partitioned by ranges of text in the database's own collation.
	TextRanges int
	// LargestTree is how many relations the largest partition tree has, with indexes.
	LargestTree int
}

// providers are roles that a provider's servers have, in the order in which they are looked for.
var providers = []string{
	"rds_superuser", "cloudsqlsuperuser", "alloydbsuperuser", "azure_pg_admin", "neon_superuser", "supabase_admin", "avnadmin", "doadmin",
}

const circumstancesQuery = `
WITH RECURSIVE tree (root, oid) AS (
    SELECT p.partrelid, p.partrelid FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_class c ON c.oid = p.partrelid WHERE NOT c.relispartition
    UNION ALL SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid)
SELECT pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid),
       p.n, p.since, a.who, a.since,
       pg_catalog.current_setting('max_standby_streaming_delay'), pg_catalog.current_setting('hot_standby_feedback'),
       nullif(pg_catalog.current_setting('old_snapshot_threshold', true), '-1'),
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size')), pg_catalog.current_setting('wal_level'),
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('temp_file_limit')),
       (SELECT pg_catalog.string_agg(slot_name, ', ' ORDER BY slot_name) FROM pg_catalog.pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL),
       pg_catalog.has_database_privilege(d.datname, 'CREATE'), pg_catalog.to_regnamespace('public') IS NOT NULL,
       pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('public')::pg_catalog.oid, 'CREATE'),
       (SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::pg_catalog.text[]) ORDER BY pg_catalog.array_position($1::pg_catalog.text[], rolname::pg_catalog.text) LIMIT 1),
       CASE WHEN $2::pg_catalog.bool THEN pg_catalog.pg_database_size(d.oid) END,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_foreign_table),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_user_mappings m JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
         WHERE m.umoptions IS NULL AND NOT pg_catalog.pg_has_role(s.srvowner, 'USAGE')),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_partitioned_table t WHERE t.partstrat = 'r' AND 100 = ANY (t.partcollation::pg_catalog.oid[])),
       (SELECT pg_catalog.max(n) FROM (SELECT pg_catalog.count(*) + pg_catalog.count(i.indexrelid) AS n
                                        FROM tree LEFT JOIN pg_catalog.pg_index i ON i.indrelid = tree.oid GROUP BY tree.root) AS trees)
  FROM pg_catalog.pg_database d,
       LATERAL (SELECT pg_catalog.count(*) AS n, extract(epoch FROM pg_catalog.now() - pg_catalog.min(prepared)) AS since
                  FROM pg_catalog.pg_prepared_xacts WHERE database = d.datname) AS p
  LEFT JOIN LATERAL (SELECT pg_catalog.format('pid %s (%s, user %s, %s)', pid, application_name, usename, state) AS who,
                            extract(epoch FROM pg_catalog.now() - xact_start) AS since
                       FROM pg_catalog.pg_stat_activity
                      WHERE datid = d.oid AND xact_start IS NOT NULL AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'
                      ORDER BY xact_start LIMIT 1) AS a ON true
 WHERE d.datname = pg_catalog.current_database()`

// ReadCircumstances reads them, in any session whose search_path is empty. The size of the database is asked for alone where it is
// wanted: the server looks at each file, a second for a hundred thousand tables.
func ReadCircumstances(ctx context.Context, conn *pgconn.PgConn, size bool) (*Circumstances, error) {
	r, err := Row(ctx, conn, circumstancesQuery, TextArray(providers), strconv.FormatBool(size))
	if err != nil {
		return nil, fmt.Errorf("server's circumstances: %w", err)
	}
	number := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
	seconds := func(s string) time.Duration { return time.Duration(decimal(s) * float64(time.Second)) }
	c := &Circumstances{
		FrozenAge: number(r[0]), MultiAge: number(r[1]), Prepared: int(number(r[2])), PreparedSince: seconds(r[3]),
		Oldest: r[4], OldestSince: seconds(r[5]), DelayLimit: r[6], Feedback: r[7] == "on", SnapshotTooOld: r[8],
		MaxWALSize: number(r[9]), WALLevel: r[10], TempFileLimit: number(r[11]),
		MayCreate: r[13] == "t", HasPublic: r[14] == "t", MayCreateInPublic: r[15] == "t", Provider: r[16], DatabaseBytes: number(r[17]),
		ForeignTables: int(number(r[18])), HiddenMappings: int(number(r[19])), TextRanges: int(number(r[20])), LargestTree: int(number(r[21])),
	}
	if r[12] != "" {
		c.LaggingSlots = strings.Split(r[12], ", ")
	}
	return c, nil
}
