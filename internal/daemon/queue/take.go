package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

// ErrLost says that another daemon has got a delivery.
var ErrLost = errors.New("another daemon has this transfer now")

// ErrClosed says that the queue is closed.
var ErrClosed = errors.New("the queue is closed")

// poll is how long one request for work waits in the server. Nothing hangs on it but how long an answer may come to nobody.
const poll = 5 * time.Second

// Take waits for a transfer that wants a daemon and leases it; final ones are left out. It ends with ctx's cause or ErrClosed: a server that
// is away is waited for.
func (q *Queue) Take(ctx context.Context) (*Delivery, error) {
	for {
		message, err := q.fetch(ctx)
		if err != nil {
			return nil, err
		}
		d, err := q.lease(ctx, message)
		switch {
		case ctx.Err() != nil:
			q.giveBack(message)
			return nil, context.Cause(ctx)
		case err != nil:
			// it comes again after AckWait
			q.o.Warn(fmt.Sprintf("take: %v", err))
		case d != nil:
			return d, nil
		}
	}
}

// fetch waits for the next message.
func (q *Queue) fetch(ctx context.Context) (jetstream.Msg, error) {
	for {
		batch, err := q.consumer.Fetch(1, jetstream.FetchMaxWait(poll))
		if err == nil {
			select {
			case message, ok := <-batch.Messages():
				if ok {
					return message, nil
				}
				err = batch.Error()
			case <-ctx.Done():
				// the request is still in the server: what it brings is given back, and would otherwise wait for AckWait
				q.running.Go(func() {
					for message := range batch.Messages() {
						q.giveBack(message)
					}
				})
				return nil, context.Cause(ctx)
			}
		}
		switch {
		case q.nc.IsClosed():
			return nil, ErrClosed
		case err == nil, errors.Is(err, nats.ErrTimeout):
			continue
		}
		q.o.Warn(fmt.Sprintf("take: %v", err))
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(time.Second):
		}
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrConsumerDeleted) {
			if err := q.openConsumer(ctx); err != nil {
				q.o.Warn(fmt.Sprintf("take: %v", err))
			}
		}
	}
}

// giveBack lets a message be delivered again; if that fails, AckWait does.
func (q *Queue) giveBack(message jetstream.Msg) {
	if err := message.Nak(); err != nil && !q.nc.IsClosed() {
		q.o.Warn(fmt.Sprintf("take: %v", err))
	}
}

// lease makes a delivery of a message; nil if its transfer needs no daemon.
func (q *Queue) lease(ctx context.Context, message jetstream.Msg) (*Delivery, error) {
	id := strings.TrimPrefix(message.Subject(), q.subject("work", ""))
	attempt := 1
	if meta, err := message.Metadata(); err == nil {
		attempt = int(meta.NumDelivered)
	}
	final := errors.New("final")
	r, err := q.change(ctx, id, func(r *record) error {
		if r.Transfer.State.Final() {
			return final
		}
		r.Lease++
		return nil
	})
	switch {
	case errors.Is(err, final), errors.Is(err, work.ErrNotFound) && attempt > 3:
		return nil, message.DoubleAck(ctx)
	case errors.Is(err, work.ErrNotFound):
		// a replica that is behind, perhaps
		return nil, message.NakWithDelay(time.Second)
	case err != nil:
		return nil, err
	}
	return &Delivery{ID: id, Attempt: attempt, q: q, message: message, lease: r.Lease}, nil
}

// Delivery is a leased transfer. Its methods may be called from several goroutines.
type Delivery struct {
	ID      string
	Attempt int // of the queue: 1 for the first delivery; transfers count their own attempts

	q       *Queue
	message jetstream.Msg
	lease   uint64
}

// held reports ErrLost if another daemon has the transfer by now.
func (d *Delivery) held(r *record) error {
	if r.Lease != d.lease {
		return fmt.Errorf("transfer %s: %w", d.ID, ErrLost)
	}
	return nil
}

// current is the record, if this delivery has it.
func (d *Delivery) current(ctx context.Context) (*record, error) {
	r, _, _, err := d.q.load(ctx, d.ID)
	if err != nil {
		return nil, fmt.Errorf("transfer %s: %w", d.ID, err)
	}
	return r, d.held(r)
}

// InProgress renews the lease. Call it every third of AckWait. ErrLost: stop at once, another daemon has it. Other errors are the
// connection's; if they last for AckWait, the lease is lost.
func (d *Delivery) InProgress(ctx context.Context) error {
	if _, err := d.current(ctx); err != nil {
		return err
	}
	if err := d.message.InProgress(); err != nil {
		return fmt.Errorf("transfer %s: heartbeat: %w", d.ID, err)
	}
	return nil
}

// Update is Queue.Update for who holds the lease: ErrLost if another daemon has it, and nothing is stored.
func (d *Delivery) Update(ctx context.Context, change func(*work.Transfer) error) (*work.Transfer, error) {
	r, err := d.q.change(ctx, d.ID, func(r *record) error {
		if err := d.held(r); err != nil {
			return err
		}
		return change(&r.Transfer)
	})
	if err != nil {
		return nil, err
	}
	return &r.Transfer, nil
}

// Done ends the delivery of a transfer whose state is final, and of no other.
func (d *Delivery) Done(ctx context.Context) error {
	r, err := d.current(ctx)
	if err != nil {
		return err
	}
	if !r.Transfer.State.Final() {
		return fmt.Errorf("transfer %s is %s and can't be taken from the queue", d.ID, r.Transfer.State)
	}
	return d.ack(ctx)
}

// Drop gives a transfer back without a time: it comes again after Enqueue, which for one that is not at rest (paused, and wanted so) any
// daemon calls within a minute.
func (d *Delivery) Drop(ctx context.Context) error {
	if _, err := d.current(ctx); err != nil {
		return err
	}
	return d.ack(ctx)
}

func (d *Delivery) ack(ctx context.Context) error {
	if err := d.message.DoubleAck(ctx); err != nil {
		return fmt.Errorf("transfer %s: acknowledge: %w", d.ID, err)
	}
	return nil
}

// Later gives it back: Take returns it again, to whichever daemon, after the delay.
func (d *Delivery) Later(ctx context.Context, delay time.Duration) error {
	if _, err := d.current(ctx); err != nil {
		return err
	}
	if err := d.message.NakWithDelay(delay); err != nil {
		return fmt.Errorf("transfer %s: give back: %w", d.ID, err)
	}
	return nil
}
