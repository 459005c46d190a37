package verify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"pgsluice/internal/archive"
)

// Opener opens a session, made by catalog.OpenSession as a Reader, in a transaction that reads under the side's snapshot.
// It is called from several goroutines. Who called it closes the session.
type Opener func(ctx context.Context) (*pgconn.PgConn, error)

// ReadOptions say how one side is read.
type ReadOptions struct {
	// Encoding is what CommonEncoding gives of the two databases. The zero value is for two databases that both have the
	// sessions' client_encoding.
	Encoding Encoding
	// Jobs is how many sessions read at the same time. Default 4.
	Jobs int
	// SchemaOnly reads no rows, sequences or large objects; DataOnly nothing else.
	SchemaOnly, DataOnly bool
	// Meter counts what is read. Nil counts nothing.
	Meter *Meter
}

const defaultJobs = 4 // as copy has it

// Side is what one database holds, as far as it is compared. It is written by ReadSide alone, and read-only afterwards but
// for TOC and SetSequences.
type Side struct {
	Version      int // server_version_num
	Database     string
	InRecovery   bool
	Tables       map[string]*Table // by quoted name with schema
	Sequences    map[string]Sequence
	LargeObjects map[uint32]LargeObject
	// TOC is pg_dump's table of contents. ReadSide leaves it nil, and nil means that entries are not compared.
	TOC *archive.TOC
	// Unverified is what could not be read, Notes what was left out on purpose.
	Unverified, Notes []Remark

	probe     string // the hash of a constant
	state     state
	options   ReadOptions
	partPages int64
	skipped   int        // tables whose rows the server does not have
	mu        sync.Mutex // guards what jobs write while the side is read, tables included
}

// Remark says something of an object, such as "table public.t".
type Remark struct{ Object, Text string }

// Table is a relation with rows of its own: a table, a partition, a materialized view.
type Table struct {
	Name    string // quoted, with schema
	Columns []Column
	// Digest is only valid if Read.
	Digest Digest
	Read   bool
	Bytes  int64 // of its heap, TOAST included

	oid          uint32
	kind         byte // relkind
	persistence  byte
	populated    bool
	heap         bool   // its access method is heap
	pages        int64  // of its main fork
	filter       string // the WHERE of an extension's configuration table
	keys         [][]string
	partsPending int
	failed       bool
}

// Column is a column that is compared.
type Column struct {
	Name, Type string // unquoted; as format_type has it
	Bytea      bool
	Text       bool // text or varchar
}

func (t *Table) object() string {
	if t.kind == 'm' {
		return "materialized view " + t.Name
	}
	return "table " + t.Name
}

// ReadSide reads one database with sessions that open gives. What could not be read of it (a table under row-level security,
// one that was truncated since the snapshot, a value too long for text) stands in Unverified. An error means that the side as a
// whole could not be read; of a cancelled context it is the cause.
func ReadSide(ctx context.Context, open Opener, opt ReadOptions) (*Side, error) {
	if opt.Jobs == 0 {
		opt.Jobs = defaultJobs
	}
	s := &Side{options: opt, partPages: defaultPartPages, Tables: map[string]*Table{}, Sequences: map[string]Sequence{}, LargeObjects: map[uint32]LargeObject{}}
	return s.read(ctx, open)
}

func (s *Side) read(ctx context.Context, open Opener) (*Side, error) {
	first, err := s.openReader(ctx, open)
	if err != nil {
		return nil, err
	}
	if err := s.readCatalogs(ctx, first); err != nil {
		first.close(ctx)
		return nil, err
	}
	jobs := s.jobs()
	s.options.Meter.expect(s.Tables)
	group, inner := errgroup.WithContext(ctx)
	queue := make(chan job)
	group.Go(func() error {
		defer close(queue)
		for _, j := range jobs {
			select {
			case queue <- j:
			case <-inner.Done():
				return context.Cause(inner)
			}
		}
		return nil
	})
	for i := range min(s.options.Jobs, max(1, len(jobs))) {
		group.Go(func() error {
			r := first
			if i > 0 {
				var err error
				if r, err = s.openReader(inner, open); err != nil {
					return err
				}
			}
			defer func() { r.close(inner) }()
			for j := range queue {
				if err := j.run(inner, r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	slices.SortFunc(s.Unverified, compareRemarks)
	slices.SortFunc(s.Notes, compareRemarks)
	return s, nil
}

// job is a piece of reading. Its error ends the reading of the whole side.
type job struct {
	bytes int64
	run   func(ctx context.Context, r *reader) error
}

// jobs lists what is to be read, what takes longest first.
func (s *Side) jobs() []job {
	if s.options.SchemaOnly {
		return nil
	}
	jobs := s.tableJobs()
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(b.bytes, a.bytes) })
	return append(jobs, s.otherJobs()...)
}

func (s *Side) readCatalogs(ctx context.Context, r *reader) error {
	if err := s.readFacts(ctx, r); err != nil {
		return err
	}
	if err := s.readTables(ctx, r); err != nil {
		return fmt.Errorf("tables: %w", err)
	}
	if !s.options.DataOnly {
		if err := s.readState(ctx, r); err != nil {
			return fmt.Errorf("catalogs: %w", err)
		}
	}
	if s.options.SchemaOnly {
		return nil
	}
	if err := s.listSequences(ctx, r); err != nil {
		return fmt.Errorf("sequences: %w", err)
	}
	if err := s.listLargeObjects(ctx, r); err != nil {
		return fmt.Errorf("large objects: %w", err)
	}
	return nil
}

func compareRemarks(a, b Remark) int {
	return cmp.Or(strings.Compare(a.Object, b.Object), strings.Compare(a.Text, b.Text))
}

func (s *Side) unverified(object string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Unverified = append(s.Unverified, Remark{object, err.Error()})
}

func (s *Side) note(object, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Notes = append(s.Notes, Remark{object, text})
}
