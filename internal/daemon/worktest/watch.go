package worktest

import (
	"context"
	"iter"
	"sync"
)

// Watch yields what look finds, now and after each change, until look says that this was the last, or ctx ends. look is called under mu, which
// guards changed, too: a channel that is closed and made anew at each change.
func Watch[T any](ctx context.Context, mu *sync.Mutex, changed *chan struct{}, look func() (news []T, last bool)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			mu.Lock()
			news, last := look()
			change := *changed
			mu.Unlock()
			for _, n := range news {
				if !yield(n, nil) {
					return
				}
			}
			if last {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-change:
			}
		}
	}
}
