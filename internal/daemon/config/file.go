package config

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// File is a configuration that can be reloaded. Its methods may be called from several goroutines.
type File struct {
	path string
	now  atomic.Pointer[Config]
}

// Open reads a file for the first time.
func Open(path string) (*File, error) {
	f := &File{path: path}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Config is what was read last without an error. Whoever takes a decision asks once, and holds on to the answer until it is taken.
func (f *File) Config() *Config { return f.now.Load() }

// Reload reads the file, and the secrets in other files, again. If that is an error, all stays as it was.
func (f *File) Reload() error {
	c, err := Read(f.path)
	if err != nil {
		return err
	}
	f.now.Store(c)
	return nil
}

// Watch reloads at each SIGHUP until ctx ends, and tells how it went: nil is a new configuration.
func (f *File) Watch(ctx context.Context, told func(error)) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	defer signal.Stop(signals)
	f.watch(ctx, signals, told)
}

func (f *File) watch(ctx context.Context, signals <-chan os.Signal, told func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			told(f.Reload())
		}
	}
}
