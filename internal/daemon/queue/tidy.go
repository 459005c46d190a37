package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

// tidy heals and forgets every minute, until life ends.
func (q *Queue) tidy(life context.Context) {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-life.Done():
			return
		case <-minute.C:
		}
		ctx, cancel := context.WithTimeout(life, time.Minute)
		err := q.heal(ctx)
		if err == nil {
			err = q.forget(ctx)
		}
		cancel()
		if err != nil && life.Err() == nil {
			q.o.Warn(fmt.Sprintf("tidy up: %v", err))
		}
	}
}

// forget deletes the oldest transfers that have ended, behind Options.History, with their logs and reports. One whose dump is in its store
// is kept, because it is how the dump is found.
func (q *Queue) forget(ctx context.Context) error {
	ended := q.view.choose(func(t *work.Transfer) bool { return t.State.Final() && (t.File == "" || t.Expired) })
	for _, t := range ended[:max(0, len(ended)-q.o.History)] {
		if err := q.events.Purge(ctx, jetstream.WithPurgeSubject(q.subject("events", t.ID))); err != nil {
			return fmt.Errorf("transfer %s: log: %w", t.ID, err)
		}
		if err := q.reports.Purge(ctx, jetstream.WithPurgeSubject(q.subject("reports", t.ID+".*"))); err != nil {
			return fmt.Errorf("transfer %s: report: %w", t.ID, err)
		}
		if err := q.transfers.Purge(ctx, t.ID); err != nil {
			return fmt.Errorf("transfer %s: %w", t.ID, err)
		}
		q.view.remove(t.ID)
	}
	return nil
}
