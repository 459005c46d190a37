package report

import (
	"fmt"
	"time"

	"pgsluice/internal/progress"
)

// retryAgain is after how long another attempt at the same object is told again in lines: while a server is away, there are
// many.
const retryAgain = 30 * time.Second

// begunHere reports whether this run has done anything of a phase: what is known of the others is only that it is done.
func begunHere(ph progress.PhaseStatus) bool {
	return ph.Total > 0 && ph.State != progress.StateWaiting && (ph.Done-ph.Earlier+ph.Failed+ph.Running > 0 || ph.Span > 0)
}

// firstStart is when the first phase began that this run has to do with; now if none has.
func firstStart(s progress.Snapshot) time.Duration {
	at := s.Elapsed
	for _, ph := range s.Phases {
		if begunHere(ph) {
			at = min(at, ph.Start)
		}
	}
	return at
}

// thereAlready is ", 3 of them there already".
func thereAlready(n int) string {
	if n == 0 {
		return ""
	}
	return ", " + formatCount(int64(n)) + " of them there already"
}

// earlierTables is how many tables had arrived in full when this run began.
func earlierTables(finished []progress.FinishedTask) (n int) {
	for _, t := range collectTables(finished) {
		if t.parts == 0 && t.isTable {
			n++
		}
	}
	return n
}

// earlierText says what had arrived before this run: 3 tables, 150 rows, 12 kB, by earlier runs; "" if nothing.
func earlierText(s progress.Snapshot) string {
	if s.Data.EarlierBytes == 0 && s.Data.EarlierRows == 0 && earlierTables(s.Finished) == 0 {
		return ""
	}
	return fmt.Sprintf("%s, %s, %s, by earlier runs", plural(earlierTables(s.Finished), "table", "tables"),
		plural(s.Data.EarlierRows, "row", "rows"), formatBytes(s.Data.EarlierBytes))
}

// redoneText says what attempts that were lost have moved; "" if nothing.
func redoneText(d progress.DataStatus) string {
	if d.Redone == 0 {
		return ""
	}
	return formatBytes(d.Redone) + " moved besides, by attempts that were lost"
}

// retryText is: table public.orders: trying again in 2.0 s: copy-in: unexpected EOF.
func retryText(r progress.Retry) string {
	return printable(r.Object) + ": trying again in " + formatDuration(r.Wait) + ": " + printable(r.Cause)
}

// retryFacts say of a task that its last attempt was lost, when the next one comes, and why; nil if it is at work.
func retryFacts(r progress.RunningTask, s progress.Snapshot) []string {
	if r.Retry == (progress.Retry{}) {
		return nil
	}
	when := "trying again"
	if left := r.Retry.At + r.Retry.Wait - s.Elapsed; left >= time.Second {
		when += " in " + formatSeconds(left+time.Second-1)
	}
	return []string{when + ": " + printable(r.Retry.Cause)}
}

// lastRetry is what was last told of an object.
type lastRetry struct {
	cause string
	at    time.Duration
}

// retryNews tells attempts that were lost, of each object the first one, and another if its cause is another or some time has
// passed.
func (n *narrator) retryNews(s progress.Snapshot, tell func(time.Duration, string)) {
	if n.retried == nil {
		n.retried = map[string]lastRetry{}
	}
	for ; n.retries < len(s.Retries); n.retries++ {
		r := s.Retries[n.retries]
		if last, known := n.retried[r.Object]; known && last.cause == r.Cause && r.At-last.at < retryAgain {
			continue
		}
		n.retried[r.Object] = lastRetry{r.Cause, r.At}
		tell(r.At, retryText(r))
	}
}

// takenText says when a snapshot was taken.
func takenText(m Mixture) string {
	if m.Taken.IsZero() {
		return "this run"
	}
	return m.Taken.UTC().Format(time.DateTime) + " UTC"
}

// mixedWord stands where the outcome is said, so that nobody takes such a copy for one of a single moment.
const mixedWord = "The rows are of different moments."

// mixed is the list of what was read when. It stands above all figures.
func (p *page) mixed(r Report) {
	if len(r.Mixed) == 0 {
		return
	}
	p.heading(fmt.Sprintf("Mixed snapshots (%d)", len(r.Mixed)), ": the rows are of different moments")
	for _, m := range r.Mixed {
		p.paragraph(takenText(m) + ": " + listed(printables(m.Tables), slowest))
	}
}

func printables(texts []string) []string { return convert(texts, printable) }

// retries lists the first attempts that were lost.
func (p *page) retries(s progress.Snapshot) {
	if s.RetryCount == 0 {
		return
	}
	p.heading("Tried again ("+formatCount(int64(s.RetryCount))+")", "")
	shown := s.Retries[:min(len(s.Retries), slowest)]
	for _, r := range shown {
		p.paragraph(formatClock(r.At) + " " + r.Object + ": " + r.Cause + "; again after " + formatDuration(r.Wait))
	}
	if more := s.RetryCount - len(shown); more > 0 {
		p.paragraph("and " + formatCount(int64(more)) + " more")
	}
}

// resumedText is "12 of 40 tasks were done by an earlier run".
func resumedText(r Report) string {
	if r.Resumed == 0 {
		return ""
	}
	total := 0
	for _, ph := range r.Progress.Phases {
		total += ph.Total
	}
	return fmt.Sprintf("%s of %s were done by an earlier run", formatCount(int64(r.Resumed)), plural(total, "task", "tasks"))
}
