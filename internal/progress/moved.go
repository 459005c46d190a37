package progress

// Moved is how many bytes have been moved, in vain or not: the difference between two moments is a rate. It costs less than a
// snapshot.
func (t *Tracker) Moved() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.movedBytes()
}

func (t *Tracker) movedBytes() int64 {
	total := t.dataBytes + t.redone
	for _, r := range t.running {
		if r.task.Phase == Data {
			total += r.bytes.Load()
		}
	}
	return total
}
