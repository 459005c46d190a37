package progress

// Wrote counts n more bytes that have been written of what data tasks have moved, after compression.
func (t *Tracker) Wrote(n int64) { t.written.Add(n) }
