package progress

import (
	"sync"
	"time"
)

// Tick is the usual distance between two snapshots of a feed.
const Tick = 200 * time.Millisecond

// Feed takes snapshots of a tracker at a fixed tick and hands them to any number of subscribers. Each has room for one
// snapshot, and a newer one takes the place of one that was not fetched: a subscriber that stands still misses some and
// holds nobody up.
type Feed struct {
	tracker *Tracker
	stop    chan struct{}
	stopped chan struct{}

	mu          sync.Mutex
	subscribers map[chan Snapshot]struct{}
	closed      bool
}

// NewFeed starts a feed. The caller calls Close when the transfer is over.
func NewFeed(t *Tracker, every time.Duration) *Feed {
	f := &Feed{tracker: t, stop: make(chan struct{}), stopped: make(chan struct{}), subscribers: map[chan Snapshot]struct{}{}}
	go f.run(every)
	return f
}

func (f *Feed) run(every time.Duration) {
	defer close(f.stopped)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-f.stop:
			return
		case <-tick.C:
			f.publish(f.tracker.Snapshot())
		}
	}
}

func (f *Feed) publish(s Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.subscribers {
		put(c, s)
	}
}

// put leaves s in a channel with room for one. Nobody else sends on it.
func put(c chan Snapshot, s Snapshot) {
	select {
	case <-c:
	default:
	}
	c <- s
}

// Subscribe returns a channel with the latest snapshot; the present one is there at once. After the last one, which is
// taken by Close, the channel is closed. cancel ends the subscription and closes the channel; it may be called again.
func (f *Feed) Subscribe() (snapshots <-chan Snapshot, cancel func()) {
	c := make(chan Snapshot, 1)
	s := f.tracker.Snapshot()
	f.mu.Lock()
	defer f.mu.Unlock()
	c <- s
	if f.closed {
		close(c)
		return c, func() {}
	}
	f.subscribers[c] = struct{}{}
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if _, ok := f.subscribers[c]; ok {
			delete(f.subscribers, c)
			close(c)
		}
	}
}

// Close hands a last snapshot to all subscribers and closes their channels. It does not wait for them to read it.
func (f *Feed) Close() {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return
	}
	f.closed = true
	f.mu.Unlock()
	close(f.stop)
	<-f.stopped
	last := f.tracker.Snapshot()
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.subscribers {
		put(c, last)
		close(c)
		delete(f.subscribers, c)
	}
}
