//go:build unix

package api_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/pgtest"
)

// TestManyReaders has as many streams as a large team's pages, and says what they cost. All get the end; go run ./bench -run crowd has what a copy
// loses by them.
func TestManyReaders(t *testing.T) {
	if os.Getenv("PGSLUICE_LONG") == "" {
		t.Skip("PGSLUICE_LONG is not set")
	}
	const readers, news = 500, 10
	d := start(t, api.Options{})
	id := d.made()
	progress := fmt.Appendf(nil, `{"event":"progress","running":[%s{}]}`, strings.Repeat(`{"id":1,"name":"public.orders","bytes":123456,"rows":789},`, 40))
	var streams []*stream
	before := memory()
	for range readers {
		streams = append(streams, d.open("/v1/transfers/"+id+"/live"))
	}
	var came atomic.Int64
	ended := make(chan int, readers)
	for _, s := range streams {
		go func() {
			n := 0
			for {
				if _, ok := s.next(); !ok {
					ended <- n
					return
				}
				n++
				came.Add(1)
			}
		}()
	}
	all := func(states int64) {
		if !pgtest.Poll(time.Minute, func() bool { return came.Load() >= states*readers }) {
			t.Fatalf("%d states have come to %d readers, not %d to each", came.Load(), readers, states)
		}
	}
	all(1)
	began := processor()
	for i := range int64(news) {
		d.Progress(id, progress)
		all(2 + i)
	}
	took, held := processor()-began, memory()-before
	d.Set(id, become("completed"))
	for range readers {
		if n := <-ended; n < 2 {
			t.Errorf("a reader got %d states", n)
		}
	}
	t.Logf("%d readers: %.1f KiB each, their clients' included; %v of processor time a state", readers, float64(held)/1024/readers, took/news)
	if held > readers*256<<10 {
		t.Errorf("%d readers hold %d MiB", readers, held>>20)
	}
}

func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
