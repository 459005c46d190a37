package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Queue is the state. Its methods may be called from several goroutines.
type Queue struct {
	o        Options
	instance string // of this Queue, among all that share a cluster
	lock     *os.File
	server   *embedded // nil with an external one
	nc       *nats.Conn
	js       jetstream.JetStream
	streams

	view *view
	live *live
	logs *bell // rung by the id of a transfer whose log has grown

	end     context.CancelFunc
	running sync.WaitGroup
	closing sync.Once
}

// Open opens it, creates what is missing, and heals what a crash has left half done. ctx bounds that alone. Close it.
func Open(ctx context.Context, o Options) (*Queue, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	q := &Queue{o: o, instance: rand.Text(), view: newView(), live: newLive(), logs: newBell()}
	if err := q.open(ctx); err != nil {
		q.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	return q, nil
}

func (q *Queue) open(ctx context.Context) error {
	if q.o.Dir != "" {
		lock, err := lockDir(q.o.Dir)
		if err != nil {
			return err
		}
		q.lock = lock
	}
	if err := q.connect(ctx); err != nil {
		return err
	}
	if err := q.openStreams(ctx); err != nil {
		return err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	q.end = end
	if err := q.follow(ctx, life); err != nil {
		return err
	}
	if q.server != nil {
		if err := q.agree(ctx); err != nil {
			return err
		}
	}
	if err := q.share(life); err != nil {
		return err
	}
	if err := q.heal(ctx); err != nil {
		return err
	}
	q.running.Go(func() { q.tidy(life) })
	return nil
}

// connect connects to the external server, or starts the embedded one. A connection that is lost is made again for ever.
func (q *Queue) connect(ctx context.Context) error {
	options := []nats.Option{
		nats.Name("pgsluice " + q.o.Name),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { q.o.Warn(err.Error()) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				q.o.Warn(fmt.Sprintf("the connection to the NATS server is lost: %v", err))
			}
		}),
	}
	if q.o.URL == "" {
		server, err := embed(ctx, q.o)
		if err != nil {
			return err
		}
		q.server = server
		options = append(options, nats.InProcessServer(server))
	} else if q.o.Credentials != "" {
		options = append(options, nats.UserCredentials(q.o.Credentials))
	}
	nc, err := nats.Connect(q.o.URL, options...)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", q.where(), err)
	}
	q.nc = nc
	q.js, err = jetstream.New(nc)
	return err
}

// where names the server in messages.
func (q *Queue) where() string {
	if q.server != nil {
		return "the embedded NATS server"
	}
	return q.o.servers()
}

// Close ends the connection and the embedded server, and waits for them. What is in work stays in work; an embedded server gives it out
// again when it is opened, an external one after AckWait: Delivery.Later is quicker.
func (q *Queue) Close() {
	q.closing.Do(func() {
		if q.end != nil {
			q.end()
		}
		if q.nc != nil {
			q.nc.Close()
		}
		q.running.Wait()
		if q.server != nil {
			q.server.stop()
		}
		if q.lock != nil {
			q.lock.Close()
		}
	})
}

// Ready reports what keeps the queue from working, nil if nothing does.
func (q *Queue) Ready(ctx context.Context) error {
	if q.server != nil {
		if err := q.server.ready(); err != nil {
			return fmt.Errorf("queue: %w", err)
		}
	}
	if _, err := q.state.Status(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no answer")
		}
		return fmt.Errorf("queue: %s: %w", q.where(), err)
	}
	return nil
}
