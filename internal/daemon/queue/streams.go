package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// The limits of what is kept beside the transfers. Where one is reached the oldest vanishes.
const (
	maxEvent       = 256 << 10 // bytes of one event
	maxEvents      = 4000      // of one transfer
	maxEventBytes  = 512 << 20 // of all
	maxReport      = 64 << 20  // bytes of one report as JSON
	maxReportBytes = 1 << 30   // of all, compressed
)

// streams is where everything lies.
type streams struct {
	transfers jetstream.KeyValue // id → record
	state     jetstream.KeyValue // number, schedule.NAME, guard.DATABASE
	ticks     jetstream.KeyValue // SCHEDULE.SECONDS → tick
	work      jetstream.Stream   // one message for each transfer that wants a daemon
	events    jetstream.Stream
	reports   jetstream.Stream
	consumer  jetstream.Consumer // of work, shared by all daemons
}

// subject is that of a transfer in one of the streams.
func (q *Queue) subject(stream, id string) string { return q.o.Prefix + "." + stream + "." + id }

// openStreams creates what is missing of them. Of an embedded server's none may be missing that was there before: the server leaves out what it
// can't read, and an empty queue would look as if nothing had ever been asked.
func (q *Queue) openStreams(ctx context.Context) error {
	if q.server != nil {
		if err := q.complete(ctx); err != nil {
			return err
		}
		// there is no other daemon: what the last process had in work is given out again now, and not after AckWait, by a new stream, which
		// heal fills from the records
		if err := q.js.DeleteStream(ctx, q.o.Prefix+"_work"); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
	}
	for _, b := range []struct {
		to     *jetstream.KeyValue
		config jetstream.KeyValueConfig
	}{
		{&q.transfers, jetstream.KeyValueConfig{Bucket: q.o.Prefix + "_transfers"}},
		{&q.state, jetstream.KeyValueConfig{Bucket: q.o.Prefix + "_state"}},
		{&q.ticks, jetstream.KeyValueConfig{Bucket: q.o.Prefix + "_ticks", TTL: keepTicks}},
	} {
		b.config.Storage, b.config.Replicas = jetstream.FileStorage, q.o.Replicas
		kv, err := q.js.CreateOrUpdateKeyValue(ctx, b.config)
		if err != nil {
			return fmt.Errorf("bucket %s: %w", b.config.Bucket, err)
		}
		*b.to = kv
	}
	for _, s := range []struct {
		to     *jetstream.Stream
		config jetstream.StreamConfig
	}{
		// a second message of a transfer that has one is refused, which makes Enqueue exact
		{&q.work, jetstream.StreamConfig{
			Name: "work", Retention: jetstream.WorkQueuePolicy,
			Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgsPerSubject: 1,
		}},
		{&q.events, jetstream.StreamConfig{
			Name: "events", MaxMsgsPerSubject: maxEvents, MaxBytes: maxEventBytes, MaxMsgSize: maxEvent + 4096,
			Compression: jetstream.S2Compression,
		}},
		{&q.reports, jetstream.StreamConfig{Name: "reports", MaxMsgsPerSubject: 1, MaxBytes: maxReportBytes}},
	} {
		s.config.Subjects = []string{q.subject(s.config.Name, ">")}
		s.config.Name = q.o.Prefix + "_" + s.config.Name
		s.config.Storage, s.config.Replicas, s.config.AllowDirect = jetstream.FileStorage, q.o.Replicas, true
		stream, err := q.js.CreateOrUpdateStream(ctx, s.config)
		if err != nil {
			return fmt.Errorf("stream %s: %w", s.config.Name, err)
		}
		*s.to = stream
	}
	if err := q.openConsumer(ctx); err != nil {
		return fmt.Errorf("consumer of %s_work: %w", q.o.Prefix, err)
	}
	if q.server == nil {
		return nil
	}
	return q.remember()
}

// openConsumer makes the one consumer of the work.
func (q *Queue) openConsumer(ctx context.Context) (err error) {
	q.consumer, err = q.work.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "daemons", AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.o.AckWait, MaxDeliver: -1, MaxAckPending: -1,
	})
	return err
}
