package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
	"pgsluice/internal/report"
)

// longBuild makes an index whose build reads, sorts and loads for seconds each: its keys are 1.2 kB of what can't be
// compressed. On the source it is declared, and not built.
func longBuild() string {
	key := "md5(v::text)"
	for i := range 37 {
		key += fmt.Sprintf(" || md5((v + %d)::text)", i+1)
	}
	return `
CREATE TABLE long (v int, filler text);
CREATE INDEX long_wide ON long ((` + key + `));
UPDATE pg_index SET indisready = false WHERE indexrelid = 'long_wide'::regclass;
INSERT INTO long SELECT n * 100, 'filler' FROM generate_series(1, 400000) AS n;
UPDATE pg_index SET indisready = true WHERE indexrelid = 'long_wide'::regclass`
}

// seen is a value of a progress counter of a server at a moment.
type seen struct {
	at    time.Time
	phase string
	done  int64
}

// What the events say of a copy, an index build and an ANALYZE while they run is what the server says of them at that
// time: the one by way of the watcher, the other asked by the test itself.
func TestLiveProgressAgreesWithTheServer(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, longBuild())

	tracker := progress.New()
	feed := progress.NewFeed(tracker, 100*time.Millisecond)
	var events bytes.Buffer
	stop := report.FollowJSON(t.Context(), feed, &events, report.EventOptions{Every: 200 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	sampled := make(chan []seen, 1)
	sampling := openSession(t, dst).conn
	go func() { sampled <- sampler(ctx, t, sampling) }()
	copyOK(t, Options{
		Source: src, Target: dst, Jobs: 1, Limiter: NewLimiter(1_500_000), Progress: tracker,
		// a build by one process, and an ANALYZE that takes its time
		Set: map[string]string{"max_parallel_maintenance_workers": "0", "maintenance_work_mem": "8MB", "vacuum_cost_delay": "20ms", "vacuum_cost_limit": "10"},
	})
	feed.Close()
	stop()
	cancel()
	server := <-sampled

	told, build := eventsOf(t, events.Bytes())
	if build < 10*time.Second {
		t.Logf("the build took only %s", build)
	}
	for _, phase := range []string{"copy", "building index: scanning table", "building index: loading tuples in tree", "acquiring sample rows"} {
		rising, last := 0, int64(0)
		for _, e := range told {
			if e.phase != phase {
				continue
			}
			if e.done > last {
				rising, last = rising+1, e.done
			}
			// the watcher asks twice a second, and the question and the event take their time
			low, high, ok := between(server, phase, e.at.Add(-3*time.Second), e.at.Add(time.Second))
			if phase == "copy" {
				high += 50_000 // what has been read, and is on its way
			}
			if !ok || e.done < low || e.done > high {
				t.Errorf("%s: %d is told at %s, but around then the server said %d to %d", phase, e.done, e.at.Format("05.000"), low, high)
			}
		}
		// of a phase that a fast machine is through with sooner, as often as the watcher can have looked
		if want := min(3, int(lasted(server, phase)/watchEvery)-1); rising < want {
			t.Errorf("%s: %d rising values in %s", phase, rising, lasted(server, phase))
		}
		if phase == "copy" && rising < 3 { // its rate is ours to set
			t.Errorf("%s: %d rising values", phase, rising)
		}
	}
}

// lasted is how long the server was seen in a phase.
func lasted(all []seen, phase string) time.Duration {
	var first, last time.Time
	for _, s := range all {
		if s.phase != phase {
			continue
		}
		if first.IsZero() {
			first = s.at
		}
		last = s.at
	}
	return last.Sub(first)
}

// between gives the range of a counter within a stretch of time, with the last value before it: the counter may have
// stood still, or not have been there.
func between(all []seen, phase string, from, to time.Time) (low, high int64, ok bool) {
	for _, s := range all {
		switch {
		case s.phase != phase:
		case s.at.After(to):
			return low, max(low, high), ok
		case s.at.Before(from):
			low = s.done
		default:
			// a counter rises, but for the moment in which the server begins to scan: then it may say once that all is done
			low, high, ok = min(low, s.done), max(high, s.done), true
		}
	}
	return low, math.MaxInt32, ok // the last value of a counter is seldom caught
}

// sampler asks a server for the counters of everything in work until ctx ends.
func sampler(ctx context.Context, t *testing.T, conn *pgconn.PgConn) []seen {
	var all []seen
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return all
		case <-tick.C:
		}
		rows, err := catalog.Rows(t.Context(), conn, `
SELECT phase, done
  FROM (SELECT datname, phase, CASE WHEN phase LIKE '%loading%' THEN tuples_done ELSE blocks_done END AS done FROM pg_stat_progress_create_index
        UNION ALL SELECT datname, phase, sample_blks_scanned FROM pg_stat_progress_analyze
        UNION ALL SELECT datname, 'copy', tuples_processed FROM pg_stat_progress_copy WHERE command = 'COPY FROM') AS p
 WHERE datname = current_database()`)
		if err != nil {
			t.Errorf("the sampler: %v", err)
			return all
		}
		for _, r := range rows {
			done, _ := strconv.ParseInt(r[1], 10, 64)
			all = append(all, seen{time.Now(), r[0], done})
		}
	}
}

// eventsOf reads what the events told of the tasks in work, and how long the build took.
func eventsOf(t *testing.T, text []byte) (told []seen, build time.Duration) {
	t.Helper()
	var started time.Time
	for line := range bytes.Lines(text) {
		var e struct {
			Event    string    `json:"event"`
			At       float64   `json:"at_seconds"`
			Started  time.Time `json:"started_at"`
			Kind     string    `json:"kind"`
			Duration float64   `json:"duration_seconds"`
			Running  []struct {
				Phase    string `json:"phase"`
				Activity string `json:"activity"`
				Done     int64  `json:"done"`
				Rows     int64  `json:"rows"`
			} `json:"running"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", strings.TrimSpace(string(line)), err))
		}
		switch e.Event {
		case "start":
			started = e.Started
		case "task_ended":
			if e.Kind == "INDEX" {
				build = time.Duration(e.Duration * float64(time.Second))
			}
		case "progress":
			for _, r := range e.Running {
				at := started.Add(time.Duration(e.At * float64(time.Second)))
				if r.Phase == "data" {
					told = append(told, seen{at, "copy", r.Rows})
				} else if r.Activity != "" && r.Done > 0 {
					told = append(told, seen{at, r.Activity, r.Done})
				}
			}
		}
	}
	return told, build
}
