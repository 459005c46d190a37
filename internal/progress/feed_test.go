package progress

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestASlowSubscriberHoldsNobodyUp: one never reads, one sleeps between two reads and gets the latest.
func TestASlowSubscriberHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		f := NewFeed(tr, Tick)
		defer f.Close()
		_, forget := f.Subscribe()
		defer forget()
		slow, cancel := f.Subscribe()
		defer cancel()
		quick, cancel := f.Subscribe()
		defer cancel()
		if first := <-quick; first.Elapsed != 0 {
			t.Errorf("the first is from %v", first.Elapsed)
		}
		for i := range 50 {
			s := <-quick
			if want := time.Duration(i+1) * Tick; s.Elapsed != want {
				t.Errorf("tick %d came at %v, not %v", i, s.Elapsed, want)
			}
			if i%10 == 9 {
				synctest.Wait()
				if s := <-slow; s.Elapsed != time.Duration(i+1)*Tick {
					t.Errorf("after ten ticks the slow one got a snapshot from %v, not the latest", s.Elapsed)
				}
			}
		}
	})
}

func TestCloseDeliversTheLastSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		f := NewFeed(tr, Tick)
		c, cancel := f.Subscribe()
		time.Sleep(time.Minute)
		tr.Warn(Warning{Message: "at the very end"})
		tr.Finish()
		f.Close()
		f.Close()
		s, more := <-c
		if !more || !s.Over || len(s.Warnings) != 1 {
			t.Errorf("the last one: %v, %+v", more, s)
		}
		if _, more := <-c; more {
			t.Error("a snapshot after the last one")
		}
		cancel()
		cancel()

		late, cancel := f.Subscribe()
		if s, more := <-late; !more || !s.Over {
			t.Errorf("after Close: %v, %+v", more, s)
		}
		if _, more := <-late; more {
			t.Error("a snapshot after the last one")
		}
		cancel()
		if !f.Snapshot().Over {
			t.Error("no snapshot after Close")
		}
	})
}

func TestCancelTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(New(), Tick)
		defer f.Close()
		c, cancel := f.Subscribe()
		cancel()
		cancel()
		<-c // the first one was there
		if _, more := <-c; more {
			t.Error("the channel is open")
		}
		time.Sleep(time.Second)
	})
}

// TestSubscribersComeAndGo while the feed ticks and is closed, by two at once: the race detector looks on.
func TestSubscribersComeAndGo(t *testing.T) {
	tr := New()
	f := NewFeed(tr, time.Microsecond)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				c, cancel := f.Subscribe()
				last := (<-c).Elapsed
				for range 3 {
					s, more := <-c
					if more && s.Elapsed < last {
						t.Errorf("went back from %v to %v", last, s.Elapsed)
					}
					last = s.Elapsed
				}
				cancel()
			}
		})
	}
	tr.Warn(Warning{})
	for range 2 {
		wg.Go(f.Close)
	}
	wg.Wait()
}
