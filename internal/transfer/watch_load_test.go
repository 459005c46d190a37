package transfer

import (
	"testing"
	"time"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// Whoever waits for the copy's locks is seen while it runs, with who waits behind him, and is free when the rows are read.
func TestHeldUpIsSeen(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))")+smallTables("small"))
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst})
	until(t, dst, atGate)
	pgtest.Exec(t, src, "INSERT INTO small VALUES (51, 'new')")
	alter, read := named(t, src, "psql"), named(t, src, "psql")
	altered := alter.begin("ALTER TABLE small ADD COLUMN more int")
	reading := read.begin("SELECT * FROM small")
	c.until("the one who waits is seen", func(s progress.Snapshot) bool {
		return len(s.Source.HeldUp) == 1 && s.Source.HeldUp[0].Behind == 1 && s.Source.XIDAge > 0
	})
	s := c.opt.Progress.Snapshot().Source
	if h := s.HeldUp[0]; h.PID != alter.conn.PID() || h.Application != "psql" || h.User != "postgres" || h.Wants != "ACCESS EXCLUSIVE on public.small" || h.For <= 0 || h.For > time.Minute {
		t.Errorf("%+v is held up", h)
	}
	if s.SnapshotAge <= 0 || s.Released || s.FreezeMaxAge <= 0 {
		t.Errorf("the source: %+v", s)
	}
	open()
	c.ok()
	ended(t, "ALTER TABLE", altered)
	ended(t, "SELECT", reading)
	c.until("the source is free", func(s progress.Snapshot) bool {
		return s.Source.Released && len(s.Source.HeldUp) == 0 && len(s.Source.Freed) == 1
	})
}
