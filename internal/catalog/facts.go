package catalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Facts are what a transfer must know about one side before it starts.
type Facts struct {
	Version     int    // server_version_num, e.g. 150018
	VersionText string // as the server says it
	Database    string
	DatabaseOID uint32
	User        string
	Encoding    string // as pg_encoding_to_char spells it
	// SearchPath is what search_path is for this role in this database outside of our sessions.
	SearchPath string
	Superuser  bool
	// MayReplicaRole says that session_replication_role can be set: superusers, and by GRANT SET from 15 on.
	MayReplicaRole bool
	InRecovery     bool // a standby
	ReadOnly       bool // default_transaction_read_only is on for this role in this database
	// SystemIdentifier is the cluster's, "" where the role may not see it.
	SystemIdentifier string
	// Timeline is the one that a primary writes, and a standby restarted from last; "" if that can't be seen.
	Timeline string
	// LockSlots is how many locks the server's shared lock table is sized for.
	LockSlots int
	// Tables is how many relations pg_dump will lock.
	Tables int
	// FreeConnections is how many more connections this role may open, estimated from what can be seen.
	FreeConnections int
	// SharedBuffers and MaintenanceWorkMem are in bytes, as they are for this role in this database.
	SharedBuffers, MaintenanceWorkMem int64
	MaxParallelWorkers                int
	// Cores are how many of its machine's the server may use; 0 where the role can't see that.
	Cores int
}

const factsQuery = `
SELECT current_setting('server_version_num'), current_setting('server_version'), d.datname, d.oid, current_user,
       pg_encoding_to_char(d.encoding), $1, r.rolsuper, pg_is_in_recovery(), $2::bool,
       current_setting('max_locks_per_transaction')::int8 *
         (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8),
       CASE WHEN r.rolsuper THEN server.free
            ELSE least(server.free - current_setting('superuser_reserved_connections')::int8
                                   - coalesce(current_setting('reserved_connections', true), '0')::int8,
                       CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit - used.database END,
                       CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit - used.role END) END,
       (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384),
       pg_size_bytes(current_setting('shared_buffers')), pg_size_bytes(current_setting('maintenance_work_mem')),
       current_setting('max_parallel_workers')
  FROM pg_database d, pg_roles r,
       -- the backend_type of others is seen by few: who is in a database is counted as a client then
       LATERAL (SELECT count(*) AS server, count(*) FILTER (WHERE datid = d.oid) AS database,
                       count(*) FILTER (WHERE usesysid = r.oid) AS role
                  FROM pg_stat_activity
                 WHERE backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL) AS used,
       LATERAL (SELECT current_setting('max_connections')::int8 - used.server AS free) AS server
 WHERE d.datname = current_database() AND r.rolname = current_user`

// plainSession makes a connection fit for questions: what the database or the role has set must neither change what
// a query means nor end it.
const plainSession = `SELECT pg_catalog.set_config('search_path', '', false); SET client_encoding = 'UTF8'; SET statement_timeout = 0`

// ReadFacts reads them on a connection that has no session settings yet, because some of these are facts, and gives it
// settings in which other questions can be asked.
func ReadFacts(ctx context.Context, conn *pgconn.PgConn) (*Facts, error) {
	searchPath, err := Row(ctx, conn, "SHOW search_path")
	if err != nil {
		return nil, fmt.Errorf("server facts: %w", err)
	}
	readOnly, err := Row(ctx, conn, "SHOW default_transaction_read_only")
	if err != nil {
		return nil, fmt.Errorf("server facts: %w", err)
	}
	if _, err := conn.Exec(ctx, plainSession).ReadAll(); err != nil {
		return nil, fmt.Errorf("server facts: %w", err)
	}
	r, err := Row(ctx, conn, factsQuery, searchPath[0], readOnly[0])
	if err != nil {
		return nil, fmt.Errorf("server facts: %w", err)
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	f := &Facts{
		Version: number(r[0]), VersionText: r[1], Database: r[2], DatabaseOID: parseOID(r[3]), User: r[4],
		Encoding: r[5], SearchPath: r[6], Superuser: r[7] == "t", InRecovery: r[8] == "t", ReadOnly: r[9] == "t",
		LockSlots: number(r[10]), FreeConnections: number(r[11]), Tables: number(r[12]),
		SharedBuffers: int64(number(r[13])), MaintenanceWorkMem: int64(number(r[14])), MaxParallelWorkers: number(r[15]),
	}
	f.MayReplicaRole = f.Superuser
	if !f.Superuser && f.Version >= 150000 {
		row, err := Row(ctx, conn, "SELECT has_parameter_privilege('session_replication_role', 'SET')")
		if err != nil {
			return nil, fmt.Errorf("server facts: %w", err)
		}
		f.MayReplicaRole = row[0] == "t"
	}
	// some managed servers revoke it; then the same server is recognised by other means only
	if row, err := Row(ctx, conn, "SELECT system_identifier FROM pg_control_system()"); err == nil {
		f.SystemIdentifier = row[0]
	} else if ctx.Err() != nil {
		return nil, err
	}
	if row, err := Row(ctx, conn, coresQuery); err == nil {
		f.Cores = number(row[0])
	} else if ctx.Err() != nil {
		return nil, err
	}
	timeline := "SELECT pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)"
	if f.InRecovery {
		timeline = "SELECT pg_catalog.lpad(pg_catalog.upper(pg_catalog.to_hex(timeline_id)), 8, '0') FROM pg_catalog.pg_control_checkpoint()"
	}
	if row, err := Row(ctx, conn, timeline); err == nil {
		f.Timeline = row[0]
	} else if ctx.Err() != nil {
		return nil, err
	}
	return f, nil
}

// coresQuery counts the machine's processors, or what a container may use of them. No function tells, but on Linux there are
// files, for superusers and pg_read_server_files. Who may not read them is not let try: it would stand in the server's log.
const coresQuery = `
SELECT CASE WHEN quota ~ '^[1-9][0-9]* [1-9][0-9]*' THEN least(cores, ceil(split_part(quota, ' ', 1)::numeric / split_part(quota, ' ', 2)::numeric)::int) ELSE cores END
  FROM (SELECT (SELECT count(*)::int FROM regexp_split_to_table(pg_read_file('/proc/cpuinfo', 0, 1048576, true), '\n') AS line WHERE line LIKE 'processor%:%'),
               rtrim(pg_read_file('/sys/fs/cgroup/cpu.max', 0, 100, true), E' \n')
         WHERE has_function_privilege('pg_read_file(text, bigint, bigint, boolean)', 'EXECUTE')
           AND (pg_has_role('pg_read_server_files', 'MEMBER') OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))) AS seen (cores, quota)`

// VisibleXIDs gives pg_current_snapshot() of the transaction that conn is in: two that are the same see the same. A standby's
// names no transactions that are in work; while there are any, it is only the same at the same point of the WAL.
func VisibleXIDs(ctx context.Context, conn *pgconn.PgConn, version int) (string, error) {
	call := "pg_catalog.pg_current_snapshot()"
	if version < 130000 {
		call = "pg_catalog.txid_current_snapshot()"
	}
	row, err := Row(ctx, conn, "SELECT "+call+", CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() END")
	if err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	if bounds := strings.Split(row[0], ":"); row[1] != "" && bounds[0] != bounds[1] {
		return row[0] + " at " + row[1], nil
	}
	return row[0], nil
}
