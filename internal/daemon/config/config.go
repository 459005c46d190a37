package config

import (
	"maps"
	"slices"

	"pgsluice/internal/daemon/work"
)

// Config is what a file says. It does not change: a reload makes another one.
type Config struct {
	databases map[string]*Database
	stores    map[string]*Store
	Webhooks  []Webhook
	Limits    Limits
}

// Database is a database that transfers may read or write.
type Database struct {
	Name string
	// URL is a connection string as psql takes it.
	URL         Secret
	NeverTarget bool
	// MaxStreams bounds a transfer's copy streams; 0 is no bound.
	MaxStreams int
	// MaxTransfers may be in work at a time from or to it; at least 1.
	MaxTransfers int
	// RateLimit bounds a transfer's rate, in bytes per second; 0 is no bound.
	RateLimit int64
	// Window is when transfers may run. RateLimitOutside is the rate at which those that run when it closes go on, in bytes per second; 0
	// pauses them.
	Window           Window
	RateLimitOutside int64
}

// Store is a directory with dumps.
type Store struct {
	Name string
	Dir  string // absolute
}

// Webhook is somebody who is told of transfers that end.
type Webhook struct {
	Name string
	URL  Secret // its path may be a secret
	// Key is what the bodies are signed with.
	Key Secret
	// Events are the final states that it is told of, at least one.
	Events []work.State
}

// Limits are the daemon's own.
type Limits struct {
	// Transfers may be in work at a time in one daemon.
	Transfers int
	// History is how many transfers that have ended are kept.
	History int
}

// What the file leaves out.
const (
	defaultTransfers = 4    // each has sessions, and memory for as many blocks as it has streams
	defaultHistory   = 1000 // a few kilobytes each, and their logs
)

// Database is the database of that name, or nil.
func (c *Config) Database(name string) *Database { return c.databases[name] }

// Databases are all databases, by name.
func (c *Config) Databases() []*Database { return sorted(c.databases) }

// Store is the store of that name, or nil.
func (c *Config) Store(name string) *Store { return c.stores[name] }

// Stores are all stores, by name.
func (c *Config) Stores() []*Store { return sorted(c.stores) }

func sorted[T any](named map[string]*T) []*T {
	all := make([]*T, 0, len(named))
	for _, name := range slices.Sorted(maps.Keys(named)) {
		all = append(all, named[name])
	}
	return all
}
