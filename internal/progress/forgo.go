package progress

import "fmt"

// Forgo takes a planned task that will never be started out of the totals: another one has failed that stands for both.
// It must not be a data task. An ID that is not waiting panics.
func (t *Tracker) Forgo(id int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	task, ok := t.waiting[id]
	if !ok || task.Phase == Data {
		panic(fmt.Sprintf("progress: task %d is not waiting, or of the data phase", id))
	}
	delete(t.waiting, id)
	t.phases[task.Phase].total--
}
