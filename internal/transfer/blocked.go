package transfer

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"pgsluice/internal/catalog"
)

// tellBlockers says, while a step outside of all tasks is done by a backend, who holds the locks that it waits for. stop
// ends that. Like the watcher it only looks.
func (r *run) tellBlockers(ctx context.Context, address *catalog.Address, pid uint32, step string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	asking.Go(func() {
		session := &watchSession{address: address}
		defer session.close(ctx)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		told := ""
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			activities, err := session.ask(ctx, []uint32{pid})
			if err != nil {
				return // what it would have said is a comfort, not more
			}
			if by := blockers(activities[pid].BlockedBy); by != "" && by != told && ctx.Err() == nil {
				told = by
				r.Progress.Step(step + ", blocked by " + by)
			}
		}
	})
	return func() {
		cancel()
		asking.Wait()
	}
}

// blockers names sessions: pid 4711 (psql, user bob, idle in transaction) and pid 4712 (…).
func blockers(list []catalog.Blocker) string {
	texts := make([]string, len(list))
	for i, b := range list {
		var facts []string
		for _, fact := range []struct{ before, text string }{{"", b.Application}, {"user ", b.User}, {"", b.State}} {
			if fact.text != "" {
				facts = append(facts, fact.before+fact.text)
			}
		}
		texts[i] = fmt.Sprintf("pid %d", b.PID)
		if len(facts) > 0 {
			texts[i] += " (" + strings.Join(facts, ", ") + ")"
		}
	}
	return strings.Join(texts, " and ")
}
