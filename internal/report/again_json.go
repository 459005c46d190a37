package report

import (
	"time"

	"pgsluice/internal/progress"
)

type jsonMixture struct {
	TakenAt *time.Time `json:"taken_at"`
	Tables  []string   `json:"tables"`
}

type jsonRetry struct {
	Object      string  `json:"object"`
	Cause       string  `json:"cause"`
	WaitSeconds float64 `json:"wait_seconds"`
	AtSeconds   float64 `json:"at_seconds"`
}

func mixture(m Mixture) jsonMixture {
	j := jsonMixture{Tables: orEmpty(m.Tables)}
	if !m.Taken.IsZero() {
		at := m.Taken.UTC()
		j.TakenAt = &at
	}
	return j
}

func (c converter) retry(r progress.Retry) jsonRetry {
	return jsonRetry{Object: r.Object, Cause: r.Cause, WaitSeconds: seconds(r.Wait), AtSeconds: c.at(r.At)}
}

type eventRetry struct {
	eventHead
	Object      string  `json:"object"`
	Cause       string  `json:"cause"`
	WaitSeconds float64 `json:"wait_seconds"`
}

// eventTaskEarlier is a task that an earlier run did.
type eventTaskEarlier struct {
	eventHead
	ID    int     `json:"id"`
	Phase string  `json:"phase"`
	Kind  string  `json:"kind"`
	Name  string  `json:"name"`
	Table *string `json:"table"`
	Rows  int64   `json:"rows"`
	Bytes int64   `json:"bytes"`
}

// eventTaskUndone is a task that was done, and is so no more.
type eventTaskUndone struct {
	eventHead
	ID    int     `json:"id"`
	Phase string  `json:"phase"`
	Kind  string  `json:"kind"`
	Name  string  `json:"name"`
	Table *string `json:"table"`
}

func earlierTask(h eventHead, f progress.FinishedTask) eventTaskEarlier {
	t := f.Task
	return eventTaskEarlier{h, t.ID, t.Phase.String(), t.Kind, t.Name, orNull(t.Table), f.Rows, f.Bytes}
}

func undoneTask(h eventHead, t progress.Task) eventTaskUndone {
	return eventTaskUndone{h, t.ID, t.Phase.String(), t.Kind, t.Name, orNull(t.Table)}
}

// taskEnd is one end of a task: a task that was undone may end again.
type taskEnd struct {
	task       progress.Task
	start, end time.Duration
}

func endOfTask(f progress.FinishedTask) taskEnd { return taskEnd{f.Task, f.Start, f.Start + f.Elapsed} }

// undone forgets the ends that the tracker has taken back, and tells of them. The list of what is finished is else only
// appended to, so that its last end that was told tells whether anything was taken from it.
func (e *events) undone(s progress.Snapshot) {
	if n := len(e.ends); n == 0 || len(s.Finished) >= n && endOfTask(s.Finished[n-1]) == e.ends[n-1] {
		return
	}
	i := 0
	var kept []taskEnd
	for _, told := range e.ends {
		if i < len(s.Finished) && endOfTask(s.Finished[i]) == told {
			kept = append(kept, told)
			i++
			continue
		}
		e.add(s.Elapsed, "task_undone", func(h eventHead) any { return undoneTask(h, told.task) })
	}
	e.ends = kept
}

func (e *events) retries(s progress.Snapshot) {
	for ; e.retried < len(s.Retries); e.retried++ {
		r := s.Retries[e.retried]
		e.add(r.At, "retry", func(h eventHead) any { return eventRetry{h, r.Object, r.Cause, seconds(r.Wait)} })
	}
}
