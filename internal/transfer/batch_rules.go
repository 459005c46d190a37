package transfer

import (
	"strings"

	"pgsluice/internal/plan"
)

// What is done together, and how much of it. At 20 ms from the servers a task alone takes 100 to 150 ms, whatever it does, and a batch of a
// hundred hardly more; beside them a batch of a hundred saves two thirds of the time of a hundred.
const (
	mostTogether  = 128       // tasks of a batch: an error costs each of them a second attempt
	smallTable    = 64 << 10  // bytes, estimated, which may be wrong by a factor of ten or more
	groupBytes    = 4 << 20   // of a batch's tables: what is lost with a connection
	smallCost     = 10e6      // of a statement, in the plan's unit: 10 ms
	mostSQL       = 256 << 10 // bytes of a batch's statements
	locksPerTask  = 8         // CREATE TABLE takes as many, with a TOAST table and its index
	ordinaryParts = 16        // statements of a task: one that has more is a batch by itself
)

// sharesOf bounds a batch by what is ready, so that no worker takes what another one could do at the same time, and by the target's
// lock table, which all batches share. Where there is little for each it stays as it is: one by one is as fast.
func (r *run) sharesOf() func(p pool, ready int) int {
	workers := [2]int{copiers: max(1, r.beginJobs), builders: max(1, r.IndexJobs)}
	most := r.mostTogether()
	return func(p pool, ready int) int { return max(1, min(most, ready/workers[p])) }
}

func (r *run) mostTogether() int {
	room := r.dstFacts.LockSlots / (locksPerTask * (r.Jobs + r.IndexJobs + 1))
	return min(mostTogether, max(room, 1))
}

// batchable reports whether a task may share a transaction with others. What can fail in part can't, nor what takes long.
func batchable(t *plan.Task) bool {
	switch {
	case t.Kind == plan.Rows:
		return t.Bytes <= smallTable && t.Parts == 0 && !t.Unlogged && !t.Freeze
	case t.Kind != plan.SQL, t.Each, t.Bare, t.Cost > smallCost, len(t.Statements) > ordinaryParts, sqlBytes(t) > mostSQL:
		return false
	}
	switch t.Entry.Desc {
	case "MATERIALIZED VIEW DATA", // its size is not known before
		"SUBSCRIPTION",
		"EVENT TRIGGER": // would fire for what stands behind it in the same message, before it is known to be wanted
		return false
	case "SCHEMA":
		return t.Entry.Tag != "public" // it is there as a rule
	}
	return true
}

func sqlBytes(t *plan.Task) int {
	n := len(t.Owner)
	for _, sql := range t.Statements {
		n += len(sql)
	}
	return n
}

// weight is what a task takes of a batch's room: 1 is all of it.
func weight(t *plan.Task) float64 {
	if t.Kind == plan.Rows {
		return float64(t.Bytes) / groupBytes
	}
	return float64(sqlBytes(t)) / mostSQL
}

// gather takes the ready task at i, and if it is a small one those behind it that can be done together with it.
func (b *board) gather(p pool, i int) []*plan.Task {
	ready := b.ready[p]
	first := ready[i]
	most := 1
	if b.shares != nil && batchable(first) {
		most = b.shares(p, len(ready))
	}
	own, room := map[plan.Lock]int{}, 1-weight(first)
	tasks := []*plan.Task{b.lock(first, own)}
	if i == 0 && most == 1 { // without moving the others
		ready[0] = nil
		b.ready[p] = ready[1:]
		return tasks
	}
	rest := ready[:i]
	for at, t := range ready[i+1:] {
		if len(tasks) >= most {
			rest = append(rest, ready[i+1+at:]...)
			break
		}
		if w := weight(t); w <= room && t.Kind == first.Kind && batchable(t) && b.freeBut(t, own) {
			tasks, room = append(tasks, b.lock(t, own)), room-w
			continue
		}
		rest = append(rest, t)
	}
	clear(ready[len(rest):])
	b.ready[p] = rest
	return tasks
}

func (b *board) lock(t *plan.Task, own map[plan.Lock]int) *plan.Task {
	for _, lock := range t.Locks {
		b.locked[lock]++
		own[lock]++
	}
	return t
}

// batchSQL is a task's SQL as part of a batch. What it sets for itself is set back, and each statement ends on a line of its own: it may
// end in a comment.
func batchSQL(t *plan.Task) string {
	var sql strings.Builder
	add := func(statement string) { sql.WriteString(statement + "\n;\n") }
	for _, statement := range t.Statements {
		add(statement)
	}
	if t.Owner != "" {
		add(t.Owner)
	}
	if strings.HasPrefix(sql.String(), "SET LOCAL search_path ") { // of an old archive
		add("SET LOCAL search_path = ''")
	}
	if t.Entry.Tablespace != "" {
		add("SET LOCAL default_tablespace = ''")
	}
	if t.Entry.TableAM != "" {
		add("SET LOCAL default_table_access_method = heap")
	}
	return sql.String()
}
