package transfer

import (
	"context"
	"errors"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// Who gives a copy an ID finds it on the target; when Arrived is called all is there, and while it fails the ledger stays and a resume comes to
// it again.
func TestArrived(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a")+"CREATE INDEX ON a (id)")
	id := func() string {
		t.Helper()
		s, err := ReadStatus(t.Context(), dst)
		if err != nil {
			t.Fatal(err)
		}
		if s.Copy == nil {
			return ""
		}
		return s.Copy.ID
	}
	calls, fails := 0, errors.New("nobody can be told")
	opt := Options{Source: src, Target: dst, ID: "c001 of mine", Arrived: func(context.Context) error {
		if calls++; number(t, dst, "SELECT count(*) FROM a, pg_index WHERE indrelid = 'a'::regclass") != 50 || id() != "c001 of mine" {
			t.Error("not all is there")
		}
		return fails
	}}
	if _, err := Copy(t.Context(), opt); !errors.Is(err, fails) || IsRefused(err) || id() != "c001 of mine" {
		t.Fatalf("error %v, ledger %q", err, id())
	}
	opt.Resume, fails = Resume, nil
	result, err := Copy(t.Context(), opt)
	if err != nil || !result.Complete || calls != 2 || id() != "" {
		t.Fatalf("resumed: %v, called %d times, ledger %q", err, calls, id())
	}
}

// That a source has changed since is told from other refusals.
func TestNeedsRestart(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, bigTable("big", "")+bigTable("other", "")+smallTables("a"))
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, SplitAbove: 1 << 20, Limiter: NewLimiter(8_000_000)})
	c.until("one of the large tables has arrived", func(s progress.Snapshot) bool { return s.Phases[progress.Data].Done > 0 })
	c.cancel(errEnough)
	if _, err := c.wait(prompt); !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	pgtest.Exec(t, src, "INSERT INTO big VALUES (0, '')")
	if _, err := Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume, SplitAbove: 1 << 20}); !NeedsRestart(err) || !IsRefused(err) {
		t.Errorf("written to: %v", err)
	}
	pgtest.Exec(t, src, "ALTER TABLE a ADD c int")
	if _, err := Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume, SplitAbove: 1 << 20}); !NeedsRestart(err) {
		t.Errorf("another schema: %v", err)
	}
	if _, err := Copy(t.Context(), Options{Source: src, Target: dst}); err == nil || NeedsRestart(err) || Busy(err) {
		t.Errorf("not resumed: %v", err)
	}
}

// Who takes over ends what another run has left at work, also where that had no ledger yet; others leave it alone.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a"))
	left := openSession(t, dst)
	left.exec("SET application_name = 'pgsluice schema'")
	const there = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgsluice schema'"
	copyOK(t, Options{Source: src, Target: dst})
	if n := number(t, dst, there); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
	pgtest.Exec(t, dst, "DROP TABLE a")
	copyOK(t, Options{Source: src, Target: dst, TakeOver: true})
	if n := number(t, dst, there); n != 0 {
		t.Errorf("%d sessions are left by who took over", n)
	}
}
