package progress

import (
	"sync"
	"time"
)

// Tick is the usual distance between two snapshots of a feed.
const Tick = 200 * time.Millisecond

// Feed takes snapshots of a tracker at a fixed tick and hands them to any number of subscribers. Each has room for one
// snapshot, and a newer one takes the place of one that was not fetched: a subscriber that stands still misses some and
// holds nobody up. Its methods may be called from any goroutine, but not from a task's watch.
type Feed struct {
	source  func() Snapshot
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once // closes stop

	// Snapshots are taken and handed out under one lock, so that no subscriber gets an older one after a newer one.
	mu          sync.Mutex
	subscribers map[chan Snapshot]struct{}
	closed      bool
}

// NewFeed starts a feed. The caller calls Close when the transfer is over.
func NewFeed(t *Tracker, every time.Duration) *Feed { return FeedOf(t.Snapshot, every) }

// FeedOf is NewFeed for snapshots that come from elsewhere, such as another process. source returns the latest one; it
// may be called from several goroutines at once.
func FeedOf(source func() Snapshot, every time.Duration) *Feed {
	f := &Feed{source: source, stop: make(chan struct{}), stopped: make(chan struct{}), subscribers: map[chan Snapshot]struct{}{}}
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
			f.mu.Lock()
			f.publish()
			f.mu.Unlock()
		}
	}
}

// publish hands the present snapshot to all subscribers. The caller holds mu.
func (f *Feed) publish() {
	s := f.source()
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

// Snapshot returns the state of this moment, also after Close.
func (f *Feed) Snapshot() Snapshot { return f.source() }

// Subscribe returns a channel with the latest snapshot; the present one is there at once. After the last one, which is
// taken by Close, the channel is closed. cancel ends the subscription and closes the channel; it may be called again.
func (f *Feed) Subscribe() (snapshots <-chan Snapshot, cancel func()) {
	c := make(chan Snapshot, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	c <- f.source()
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

// Close hands a last snapshot to all subscribers and closes their channels. It does not wait for them to read it. A
// second call does nothing.
func (f *Feed) Close() {
	f.once.Do(func() { close(f.stop) })
	<-f.stopped
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.closed = true
	f.publish()
	for c := range f.subscribers {
		close(c)
	}
	clear(f.subscribers)
}
