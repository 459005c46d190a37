package faults

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// writers change the source until they are stopped.
type writers struct {
	stopping context.CancelFunc
	working  sync.WaitGroup
	mu       sync.Mutex
	done     int // transactions
	err      error
}

// write begins; it returns when both have committed once, so that the snapshot falls between two changes.
func write(url string) *writers {
	ctx, cancel := context.WithCancel(context.Background())
	w := &writers{stopping: cancel}
	var first sync.WaitGroup
	for i := range 2 {
		first.Add(1)
		w.working.Go(func() {
			begun := sync.OnceFunc(first.Done)
			defer begun()
			err := w.loop(ctx, url, i, begun)
			if ctx.Err() == nil {
				w.mu.Lock()
				w.err = err
				w.mu.Unlock()
			}
		})
	}
	first.Wait()
	return w
}

func (w *writers) loop(ctx context.Context, url string, number int, begun func()) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	pace := time.NewTicker(10 * time.Millisecond) // the machine is needed for other things, too
	defer pace.Stop()
	for n := 1 + number; ctx.Err() == nil; n += 2 {
		// one message of many statements is one transaction
		if _, err := conn.PgConn().Exec(ctx, fmt.Sprintf(disturb, n)).ReadAll(); err != nil {
			return err
		}
		begun()
		w.mu.Lock()
		w.done++
		w.mu.Unlock()
		<-pace.C
	}
	return nil
}

// stop ends them and says how much they have done.
func (w *writers) stop() (int, error) {
	w.stopping()
	w.working.Wait()
	return w.done, w.err
}
