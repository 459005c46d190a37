package catalog

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
)

// gated is SQL for a table of about a hundred pages and a function that waits when it sees 5000, 10000 or 15000, until
// the advisory lock of that number is given back.
const gated = `
CREATE FUNCTION gate(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  IF x IN (5000, 10000, 15000) THEN PERFORM pg_catalog.pg_advisory_xact_lock_shared(x); END IF;
  RETURN x;
END $$;
CREATE TABLE gated WITH (autovacuum_enabled = off) AS SELECT i AS id, md5(i::text) AS t FROM generate_series(1, 20000) i;
`

// begin runs sql on conn without waiting for its end, which comes at the latest with the test's.
func begin(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _, _ = conn.Exec(ctx, sql).ReadAll() })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// activityOf asks again and again until a backend's activity is as wanted.
func activityOf(t *testing.T, asker *pgconn.PgConn, pid uint32, what string, wanted func(Activity) bool) Activity {
	t.Helper()
	version, err := ServerVersion(asker)
	if err != nil {
		t.Fatal(err)
	}
	var a Activity
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		activities, err := ReadActivity(t.Context(), asker, []uint32{pid, 1}, version)
		if err != nil {
			t.Fatal(err)
		}
		if len(activities) > 1 {
			t.Fatalf("activities of strangers: %v", activities)
		}
		if a = activities[pid]; wanted(a) {
			return a
		}
	}
	t.Fatalf("the backend never came to be %s, but was %+v", what, a)
	return a
}

// At every gate an index build says how far it is, as the server's own view does, and who holds it up.
func TestActivityOfBuilds(t *testing.T) {
	t.Parallel()
	for method, phase := range map[string]string{
		"btree (gate(id))": "building index: scanning table", "hash (gate(id))": "building index", "gin ((ARRAY[gate(id)]))": "building index",
		"brin (gate(id))": "building index", "gist (point(gate(id), 1))": "building index",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, gated)
			asker, holder, builder := connect(t, url), connect(t, url), connect(t, url)
			for _, gate := range []int{5000, 10000, 15000} {
				execute(t, holder, fmt.Sprintf("SELECT pg_advisory_lock(%d)", gate))
			}
			begin(t, builder, "CREATE INDEX ON gated USING "+method)
			var before Activity
			for _, gate := range []int{5000, 10000, 15000} {
				atTheGate := func(a Activity) bool {
					return a.Wait == "Lock: advisory" && a.Done > before.Done && len(a.BlockedBy) == 1
				}
				// A server's views are not read in one moment: the first to see the backend waiting may have counted its
				// blocks before it came to wait. From then on it stands still, and the second look is exact.
				activityOf(t, asker, builder.PID(), "further on at the gate", atTheGate)
				a := activityOf(t, asker, builder.PID(), "further on at the gate", atTheGate)
				view := pgtest.Query(t, url, fmt.Sprintf(
					"SELECT blocks_done, blocks_total, phase FROM pg_stat_progress_create_index WHERE pid = %d", builder.PID()))[0]
				if view[0] != fmt.Sprint(a.Done) || view[1] != fmt.Sprint(a.Total) || !strings.HasPrefix(view[2], phase) || a.Phase != view[2] || a.Unit != "blocks" {
					t.Errorf("at %d %+v, and the server's view is %q", gate, a, view)
				}
				if b := a.BlockedBy[0]; b.PID != holder.PID() || b.Application != "pgsluice test" || b.User != "postgres" || b.State != "idle" ||
					time.Since(b.QueryStart).Abs() > time.Hour {
					t.Errorf("blocked by %+v, want session %d", b, holder.PID())
				}
				before = a
				execute(t, holder, fmt.Sprintf("SELECT pg_advisory_unlock(%d)", gate))
			}
			activityOf(t, asker, builder.PID(), "done", func(a Activity) bool { return a.State == "idle" && a.Phase == "" && a.Total == 0 })
		})
	}
}

// Once the table is scanned, a btree counts tuples, and so does a hash index.
func TestActivityWhileLoading(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE many WITH (autovacuum_enabled = off) AS SELECT i AS id FROM generate_series(1, 600000) i")
	asker, builder := connect(t, url), connect(t, url)
	begin(t, builder, "CREATE INDEX ON many (id)")
	a := activityOf(t, asker, builder.PID(), "loading", func(a Activity) bool { return strings.HasSuffix(a.Phase, "loading tuples in tree") && a.Done > 0 })
	if a.Total != 600000 || a.Unit != "tuples" || a.Done > a.Total {
		t.Errorf("loading: %+v", a)
	}
}

func TestActivityOfParallelWorkers(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `
		CREATE FUNCTION slow(x int) RETURNS int IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$BEGIN PERFORM pg_catalog.pg_sleep(0.005); RETURN x; END$$;
		CREATE TABLE many WITH (autovacuum_enabled = off, parallel_workers = 2) AS SELECT i AS id FROM generate_series(1, 50000) i`)
	asker, builder := connect(t, url), connect(t, url)
	execute(t, builder, "SET max_parallel_maintenance_workers = 2")
	begin(t, builder, "CREATE INDEX ON many (slow(id))")
	activityOf(t, asker, builder.PID(), "helped", func(a Activity) bool { return a.Parallel == 2 && strings.HasPrefix(a.Phase, "building") })
	// a server before 13 is asked for less
	activities, err := ReadActivity(t.Context(), asker, []uint32{builder.PID()}, 120022)
	if a := activities[builder.PID()]; err != nil || a.Parallel != 0 || !strings.HasPrefix(a.Phase, "building") || a.Unit != "blocks" {
		t.Errorf("asked as version 12: %+v, error %v", a, err)
	}
}

