package transfer

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/preflight"
)

// planned is what DryRun gives, of a run in a goroutine of its own.
type planned struct {
	outlook *Outlook
	err     error
}

// planLocked plans a database with a table that is locked and not dumped, so that pg_dump does not mind, as a role that must ask the server
// for its size. Each time that the plan's session waits for the lock, act is called, until it releases it.
func planLocked(t *testing.T, act func(source string, times int) (release bool)) planned {
	t.Helper()
	url := pgtest.Database(t)
	role := pgtest.Role(t, pgtest.Server(t), "planner")
	pgtest.Exec(t, url, "CREATE TABLE a AS SELECT 1 AS x; CREATE SCHEMA _pgsluice; CREATE TABLE _pgsluice.b AS SELECT 1 AS x")
	pgtest.Exec(t, url, "GRANT USAGE ON SCHEMA _pgsluice TO "+role+"; GRANT SELECT ON a, _pgsluice.b TO "+role)
	holder, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(t.Context())
	if err := exec(t.Context(), holder, "BEGIN; LOCK TABLE _pgsluice.b IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	done := make(chan planned, 1)
	go func() {
		o, err := DryRun(t.Context(), Options{Source: strings.Replace(url, "postgres@", role+"@", 1), NoACL: true}, true)
		done <- planned{o, err}
	}()
	for deadline, times, last := time.Now().Add(60*time.Second), 0, ""; ; {
		select {
		case p := <-done:
			return p
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the plan does not end")
		}
		waits := pgtest.Scalar[string](t, url, `SELECT coalesce(max(query_start::text), '') FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'pgsluice plan' AND wait_event_type = 'Lock'`)
		if waits == "" || waits == last {
			continue
		}
		times++
		last = waits
		if act(url, times) {
			if err := exec(t.Context(), holder, "COMMIT"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

const cancelPlan = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgsluice plan'`

// What fails while pg_dump works is asked again when it has the tables' locks. Two of the statements fail: the estimates, which a plan can
// do without, and the sizes.
func TestDryRunAsksAgain(t *testing.T) {
	t.Parallel()
	p := planLocked(t, func(source string, times int) bool {
		if times <= 2 {
			pgtest.Exec(t, source, cancelPlan)
			return false
		}
		return true
	})
	if p.err != nil || p.outlook.Plan == nil || len(p.outlook.Forecast.Tables) != 1 {
		t.Fatalf("%v: %+v", p.err, p.outlook)
	}
	for _, f := range p.outlook.Findings {
		if f.Level == preflight.Error {
			t.Error(f)
		}
	}
}

// What fails again is told.
func TestDryRunAskedInVain(t *testing.T) {
	t.Parallel()
	p := planLocked(t, func(source string, _ int) bool {
		pgtest.Exec(t, source, cancelPlan)
		return false
	})
	if p.err != nil || p.outlook.Plan != nil {
		t.Fatalf("%v: %+v", p.err, p.outlook)
	}
	found(t, p.outlook, preflight.Error, "source", "relations: ", "canceling statement due to user request")
}

// The loss of the session ends pg_dump, too, and is what is told.
func TestDryRunLosesItsSession(t *testing.T) {
	t.Parallel()
	p := planLocked(t, func(source string, _ int) bool {
		pgtest.Exec(t, source, strings.Replace(cancelPlan, "cancel", "terminate", 1))
		return false
	})
	if p.err != nil || p.outlook.Plan != nil {
		t.Fatalf("%v: %+v", p.err, p.outlook)
	}
	found(t, p.outlook, preflight.Error, "source", "terminating connection due to administrator command")
}

// A table that pg_dump waits for in vain is told in its words, whatever else has waited for it.
func TestDryRunWaitsForALock(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	role := pgtest.Role(t, pgtest.Server(t), "planner")
	pgtest.Exec(t, url, "CREATE TABLE a AS SELECT 1 AS x; GRANT SELECT ON a TO "+role)
	holder, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(t.Context())
	if err := exec(t.Context(), holder, "BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	o := dryRun(t, Options{Source: strings.Replace(url, "postgres@", role+"@", 1), NoACL: true, LockTimeout: 200 * time.Millisecond})
	found(t, o, preflight.Error, "source", "lock timeout: a table was locked for 200ms")
}
