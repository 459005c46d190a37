package engine

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"time"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/transfer"
)

// Store is where dumps lie. Names are those of dumpNames; an error of one that is not there is fs.ErrNotExist.
type Store interface {
	// Create makes ready for a dump, which is there when it is whole, after Commit. What an earlier attempt has left of it is removed.
	Create(ctx context.Context, name string) (Sink, error)
	// Open gives a dump to read; it is closed.
	Open(ctx context.Context, name string) (File, error)
	// Remove removes a dump; one that is not there is no error.
	Remove(ctx context.Context, name string) error
	// List gives the dumps that are whole.
	List(ctx context.Context) ([]Stored, error)
	// Free is how many bytes there is room for; -1 if that is not known.
	Free(ctx context.Context) (int64, error)
}

// Sink is where a dump is written. One of Commit and Discard is called once.
type Sink interface {
	// Into says it in the words of a dump: as a path, or as a stream.
	Into(opt *transfer.DumpOptions)
	Commit() error
	Discard()
}

// File is a dump that is read.
type File interface {
	// From says it in the words of a restore: as a path, or as a stream.
	From(opt *transfer.RestoreOptions)
	io.Closer
}

// Stored is a dump in a store.
type Stored struct {
	Name     string
	Bytes    int64
	Modified time.Time
}

const dumpSuffix = ".dump"

// dumpNames are the names of dumps: ids, so that none leads out of its store.
var dumpNames = regexp.MustCompile(`^[a-z][0-9]{1,19}\.dump$`)

func checkDumpName(name string) error {
	if !dumpNames.MatchString(name) {
		return fmt.Errorf("%q is not the name of a dump", name)
	}
	return nil
}

// store is the store of that name.
func (e *Engine) store(c *config.Config, name string) (Store, error) {
	s := c.Store(name)
	if s == nil {
		return nil, fmt.Errorf("there is no store %s any more in this daemon's configuration", name)
	}
	return &directory{path: s.Dir}, nil
}