func TestActivityOfAnalyze(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, gated+"CREATE INDEX ON gated (gate(id))")
	asker, holder, analyzer := connect(t, url), connect(t, url), connect(t, url)
	execute(t, holder, "BEGIN; LOCK TABLE gated; SELECT pg_advisory_lock(5000)")
	execute(t, analyzer, "SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 10")
	begin(t, analyzer, "ANALYZE gated")
	a := activityOf(t, asker, analyzer.PID(), "waiting for the table", func(a Activity) bool { return a.Wait == "Lock: relation" && len(a.BlockedBy) > 0 })
	if b := a.BlockedBy[0]; b.PID != holder.PID() || b.State != "idle in transaction" || a.State != "active" {
		t.Errorf("%+v", a)
	}
	execute(t, holder, "COMMIT")
	first := activityOf(t, asker, analyzer.PID(), "sampling", func(a Activity) bool { return a.Phase == "acquiring sample rows" && a.Done > 0 })
	activityOf(t, asker, analyzer.PID(), "sampling on", func(a Activity) bool { return a.Done > first.Done && a.Total == first.Total && a.Unit == "blocks" })
	activityOf(t, asker, analyzer.PID(), "computing", func(a Activity) bool {
		return a.Phase == "computing statistics" && a.Total == 0 && a.Unit == "" && a.Wait == "Lock: advisory"
	})
}

// Others see who blocks them too, if not what he does.
func TestActivityWithoutPrivileges(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	role := pgtest.Role(t, pgtest.Server(t), "modest")
	pgtest.Exec(t, url, "CREATE TABLE wanted (); ALTER TABLE wanted OWNER TO "+role)
	other := strings.Replace(url, "postgres@", role+"@", 1)
	asker, worker, holder := connect(t, other), connect(t, other), connect(t, url)
	execute(t, holder, "BEGIN; LOCK TABLE wanted")
	begin(t, worker, "BEGIN; LOCK TABLE wanted")
	a := activityOf(t, asker, worker.PID(), "blocked", func(a Activity) bool { return len(a.BlockedBy) > 0 })
	want := Blocker{PID: holder.PID(), Application: "pgsluice test", User: "postgres"}
	if a.Wait != "Lock: relation" || a.BlockedBy[0] != want {
		t.Errorf("%+v, want blocker %+v", a, want)
	}
	activities, err := ReadActivity(t.Context(), asker, []uint32{holder.PID()}, 150000)
	if h := activities[holder.PID()]; err != nil || h.State != "" || h.Wait != "" || h.BlockedBy != nil {
		t.Errorf("of somebody else's session it sees %+v, error %v", h, err)
	}
}

func TestProgressCounters(t *testing.T) {
	t.Parallel()
	blocks, tuples, partitions := counters{3, 10, "blocks"}, counters{40, 100, "tuples"}, counters{1, 5, "partitions"}
	var none counters
	for _, c := range []struct {
		phase                      string
		blocks, tuples, partitions counters
		want                       counters
	}{
		{"initializing", none, none, none, none},
		{"building index: initializing", none, none, none, none},
		{"building index: scanning table", blocks, none, none, blocks},
		{"building index: scanning table", counters{0, 0, "blocks"}, tuples, none, none}, // between two phases
		{"building index: sorting live tuples", none, counters{0, 100, "tuples"}, none, none},
		{"building index: sorting tuples (workers)", blocks, none, none, none}, // GIN from 18 on
		{"building index: merging tuples (workers)", blocks, none, none, none},
		{"building index: merging tuples", none, tuples, none, tuples},
		{"building index: loading tuples in tree", none, tuples, none, tuples},
		{"building index: loading tuples", blocks, counters{40, 0, "tuples"}, none, blocks}, // HNSW
		{"building index", blocks, none, none, blocks},                                      // GIN, GiST, BRIN
		{"building index", counters{10, 10, "blocks"}, tuples, none, tuples},                // hash, its table scanned
		{"building index: scanning table", blocks, none, partitions, partitions},
		{"building index: loading tuples in tree", none, counters{101, 100, "tuples"}, none, counters{100, 100, "tuples"}},
	} {
		if done, total, unit := buildProgress(c.phase, c.blocks, c.tuples, c.partitions); (counters{done, total, unit}) != c.want {
			t.Errorf("%s, %v, %v, %v: %d of %d %s, want %v", c.phase, c.blocks, c.tuples, c.partitions, done, total, unit, c.want)
		}
	}
	tables, statistics := counters{2, 7, "tables"}, counters{1, 2, "statistics"}
	for phase, want := range map[string]counters{
		"initializing": none, "acquiring sample rows": blocks, "acquiring inherited sample rows": tables, "computing statistics": none,
		"computing extended statistics": statistics, "finalizing analyze": none,
	} {
		if done, total, unit := analyzeProgress(phase, blocks, tables, statistics); (counters{done, total, unit}) != want {
			t.Errorf("%s: %d of %d %s, want %v", phase, done, total, unit, want)
		}
	}
}
