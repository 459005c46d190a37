package engine

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"pgsluice/internal/catalog"
	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/work"
)

const (
	// lookEvery is how often databases are looked at: sizes change slowly, and each look is a login.
	lookEvery = 10 * time.Minute
	// lookFor is for how long one may take.
	lookFor = 10 * time.Second
	// looksAtOnce is how many there are at a time.
	looksAtOnce = 2
)

// looks is what was last seen of the databases, by name.
type looks struct {
	mu   sync.Mutex
	seen map[string]look
}

type look struct {
	bytes   int64
	version string
	at      time.Time
	err     string
}

func newLooks() *looks { return &looks{seen: map[string]look{}} }

// fill adds what was seen.
func (l *looks) fill(db *work.Database) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen[db.Name]
	db.Bytes, db.Version, db.Looked, db.Error = seen.bytes, seen.version, seen.at, seen.err
}

// keep takes the place of what was seen before; of a database that can't be reached size and version stay known.
func (l *looks) keep(name string, now look) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before := l.seen[name]; now.err != "" {
		now.bytes, now.version = before.bytes, before.version
	}
	l.seen[name] = now
}

// lookAround looks at all databases now and then.
func (e *Engine) lookAround(ctx context.Context) {
	for {
		var all sync.WaitGroup
		places := make(chan struct{}, looksAtOnce)
		c := e.Config()
		hide := newHider(c)
		for _, db := range c.Databases() {
			places <- struct{}{}
			all.Go(func() {
				defer func() { <-places }()
				now := lookAt(ctx, db)
				now.err = hide.text(now.err)
				e.looks.keep(db.Name, now)
			})
		}
		all.Wait()
		if !pause(ctx, lookEvery) {
			return
		}
	}
}

func lookAt(ctx context.Context, db *config.Database) look {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	seen := look{at: time.Now().UTC()}
	err := func() error {
		address, err := catalog.ParseAddress(db.URL.Reveal())
		if err != nil {
			return err
		}
		conn, err := address.Connect(ctx, "pgsluice look", nil)
		if err != nil {
			return err
		}
		defer catalog.Close(ctx, conn)
		row, err := catalog.Row(ctx, conn, "SELECT pg_catalog.pg_database_size(pg_catalog.current_database()), pg_catalog.current_setting('server_version')")
		if err != nil {
			return err
		}
		seen.version, _, _ = strings.Cut(row[1], " ") // the rest is of who has built it
		seen.bytes, err = strconv.ParseInt(row[0], 10, 64)
		return err
	}()
	if err != nil {
		seen.err = err.Error()
	}
	return seen
}
