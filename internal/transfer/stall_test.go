package transfer

import (
	"testing"
	"time"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// A connection that is dead though nobody has closed it is noticed by what both servers wait for, and the part is copied again.
func TestStalledPart(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, bigTable("big", "")+smallTables("a"))
	slow, stalled := through(t, src, 1_000_000, stallOnce)
	c := beginCopy(t, Options{Source: slow, Target: dst, Jobs: 1, StallFor: 3 * time.Second})
	<-stalled
	c.ok()
	same(t, dst, contents(t, src, "big", "a"))
	c.until("it was tried again", func(s progress.Snapshot) bool { return s.RetryCount == 1 })
	if cause := c.opt.Progress.Snapshot().Retries[0].Cause; cause != "copy-out: cancelled: "+errStalled.Error() && cause != "cancelled: "+errStalled.Error() {
		t.Errorf("tried again because of %q", cause)
	}
}

// A part that the target holds up, or that somebody holds up there, has not stalled.
func TestHeldUpIsNotStalled(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))"))
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, StallFor: time.Second})
	until(t, dst, atGate)
	until(t, src, readerIsHeldUp)
	c.until("it stands still", func(s progress.Snapshot) bool { return s.Data.Idle > 3*time.Second })
	open()
	c.ok()
	if s := c.opt.Progress.Snapshot(); s.RetryCount > 0 {
		t.Errorf("tried again: %v", s.Retries)
	}
	sameTables(t, src, dst)
}
