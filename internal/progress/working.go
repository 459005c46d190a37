package progress

// Assignment is a task in work and who does it.
type Assignment struct {
	ID     int // of the task
	Worker Worker
}

// Working returns who does what at this moment, longest in work first. It costs less than a Snapshot and, unlike one,
// does not feed the rate.
func (t *Tracker) Working() []Assignment {
	t.mu.Lock()
	defer t.mu.Unlock()
	working := make([]Assignment, len(t.running))
	for i, r := range t.running {
		working[i] = Assignment{ID: r.task.ID, Worker: r.worker}
	}
	return working
}
