package transfer

import (
	"context"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	beginJobs = 4  // where nothing is known of the servers: enough to keep one of 2 to 4 cores busy
	mostJobs  = 16 // more backends than that are asked for by the user
)

// chooseJobs begins with as many streams as a target on this machine has cores, and with some more than nothing elsewhere: no
// SQL function tells how many cores a server has. The rate tells the rest. It returns how many there may be at most.
func (r *run) chooseJobs() (most int) {
	most = r.Jobs
	if r.Jobs == 0 {
		r.auto, r.Jobs, most = true, beginJobs, mostJobs
		if r.dst != nil && isHere(r.dst.Host()) { // or behind a tunnel, whose servers may be larger
			r.Jobs = min(max(runtime.NumCPU(), 2), mostJobs/2)
			most = min(max(2*runtime.NumCPU(), beginJobs), mostJobs)
		}
		if r.MaxJobs > 0 {
			most = r.MaxJobs
		}
		r.Jobs = min(r.Jobs, most)
	}
	if r.IndexJobs == 0 {
		r.IndexJobs = r.Jobs
	}
	r.beginJobs = r.Jobs
	return most
}

// isHere reports whether a host is a socket's folder or an address of this machine's own.
func isHere(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" || ip != nil && ip.IsLoopback()
}

// streamed keeps how many streams there were at most.
func (r *run) streamed(n int) {
	r.counting.Lock()
	defer r.counting.Unlock()
	r.result.Jobs = max(r.result.Jobs, n)
}

// tune changes the number of streams by the rate that they have, until it is stopped.
func (r *run) tune(ctx context.Context, b *board) (stop func()) {
	if !r.auto || r.beginJobs == r.Jobs {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var tuning sync.WaitGroup
	tuning.Go(func() {
		t := newTuner(r.beginJobs, r.Jobs)
		tick := time.NewTicker(tuneEvery)
		defer tick.Stop()
		begun, streams := time.Now(), t.level
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if r.Control.asked() > 0 { // somebody decides
				t.see(time.Since(begun), r.Progress.Moved(), false)
				streams = 0 // so that it is told once it is found out again
				continue
			}
			limited := r.Limiter != nil && r.Limiter.Rate() > 0 || r.Control.pause() != nil // then it is not the servers that the rate is about
			now := t.see(time.Since(begun), r.Progress.Moved(), b.busy() && !limited)
			if now == streams {
				continue
			}
			r.Log.Info("copy streams", zap.Int("before", streams), zap.Int("now", now))
			streams = now
			b.allow(streams)
			r.streamed(streams)
		}
	})
	return func() { cancel(); tuning.Wait() }
}
