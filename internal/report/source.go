package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

// heldUpText is: pid 4711 (psql, user bob): waits for ACCESS EXCLUSIVE on public.orders, for 40 s; 2 sessions wait behind it.
func heldUpText(h progress.HeldUp) string {
	var facts []string
	if h.Application != "" {
		facts = append(facts, printable(h.Application))
	}
	if h.User != "" {
		facts = append(facts, "user "+printable(h.User))
	}
	text := fmt.Sprintf("pid %d", h.PID)
	if len(facts) > 0 {
		text += " (" + strings.Join(facts, ", ") + ")"
	}
	text += ": waits for " + printable(h.Wants) + ", for " + formatSeconds(h.For)
	if h.Behind > 0 {
		text += "; " + plural(h.Behind, "session waits", "sessions wait") + " behind it"
	}
	return text
}

// heldUpAgain is after how much longer a wait it is told again.
const heldUpAgain = time.Minute

// heldUpKey is one wait.
type heldUpKey struct {
	pid   uint32
	since time.Duration
}

// newlyHeldUp returns the sessions on the source that have begun to wait for the transfer since the last call, or have
// waited another minute.
func newlyHeldUp(told map[heldUpKey]time.Duration, s progress.Snapshot) []progress.HeldUp {
	var news []progress.HeldUp
	for _, h := range s.Source.HeldUp {
		key := heldUpKey{h.PID, h.Since}
		if last, known := told[key]; !known || h.For-last >= heldUpAgain {
			told[key] = h.For
			news = append(news, h)
		}
	}
	return news
}

func (n *narrator) sourceNews(s progress.Snapshot, tell func(time.Duration, string)) {
	if n.heldUp == nil {
		n.heldUp = map[heldUpKey]time.Duration{}
	}
	for _, h := range newlyHeldUp(n.heldUp, s) {
		tell(s.Elapsed, "source: pgsluice holds up "+heldUpText(h))
	}
	for ; n.freed < len(s.Source.Freed); n.freed++ {
		h := s.Source.Freed[n.freed]
		if _, known := n.heldUp[heldUpKey{h.PID, h.Since}]; known {
			tell(s.Elapsed, fmt.Sprintf("source: pid %d is held up no more, after %s", h.PID, formatSeconds(h.For)))
		}
	}
}

// everHeldUp are the sessions that waited for the transfer at any time, for a report.
func everHeldUp(s progress.Source) []string {
	var texts []string
	for _, h := range slices.Concat(s.Freed, s.HeldUp) {
		texts = append(texts, strings.Replace(heldUpText(h), ": waits for ", ": waited for ", 1))
	}
	return texts
}

// sourceText is how long the snapshot is held and what that means; "" if nothing is known.
func sourceText(s progress.Source) string {
	if s.SnapshotAge <= 0 {
		return ""
	}
	verb, is := "snapshot held for ", ""
	if s.Released {
		verb, is = "snapshot was held for ", ", and is released"
	}
	text := verb + formatSeconds(s.SnapshotAge) + ", " + plural(s.XIDAge, "transaction", "transactions") + " since" + is
	if s.FreezeMaxAge > 0 && s.DatabaseXIDAge >= s.FreezeMaxAge {
		text += "; autovacuum runs against wraparound there (age " + formatCount(s.DatabaseXIDAge) + ")"
	}
	return text
}

func heldUpOf(h progress.HeldUp) eventHeldUp {
	return eventHeldUp{
		PID: h.PID, Application: orNull(h.Application), User: orNull(h.User), Wants: h.Wants, WaitedSeconds: seconds(h.For), Behind: h.Behind,
	}
}

func sourceOf(s progress.Source) *eventSource {
	if s.SnapshotAge <= 0 {
		return nil
	}
	return &eventSource{
		SnapshotSeconds: seconds(s.SnapshotAge), Released: s.Released, XIDAge: s.XIDAge, DatabaseXIDAge: s.DatabaseXIDAge,
		FreezeMaxAge: s.FreezeMaxAge, HeldUp: convert(s.HeldUp, heldUpOf),
	}
}

// sourceLoad is sourceOf for a report: with those that were held up earlier.
func sourceLoad(s progress.Source) *eventSource {
	s.HeldUp = slices.Concat(s.Freed, s.HeldUp)
	return sourceOf(s)
}
