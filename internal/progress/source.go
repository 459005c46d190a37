package progress

import (
	"cmp"
	"slices"
	"time"
)

// Source is what the transfer costs its source while it holds a snapshot there. The zero value says that nothing is known.
type Source struct {
	// SnapshotAge is how long the snapshot has been held, or was when it was last seen.
	SnapshotAge time.Duration
	// XIDAge is how many transactions have begun on the source since: what they delete VACUUM can't remove.
	XIDAge int64
	// DatabaseXIDAge is how many transactions ago the database's oldest row that is not frozen was written; from FreezeMaxAge
	// on autovacuum runs against wraparound.
	DatabaseXIDAge, FreezeMaxAge int64
	Released                     bool // the snapshot is held no more
	// HeldUp are the sessions that wait for the transfer, longest first. Freed are those that did, as they were last seen, in
	// the order of their end.
	HeldUp, Freed []HeldUp
}

// HeldUp is a session on the source that waits for a lock which the transfer holds.
type HeldUp struct {
	PID         uint32
	Application string // application_name, "" if it can't be seen
	User        string
	Wants       string        // ACCESS EXCLUSIVE on public.orders
	Behind      int           // how many other sessions wait behind it
	Since       time.Duration // since Snapshot.Started; negative if it began before
	For         time.Duration // until it was last seen
}

// is reports whether two are one wait, seen at different moments.
func (h HeldUp) is(other HeldUp) bool { return h.PID == other.PID && h.Wants == other.Wants }

// Observe keeps what the source says that the transfer costs it. Freed, Released and each Since are the tracker's own; a For
// that is negative is not known, and counts from the first time that the wait was seen. The slices belong to the tracker from
// then on.
func (t *Tracker) Observe(s Source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.source.Released { // an answer that came late
		return
	}
	now := t.now()
	for i := range s.HeldUp {
		h := &s.HeldUp[i]
		before := slices.IndexFunc(t.source.HeldUp, h.is)
		switch {
		case before >= 0: // so that the two servers' clocks need not agree
			h.Since = t.source.HeldUp[before].Since
			h.For = now - h.Since
		default:
			h.For = max(h.For, 0)
			h.Since = now - h.For
		}
	}
	slices.SortStableFunc(s.HeldUp, func(a, b HeldUp) int { return cmp.Compare(a.Since, b.Since) })
	s.Freed = t.freed(s.HeldUp)
	t.source = s
}

// Release says that the snapshot is held no more: what Observe is told later is old.
func (t *Tracker) Release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.source.Freed = t.freed(nil)
	t.source.HeldUp, t.source.Released = nil, true
}

// freed is Freed with those added that were held up and are not in now. The caller holds mu.
func (t *Tracker) freed(now []HeldUp) []HeldUp {
	freed := t.source.Freed[:len(t.source.Freed):len(t.source.Freed)]
	for _, h := range t.source.HeldUp {
		if !slices.ContainsFunc(now, h.is) {
			freed = append(freed, h)
		}
	}
	return freed
}
