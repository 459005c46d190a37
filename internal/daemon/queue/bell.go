package queue

import "sync"

// bell wakes who waits for news of a key.
type bell struct {
	mu      sync.Mutex
	waiting map[string]*ringing
}

type ringing struct {
	rung    chan struct{}
	waiters int
}

func newBell() *bell { return &bell{waiting: make(map[string]*ringing)} }

// wait returns what is closed at the next ring. Take it before looking whether there is news. Call done in the end: of keys that nobody waits
// for, which strangers may choose, nothing is kept.
func (b *bell) wait(key string) (rung <-chan struct{}, done func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.waiting[key]
	if r == nil {
		r = &ringing{rung: make(chan struct{})}
		b.waiting[key] = r
	}
	r.waiters++
	return r.rung, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if r.waiters--; r.waiters == 0 && b.waiting[key] == r {
			delete(b.waiting, key)
		}
	}
}

func (b *bell) ring(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.waiting[key]; r != nil {
		close(r.rung)
		delete(b.waiting, key)
	}
}
