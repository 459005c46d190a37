package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

// stallAfter is how long no byte moves until that is said, and how long until it is said again.
const stallAfter = 30 * time.Second

// blockForget is how long a task must have been free of a blocker until the same one is news again: what servers say
// comes in pieces, and a job that locks a table every second is one story.
const blockForget = 10 * time.Second

// blockade is who was last told to block a task.
type blockade struct {
	by   string        // server and pid of each
	seen time.Duration // when it was last so
}

// blocked is a task that waits for locks of others.
type blocked struct {
	task     progress.Task
	worker   progress.Worker
	blockers []progress.Blocker // not ours
}

// newlyBlocked returns the tasks in work that have begun to be blocked by others, or by other ones, since the last call.
func newlyBlocked(told map[int]blockade, s progress.Snapshot) []blocked {
	var news []blocked
	for _, r := range s.Running {
		var b blocked
		var by []string
		for _, blocker := range r.Detail.BlockedBy {
			// One of ours will go on, and is shown with the tasks in work.
			if !blocker.Ours {
				b.blockers = append(b.blockers, blocker)
				by = append(by, fmt.Sprint(blocker.Server, blocker.PID))
			}
		}
		if len(by) == 0 {
			continue
		}
		slices.Sort(by)
		key := strings.Join(by, " ")
		last, known := told[r.Task.ID]
		told[r.Task.ID] = blockade{key, s.Elapsed}
		if !known || last.by != key || s.Elapsed-last.seen > blockForget {
			b.task, b.worker = r.Task, r.Worker
			news = append(news, b)
		}
	}
	return news
}

func (n *narrator) blockNews(s progress.Snapshot, tell func(time.Duration, string)) {
	if n.blocked == nil {
		n.blocked = map[int]blockade{}
	}
	for _, b := range newlyBlocked(n.blocked, s) {
		tell(s.Elapsed, "waiting: "+printable(b.task.Kind+" "+b.task.Name)+" on "+blockersText(b.blockers, s))
	}
}

// blockersText is: target: blocked by pid 123 (psql, user bob, idle in transaction, query started 2 min 00 s ago).
func blockersText(blockers []progress.Blocker, s progress.Snapshot) string {
	servers := map[string][]string{}
	for _, b := range blockers {
		servers[b.Server] = append(servers[b.Server], blockerAt(b, s.Started.Add(s.Elapsed)))
	}
	var texts []string
	for server, list := range servers {
		texts = append(texts, printable(server)+": blocked by "+listed(list, 3))
	}
	slices.Sort(texts)
	return strings.Join(texts, ", and on ")
}

// blockerAt describes a session at a moment, as far as its server shows it.
func blockerAt(b progress.Blocker, now time.Time) string {
	var facts []string
	if b.Application != "" {
		facts = append(facts, printable(b.Application))
	}
	if b.User != "" {
		facts = append(facts, "user "+printable(b.User))
	}
	if b.State != "" {
		facts = append(facts, printable(b.State))
	}
	if !b.QueryStart.IsZero() {
		// The server's clock may be ahead of ours.
		facts = append(facts, "query started "+formatSeconds(max(now.Sub(b.QueryStart), 0))+" ago")
	}
	text := fmt.Sprintf("pid %d", b.PID)
	if len(facts) > 0 {
		text += " (" + strings.Join(facts, ", ") + ")"
	}
	return text
}

// newlyStalled tells whether a standstill is to be reported, now or again. told counts the reports of the present one.
func newlyStalled(told *int, s progress.Snapshot) bool {
	times := int(s.Data.Idle / stallAfter)
	again := times > *told
	*told = times
	return again
}

func (n *narrator) stallNews(s progress.Snapshot, tell func(time.Duration, string)) {
	before := n.stalled
	if !newlyStalled(&n.stalled, s) {
		if before > 0 && n.stalled == 0 && s.Phases[progress.Data].State == progress.StateRunning {
			tell(s.Elapsed, "bytes move again")
		}
		return
	}
	var waits []string
	for _, r := range s.Running {
		if r.Task.Phase == progress.Data {
			waits = append(waits, clip(printable(r.Task.Name), nameColumns)+": "+waiting(r.Detail))
		}
	}
	text := "no bytes for " + formatSeconds(s.Data.Idle)
	if len(waits) > 0 {
		text += "; " + strings.Join(waits, "; ")
	}
	tell(s.Elapsed, text)
}

// waiting is what both servers wait for: source: Client: ClientWrite, target: Lock: relation. That a server says
// nothing may mean that it works, or that it was not asked.
func waiting(d progress.Detail) string {
	const nothing = "no wait is seen"
	if d.SourceWait == "" && d.TargetWait == "" {
		return nothing + " on either side"
	}
	return "source: " + printable(cmp.Or(d.SourceWait, nothing)) + ", target: " + printable(cmp.Or(d.TargetWait, nothing))
}
