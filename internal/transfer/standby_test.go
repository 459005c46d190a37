package transfer

import (
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// caughtUp waits until a standby has replayed all that its primary has written.
func caughtUp(t *testing.T, primary, standby string) {
	t.Helper()
	lsn := pgtest.Scalar[string](t, primary, "SELECT pg_current_wal_lsn()::text")
	until(t, standby, "SELECT pg_last_wal_replay_lsn() >= '"+lsn+"'::pg_lsn")
}

// A hot standby is a source like its primary, but that what it replays may end the copy, which then says so.
func TestStandbyReplays(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t, cluster.Options{Settings: map[string]string{"autovacuum": "off"}})
	on := primary.URL("postgres")
	pgtest.Exec(t, on, "ALTER SYSTEM SET max_standby_streaming_delay = 0") // which a base backup takes along
	src := standby(t, primary, "postgres")
	pgtest.Exec(t, on, gate+bigTable("big", "PRIMARY KEY CHECK (gate(id))")+smallTables("small", "dropped", "busy")+`
		CREATE UNLOGGED TABLE cache AS SELECT 1 AS id; CREATE SEQUENCE s; SELECT nextval('s'); SELECT lo_from_bytea(0, 'large')`)
	caughtUp(t, on, src)
	all := contents(t, on, "big", "small", "dropped", "busy")
	target := func(t *testing.T) string { return pgtest.DatabaseOn(t, pgtest.Second(t)) }
	const advice = `the source is a standby, .* hot_standby_feedback = on .* max_standby_streaming_delay = -1`

	t.Run("copy", func(t *testing.T) {
		dst := target(t)
		c := beginCopy(t, Options{Source: src, Target: dst})
		c.ok()
		c.warned("table public.cache arrives without rows: it is unlogged")
		same(t, dst, all)
		if n := pgtest.Scalar[int](t, dst, "SELECT count(*) FROM pg_largeobject"); n != 1 {
			t.Errorf("%d pages of large objects", n)
		}
	})
	for name, sql := range map[string][]string{
		"vacuum": {"DELETE FROM busy", "VACUUM busy"},
		"drop":   {"DROP TABLE dropped"},
	} {
		if name == "drop" && !long() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dst := target(t)
			open := holdGate(t, dst)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
			until(t, dst, atGate)
			c.until("the source is watched", func(s progress.Snapshot) bool { return s.Source.SnapshotAge > 0 })
			for _, statement := range sql {
				pgtest.Exec(t, on, statement)
			}
			until(t, src, "SELECT count(*) = 0 FROM pg_stat_activity WHERE "+holder)
			open()
			c.fails(`^table public\.\w+: `, advice)
		})
	}
	t.Run("promotion", func(t *testing.T) {
		dst := target(t)
		open := holdGate(t, dst)
		c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
		until(t, dst, atGate)
		want := contents(t, on, "big", "small")
		if !pgtest.Scalar[bool](t, src, "SELECT pg_promote()") {
			t.Fatal("not promoted")
		}
		pgtest.Exec(t, src, "DELETE FROM small")
		pgtest.Exec(t, src, "VACUUM small")
		open()
		c.ok()
		same(t, dst, want)
	})
}
