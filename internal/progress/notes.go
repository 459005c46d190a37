package progress

import "time"

// Warning is something that went otherwise than asked, without harm to the data.
type Warning struct {
	Object  string        // what it is about, as shown to a user; "" if it is the whole transfer
	Message string        // what happened
	At      time.Duration // since Snapshot.Started; Warn sets it
}

// LeftOut is an object of the source that is not transferred on purpose.
type LeftOut struct {
	Object string        // as shown to a user: subscription orders_sub
	Reason string        // why, and how to have it transferred if that is possible
	At     time.Duration // since Snapshot.Started; Skip sets it
}

// Step is something done outside any task, such as reading the table of contents.
type Step struct {
	Text    string
	Start   time.Duration // since Snapshot.Started
	Elapsed time.Duration
}

// Warn records a warning; its At is set here.
func (t *Tracker) Warn(w Warning) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.At = t.now()
	t.warnings = append(t.warnings, w)
}

// Skip records an object that is left out on purpose; its At is set here.
func (t *Tracker) Skip(l LeftOut) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.At = t.now()
	t.leftOut = append(t.leftOut, l)
}

// Step says what is being done outside any task. It lasts until the next Step, Start or Finish;
// Step("") ends it too.
func (t *Tracker) Step(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.endStep(now)
	t.step = Step{Text: text, Start: now}
}

func (t *Tracker) endStep(now time.Duration) {
	if t.step.Text != "" {
		t.step.Elapsed = now - t.step.Start
		t.steps = append(t.steps, t.step)
		t.step = Step{}
	}
}
