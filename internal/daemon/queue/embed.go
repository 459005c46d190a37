package queue

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// enough is how much room the directory must have: with less the server would stop for good in the midst of a write.
const enough = 64 << 20

// embedded is a NATS server in this process, which listens nowhere.
type embedded struct {
	*server.Server
	dir string
	log *serverLog
}

// embed starts it on the files below o.Dir, which the caller has locked: the server itself would open files that another one has open.
func embed(ctx context.Context, o Options) (*embedded, error) {
	e := &embedded{dir: filepath.Join(o.Dir, "nats"), log: &serverLog{warn: o.Warn}}
	if err := roomIn(o.Dir); err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "pgsluice",
		DontListen: true,
		JetStream:  true,
		StoreDir:   e.dir,
		// by default what was acknowledged is on disk up to two minutes later
		SyncAlways: true,
		// signals are the daemon's, and stdout nobody's
		NoSigs: true,
		NoLog:  true,
		// what bounds the streams is their own limits: by default the server would take three quarters of what is free now for a limit
		JetStreamMaxStore:  1 << 40,
		JetStreamMaxMemory: 64 << 20,
	})
	if err != nil {
		return nil, fmt.Errorf("the embedded NATS server: %w", err)
	}
	e.Server = s
	s.SetLoggerV2(e.log, false, false, false)
	go s.Start() // it returns when the server runs; stop waits for the server's goroutines
	for !s.ReadyForConnections(100 * time.Millisecond) {
		if cause := e.log.fatal(); cause != "" || ctx.Err() != nil {
			e.stop()
			if cause == "" {
				cause = context.Cause(ctx).Error()
			}
			return nil, fmt.Errorf("the embedded NATS server can't use %s: %s", e.dir, cause)
		}
	}
	if !s.JetStreamEnabled() {
		e.stop()
		return nil, fmt.Errorf("the embedded NATS server can't use %s: %s", e.dir, e.log.said())
	}
	return e, nil
}

func (e *embedded) stop() {
	e.Shutdown()
	e.WaitForShutdown()
}

// ready reports why the server does not work: it switches JetStream off when a write fails, until the next start.
func (e *embedded) ready() error {
	if err := roomIn(e.dir); err != nil {
		return err
	}
	if !e.JetStreamEnabled() {
		return fmt.Errorf("the embedded NATS server has stopped writing to %s: %s", e.dir, e.log.said())
	}
	return nil
}

// roomIn refuses a directory on a disk that is nearly full.
func roomIn(dir string) error {
	free, err := freeBytes(dir)
	if err != nil {
		return err
	}
	if free < enough {
		return fmt.Errorf("the disk of %s is full: %d MB are free, at least %d are needed", dir, free/1e6, enough/1_000_000)
	}
	return nil
}

// serverLog hands the server's warnings and errors on and keeps the last ones, as the cause of what fails then.
type serverLog struct {
	warn func(string)

	mu    sync.Mutex
	last  []string
	dying string
}

func (l *serverLog) add(level, format string, v ...any) string {
	message := fmt.Sprintf(format, v...)
	l.mu.Lock()
	if l.last = append(l.last, message); len(l.last) > 3 {
		l.last = l.last[1:]
	}
	l.mu.Unlock()
	l.warn("nats: " + level + ": " + message)
	return message
}

// said is what it said last.
func (l *serverLog) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == 0 {
		return errors.ErrUnsupported.Error()
	}
	return strings.Join(l.last, "; ")
}

// fatal is what the server died of.
func (l *serverLog) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dying
}

func (l *serverLog) Noticef(string, ...any)         {}
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}
func (l *serverLog) Warnf(format string, v ...any)  { l.add("warning", format, v...) }
func (l *serverLog) Errorf(format string, v ...any) { l.add("error", format, v...) }

// Fatalf is called where the server, as a program, would exit.
func (l *serverLog) Fatalf(format string, v ...any) {
	message := l.add("fatal", format, v...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dying = message
}
