package progress

// SetPaused says that the streams stand still because somebody wants it, or do so no more. Meanwhile nothing counts as idle and nothing is
// foretold.
func (t *Tracker) SetPaused(paused bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused = paused
}
