package progress

import "fmt"

// Discover adds a task to those of Plan: of what comes in a stream, the whole is known at its end only. Its phase does not
// count as done before Settle, but for Schema and Data: they are when a task of a later phase has been discovered. A task's
// ID must be unique.
func (t *Tracker) Discover(task Task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, twice := t.waiting[task.ID]; twice {
		panic(fmt.Sprintf("progress: task %d discovered twice", task.ID))
	}
	for id := Schema; id <= Data && id < task.Phase; id++ {
		t.phases[id].open = false
	}
	t.phases[task.Phase].open, t.discovering = true, true
	t.expect(task)
}

// Settle says that all tasks have been discovered.
func (t *Tracker) Settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.phases {
		t.phases[i].open = false
	}
	t.discovering = false
}
