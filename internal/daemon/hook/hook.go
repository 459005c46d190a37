// Package hook tells others by HTTP of transfers that have ended, in the manner of Standard Webhooks: a POST whose body is signed with a key that
// both sides know, sent again with growing pauses until it is answered with a status of 2xx or has been tried often enough.
//
// It never holds up who calls it: what can't be queued is given up, and told of. The queue is in memory, so what has not arrived when the
// daemon ends does not arrive. A message may arrive twice, with the same webhook-id.
package hook

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/work"
)

// Outcome is what came of one message.
type Outcome struct {
	Webhook  string // its name
	Transfer string // the id
	Attempts int
	Err      error // of the last attempt, or why there was none; without the URL. Nil if it has arrived
}

// Options of a Sender. The zero value is the default.
type Options struct {
	// Pauses are those between attempts, of which there is one more; each is shortened by up to a fifth, so that after an outage not all come
	// at once.
	Pauses []time.Duration
	// Timeout is that of an attempt.
	Timeout time.Duration
	// Queue is how many messages of one webhook may be on their way.
	Queue int
	// Told hears what came of each message. It is called from several goroutines.
	Told func(Outcome)
	// Transport carries the requests.
	Transport http.RoundTripper
}

// perHost bounds the connections to one receiver: after an outage it has messages in plenty as it is.
const perHost = 4

func (o Options) withDefaults() Options {
	if o.Pauses == nil { // nearly two hours: a receiver's deployment or a bad night of its network
		o.Pauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}
	}
	if o.Timeout == 0 { // what the specification advises at least
		o.Timeout = 15 * time.Second
	}
	if o.Queue == 0 { // a few kilobytes each
		o.Queue = 100
	}
	if o.Told == nil {
		o.Told = func(Outcome) {}
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxConnsPerHost:     perHost,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     time.Minute,
			ForceAttemptHTTP2:   true,
		}
	}
	return o
}

// Sender sends messages. Its methods may be called from several goroutines.
type Sender struct {
	opt    Options
	client *http.Client
	ctx    context.Context // that of the requests
	cancel context.CancelFunc
	stop   chan struct{} // closed when nothing shall be tried again

	mu     sync.Mutex
	closed bool
	onWay  map[string]int // messages by webhook
	wg     sync.WaitGroup
}

// New makes a Sender. Whoever made it closes it.
func New(opt Options) *Sender {
	opt = opt.withDefaults()
	s := &Sender{opt: opt, stop: make(chan struct{}), onWay: map[string]int{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.client = &http.Client{
		Transport: opt.Transport,
		// A signed body is for the one whom the configuration names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

var (
	errFull    = errors.New("too many of its messages are on their way: given up")
	errStopped = errors.New("the daemon stops")
)

// Send tells those webhooks of a transfer that want to know of its state. It returns at once.
func (s *Sender) Send(hooks []config.Webhook, t *work.Transfer) {
	for _, hook := range hooks {
		if !wants(hook, t.State) {
			continue
		}
		message, err := newMessage(hook, t)
		if err == nil {
			err = s.begin(hook.Name)
		}
		if err != nil {
			s.opt.Told(Outcome{Webhook: hook.Name, Transfer: t.ID, Err: err})
			continue
		}
		go s.deliver(message)
	}
}

func (s *Sender) begin(webhook string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errStopped
	case s.onWay[webhook] >= s.opt.Queue:
		return errFull
	}
	s.onWay[webhook]++
	s.wg.Add(1)
	return nil
}

func (s *Sender) end(webhook string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.onWay[webhook]--; s.onWay[webhook] == 0 {
		delete(s.onWay, webhook)
	}
	s.wg.Done()
}

// deliver tries until the message has arrived or is given up.
func (s *Sender) deliver(m *message) {
	defer s.end(m.hook.Name)
	outcome := Outcome{Webhook: m.hook.Name, Transfer: m.transfer}
	for {
		outcome.Attempts++
		again, wait := false, time.Duration(0)
		again, wait, outcome.Err = s.attempt(m)
		if !again || outcome.Attempts > len(s.opt.Pauses) {
			break
		}
		pause := s.opt.Pauses[outcome.Attempts-1]
		pause -= time.Duration(rand.Float64() * float64(pause) / 5)
		if !s.pause(max(pause, wait)) {
			break
		}
	}
	s.opt.Told(outcome)
}

// pause waits, and reports false if nothing is to be begun behind it.
func (s *Sender) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stop:
		return false
	}
}

// Close ends the Sender: nothing is tried again any more, and first attempts have until ctx ends. All messages have been told of when it returns.
func (s *Sender) Close(ctx context.Context) {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stop)
	}
	s.mu.Unlock()
	stop := context.AfterFunc(ctx, s.cancel)
	s.wg.Wait()
	stop()
	s.cancel()
	s.client.CloseIdleConnections()
}
