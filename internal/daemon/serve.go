package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/engine"
	"pgsluice/internal/daemon/hook"
	"pgsluice/internal/daemon/metrics"
	"pgsluice/internal/daemon/page"
	"pgsluice/internal/daemon/queue"
	"pgsluice/internal/daemon/token"
)

// Options say what a daemon serves, and where.
type Options struct {
	// Data is the directory of its state, made for its owner alone if missing. One daemon at a time has it.
	Data string
	// Config is the file of databases and stores. It is read again on SIGHUP.
	Config string
	// Listen is HOST:PORT; "" is DefaultListen.
	Listen string
	// CertFile and KeyFile are those of TLS; "" is plain HTTP, on loopback alone unless Insecure.
	CertFile, KeyFile string
	Insecure          bool
	// NATS is the URL of an external NATS server or cluster, and Credentials a file of credentials for it; "" embeds one. AckWait is how long
	// this daemon may be silent until another one on that server gets what it has in work; 0 is 30 s.
	NATS, Credentials string
	AckWait           time.Duration
	// Name is this daemon's, as transfers show it; "" is the host's.
	Name string
	// PgDump is the path of the pg_dump to use; "" looks for one.
	PgDump string
	// Version is the program's.
	Version string
	// Log gets what happens; nil drops it.
	Log *zap.Logger
	// Started is told where the daemon listens, once it does; and, by a daemon that starts for the first time, the secret of a token that
	// may operate, which can't be had again. nil tells nobody.
	Started func(url, secret string)
}

func (o Options) withDefaults() (Options, error) {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			return o, err
		}
		o.Name = host
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Started == nil {
		o.Started = func(string, string) {}
	}
	var err error
	if o.Data == "" {
		return o, errors.New("no data directory is given")
	}
	o.Data, err = filepath.Abs(o.Data)
	return o, err
}

// told logs what came of a webhook's message.
func (o Options) told(out hook.Outcome) {
	fields := []zap.Field{zap.String("webhook", out.Webhook), zap.String("transfer", out.Transfer), zap.Int("attempts", out.Attempts)}
	if out.Err != nil {
		o.Log.Warn("webhook", append(fields, zap.Error(out.Err))...)
		return
	}
	o.Log.Debug("webhook", fields...)
}

// goodbye is how long requests that are in work when the daemon ends have to end.
const goodbye = 5 * time.Second

// Serve runs a daemon until ctx ends, and returns nil then; or the error that keeps it from starting or going on. What is in work when ctx ends
// is stopped cleanly and given back: this or another daemon takes it up again.
func Serve(ctx context.Context, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	supervisor, err := newNotifier()
	if err != nil {
		return err
	}
	file, err := config.Open(o.Config)
	if err != nil {
		return err
	}
	// before the queue: an address that is taken is found out at once
	listener, err := listen(o.Listen, o.CertFile, o.KeyFile, o.Insecure)
	if err != nil {
		return err
	}
	defer listener.Close()
	q, err := queue.Open(ctx, queue.Options{
		Dir: o.Data, URL: o.NATS, Credentials: o.Credentials, Name: o.Name, AckWait: o.AckWait, History: file.Config().Limits.History,
		Warn: func(message string) { o.Log.Warn(message) },
	})
	if err != nil {
		return err
	}
	defer q.Close()
	hooks := hook.New(hook.Options{Told: func(out hook.Outcome) { o.told(out) }})
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		hooks.Close(last)
	}()
	e := engine.New(engine.Options{
		Queue: q, Config: file.Config, Name: o.Name, Version: o.Version, Hooks: hooks, AckWait: o.AckWait, PgDump: o.PgDump, Log: o.Log,
	})
	tokens := token.In(o.Data)
	secret, err := tokens.First()
	if err != nil {
		return err
	}
	d := &running{o: o, queue: q, engine: e, metrics: metrics.New(e, o.Version), file: file, supervisor: supervisor, listener: listener}
	d.handler = api.New(e, tokens, api.Options{
		Version: o.Version, Page: page.Handler(), Metrics: d.metrics.Handler(), Streams: d.metrics.Streams, Failed: d.requestFailed,
	})
	return d.run(ctx, secret)
}

// running is a daemon whose parts are there.
type running struct {
	o          Options
	queue      *queue.Queue
	engine     *engine.Engine
	metrics    *metrics.Metrics
	file       *config.File
	supervisor notifier
	listener   net.Listener
	handler    http.Handler
}

// run starts the parts and ends them: the engine first, while the API still answers, then the API, with its streams.
func (d *running) run(ctx context.Context, secret string) error {
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	requests, hangUp := context.WithCancel(life)
	defer hangUp()
	server := api.Server(d.handler, api.Limits{})
	server.BaseContext = func(net.Listener) context.Context { return requests }
	server.ErrorLog = zap.NewStdLog(d.o.Log.Named("http"))

	var parts sync.WaitGroup
	defer parts.Wait()
	defer end(nil)
	drain, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	parts.Go(func() { d.file.Watch(life, d.reloaded) })
	parts.Go(func() { d.metrics.Run(life) })
	parts.Go(func() {
		d.supervisor.watch(life, d.alive, func(err error) { d.o.Log.Warn("watchdog", zap.Error(err)) })
	})
	parts.Go(func() {
		if err := server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
			stop(fmt.Errorf("serve: %w", err))
		}
	})
	d.o.Started(d.url(), secret)
	d.o.Log.Info("started", zap.String("url", d.url()), zap.String("data", d.o.Data))
	d.tell("READY=1")

	parts.Go(func() { <-drain.Done(); d.tell("STOPPING=1") })
	d.engine.Run(drain)
	hangUp()
	last, cancel := context.WithTimeout(life, goodbye)
	defer cancel()
	if errors.Is(server.Shutdown(last), context.DeadlineExceeded) {
		_ = server.Close() // its connections are broken off
	}
	if ctx.Err() == nil {
		return context.Cause(drain)
	}
	return nil
}

// url is where the daemon is.
func (d *running) url() string {
	scheme := "http"
	if d.o.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + d.listener.Addr().String()
}

// alive is about what a restart mends: an embedded server that has stopped writing.
func (d *running) alive(ctx context.Context) error {
	if d.o.NATS != "" {
		return nil
	}
	return d.queue.Ready(ctx)
}

func (d *running) tell(state string) {
	if err := d.supervisor.send(state); err != nil {
		d.o.Log.Warn("supervisor", zap.Error(err))
	}
}

func (d *running) reloaded(err error) {
	if err != nil {
		d.o.Log.Error("the configuration stays as it was", zap.Error(err))
		return
	}
	d.o.Log.Info("the configuration was read again")
}

func (d *running) requestFailed(r *http.Request, err error) {
	d.o.Log.Error("request", zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(err))
}
