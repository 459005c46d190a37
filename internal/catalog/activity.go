package catalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Activity is what a server says of one of its backends.
type Activity struct {
	State string // of pg_stat_activity: active, idle, idle in transaction, …; "" if the role may not see it
	// Wait is what it waits for, as "Lock: relation" (wait_event_type: wait_event), "" when it is on a CPU or nothing
	// can be seen.
	Wait string
	// Phase of the index build or the ANALYZE that it does, in the server's words; "" if it does neither.
	Phase string
	// Done of Total units of that phase; both are 0 where the server counts nothing.
	Done, Total int64
	Unit        string // "blocks", "tuples", "partitions", "tables", "statistics"
	// Parallel is how many parallel workers help it; 0 also on servers before 13, which don't say.
	Parallel int
	// BlockedBy are the sessions that hold a lock it waits for, or wait for such a lock before it.
	BlockedBy []Blocker
}

// Blocker is a session that is in the way of another. What the role may not see of it is the zero value.
type Blocker struct {
	PID         uint32 // 0 of a prepared transaction
	Application string
	User        string
	State       string
	QueryStart  time.Time // of its current or its last query, by the server's clock
}

// preparedTransaction is the State of a Blocker that has no session.
const preparedTransaction = "prepared transaction"

// activityQuery gives a row for each backend and each session that blocks it. Only those that wait for a lock are asked
// for their blockers: pg_blocking_pids stops the server's lock manager for a moment. The text of queries is never read,
// it may hold secrets.
func activityQuery(version int) string {
	leader, analyze := "NULL::int4", "(SELECT NULL::int4, ''::text, 0::int8, 0::int8, 0::int8, 0::int8, 0::int8, 0::int8)"
	if version >= 130000 {
		leader = "leader_pid"
		analyze = `(SELECT pid, phase, sample_blks_scanned, sample_blks_total, child_tables_done, child_tables_total,
                           ext_stats_computed, ext_stats_total FROM pg_catalog.pg_stat_progress_analyze)`
	}
	return `
WITH a AS MATERIALIZED (
  SELECT pid, ` + leader + ` AS leader, state, wait_event_type, wait_event, coalesce(nullif(application_name, ''), nullif(backend_type, 'client backend')) AS application_name, usename, query_start
    FROM pg_catalog.pg_stat_activity)
SELECT a.pid, a.state, a.wait_event_type, a.wait_event, (SELECT pg_catalog.count(*) FROM a w WHERE w.leader = a.pid),
       i.phase, i.blocks_done, i.blocks_total, i.tuples_done, i.tuples_total, i.partitions_done, i.partitions_total,
       n.phase, n.blocks_done, n.blocks_total, n.tables_done, n.tables_total, n.stats_done, n.stats_total,
       b.pid, h.application_name, h.usename, h.state, (extract(epoch FROM h.query_start) * 1000000)::int8
  FROM a
  LEFT JOIN pg_catalog.pg_stat_progress_create_index i ON i.pid = a.pid
  LEFT JOIN ` + analyze + ` AS n (pid, phase, blocks_done, blocks_total, tables_done, tables_total, stats_done, stats_total)
         ON n.pid = a.pid
  LEFT JOIN LATERAL (SELECT DISTINCT u.pid FROM pg_catalog.unnest(
              CASE WHEN a.wait_event_type = 'Lock' THEN pg_catalog.pg_blocking_pids(a.pid) END) AS u (pid)) AS b ON true
  LEFT JOIN a AS h ON h.pid = b.pid
 WHERE a.pid = ANY ($1::int4[])
 ORDER BY a.pid, b.pid`
}

// ReadActivity asks the server that conn is connected to what those of its backends do, in one round trip; version is
// its server_version_num. Backends that have ended are not in the answer. Outside of a transaction it holds no snapshot
// between two calls. A role sees its own sessions; of those of others it sees the PID, the application and the user,
// unless it has the privileges of pg_read_all_stats.
func ReadActivity(ctx context.Context, conn *pgconn.PgConn, pids []uint32, version int) (map[uint32]Activity, error) {
	rows, err := Rows(ctx, conn, activityQuery(version), oidArray(pids))
	if err != nil {
		return nil, fmt.Errorf("activity of backends: %w", err)
	}
	activities := make(map[uint32]Activity, len(pids))
	for _, r := range rows {
		pid := parseOID(r[0])
		a, known := activities[pid]
		if !known {
			a = readActivity(r)
		}
		if r[19] != "" {
			a.BlockedBy = append(a.BlockedBy, readBlocker(r[19:]))
		}
		activities[pid] = a
	}
	return activities, nil
}

func readActivity(r []string) Activity {
	a := Activity{State: r[1], Parallel: int(number(r[4]))}
	if r[2] != "" {
		a.Wait = r[2] + ": " + r[3]
	}
	switch {
	case r[5] != "":
		a.Phase = r[5]
		a.Done, a.Total, a.Unit = buildProgress(r[5], pair(r[6:], "blocks"), pair(r[8:], "tuples"), pair(r[10:], "partitions"))
	case r[12] != "":
		a.Phase = r[12]
		a.Done, a.Total, a.Unit = analyzeProgress(r[12], pair(r[13:], "blocks"), pair(r[15:], "tables"), pair(r[17:], "statistics"))
	}
	return a
}

func readBlocker(r []string) Blocker {
	// the names of roles have no encoding of their own, so they need not be valid in the database's
	b := Blocker{PID: parseOID(r[0]), Application: r[1], User: strings.ToValidUTF8(r[2], "?"), State: r[3]}
	if b.PID == 0 {
		b.State = preparedTransaction
	}
	if r[4] != "" {
		b.QueryStart = time.UnixMicro(number(r[4]))
	}
	return b
}

// counters are one pair that a server counts.
type counters struct {
	done, total int64
	unit        string
}

func pair(r []string, unit string) counters {
	return counters{done: number(r[0]), total: number(r[1]), unit: unit}
}

func (c counters) answer() (done, total int64, unit string) {
	if c.total <= 0 {
		return 0, 0, ""
	}
	return min(c.done, c.total), c.total, c.unit
}

// buildProgress chooses the pair that moves in a phase of CREATE INDEX. An access method that names its phases (btree;
// GIN from 18 on) counts blocks while it scans the table, nothing while it sorts, and tuples while it loads or merges
// them. The others have one phase, "building index": hash counts blocks and then, once it knows how many there are,
// tuples; GIN, GiST, SP-GiST and BRIN count blocks only, and stand at 100 % while they flush what is in memory.
// (catalog/index.c, nbtsort.c, hash.c, gininsert.c, heapam_index_build_range_scan)
func buildProgress(phase string, blocks, tuples, partitions counters) (done, total int64, unit string) {
	switch {
	case partitions.total > 0: // the other counters begin anew with each partition
		return partitions.answer()
	case strings.Contains(phase, ": sorting"), strings.HasSuffix(phase, "(workers)"):
		return 0, 0, ""
	case strings.Contains(phase, ": scanning"), tuples.total <= 0:
		return blocks.answer()
	default:
		return tuples.answer()
	}
}

// analyzeProgress does so for ANALYZE: once the sample is taken, only extended statistics are counted.
func analyzeProgress(phase string, blocks, tables, statistics counters) (done, total int64, unit string) {
	switch {
	case strings.Contains(phase, "inherited"):
		return tables.answer() // blocks begin anew with each of them
	case strings.HasPrefix(phase, "acquiring"):
		return blocks.answer()
	case strings.Contains(phase, "extended statistics"):
		return statistics.answer()
	default:
		return 0, 0, ""
	}
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // the server wrote it; "" is NULL
	return n
}
