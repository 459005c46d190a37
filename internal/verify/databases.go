package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/pgdump"
)

const (
	oldestServer = 12
	// lockWait bounds the wait for each table's ACCESS SHARE: longer would look stuck, and all others would queue behind it.
	lockWait = time.Minute
	// beside the sessions that read: the snapshot's holder, and pg_dump's
	readersBeside = 2
)

// Databases compares two databases, each under one snapshot of its own, and locates the rows that differ. The error is
// *NotStarted, the cause of a context that was cancelled, or what kept it from its end; a difference is none. It
// returns when all its sessions are closed.
func Databases(ctx context.Context, opt Options) (*Outcome, error) {
	if opt.Jobs == 0 {
		opt.Jobs = defaultJobs
	}
	if opt.Step == nil {
		opt.Step = func(string) {}
	}
	v := &verification{Options: opt, outcome: &Outcome{}}
	defer func() {
		for _, d := range v.sides {
			if d != nil && d.holder != nil {
				catalog.Close(ctx, d.holder)
			}
		}
	}()
	err := v.start(ctx)
	if err != nil {
		err = &NotStarted{err}
	} else {
		err = v.compare(ctx)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return v.outcome, err
}

type verification struct {
	Options
	outcome  *Outcome
	sides    [2]*database
	program  pgdump.Program
	encoding Encoding
}

// database is one of the two.
type database struct {
	word     string // "source" or "target"
	address  *catalog.Address
	facts    *catalog.Facts
	holder   *pgconn.PgConn // of the snapshot
	snapshot string
	encoding string
	meter    *Meter
}

func (v *verification) start(ctx context.Context) error {
	v.Step("connecting")
	for i, name := range []string{v.Source, v.Target} {
		d := &database{word: []string{"source", "target"}[i], meter: []*Meter{v.SourceMeter, v.TargetMeter}[i]}
		v.sides[i] = d
		if err := d.connect(ctx, name, v.Jobs); err != nil {
			return fmt.Errorf("%s: %w", d.word, err)
		}
	}
	src, dst := v.sides[0], v.sides[1]
	v.outcome.Source, v.outcome.Target = src.endpoint(), dst.endpoint()
	v.encoding = CommonEncoding(src.facts.Encoding, dst.facts.Encoding)
	if !v.DataOnly {
		var err error
		if v.program, err = pgdump.Choose(ctx, v.PgDump, max(src.facts.Version, dst.facts.Version)/10000); err != nil {
			return err
		}
		v.outcome.PgDumpPath, v.outcome.PgDumpVersion = v.program.Path, v.program.Version
	}
	for _, d := range v.sides {
		d.encoding = v.encoding.Client
		if err := d.takeSnapshot(ctx); err != nil {
			return fmt.Errorf("%s: snapshot: %w", d.word, err)
		}
	}
	return nil
}

func (d *database) connect(ctx context.Context, name string, jobs int) error {
	var err error
	if d.address, err = catalog.ParseAddress(name); err != nil {
		return err
	}
	conn, err := d.address.Connect(ctx, "pgsluice verify", nil)
	if err != nil {
		return err
	}
	defer catalog.Close(ctx, conn)
	d.address.Pin(conn)
	if d.facts, err = catalog.ReadFacts(ctx, conn); err != nil {
		return err
	}
	if d.facts.Version/10000 < oldestServer {
		return fmt.Errorf("server version %s is too old; %d is the oldest that is supported", d.facts.VersionText, oldestServer)
	}
	if need := jobs + readersBeside; d.facts.FreeConnections+1 < need {
		return fmt.Errorf("%d connections are free, but %d are needed: use fewer --jobs", d.facts.FreeConnections+1, need)
	}
	return nil
}

func (d *database) endpoint() Endpoint {
	return Endpoint{Host: d.address.Host(), Port: d.address.Port(), Database: d.facts.Database, User: d.facts.User, ServerVersion: d.facts.VersionText}
}

func (d *database) takeSnapshot(ctx context.Context) error {
	var err error
	if d.holder, err = d.open(ctx); err != nil {
		return err
	}
	row, err := catalog.Row(ctx, d.holder, "SELECT pg_catalog.pg_export_snapshot()")
	if err != nil {
		return err
	}
	d.snapshot = row[0]
	return nil
}

// open is an Opener: sessions read under the snapshot, once there is one.
func (d *database) open(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := catalog.OpenSession(ctx, d.address, catalog.SessionOptions{
		Role: catalog.Reader, Encoding: d.encoding, LockTimeout: lockWait, Application: "pgsluice verify",
	})
	if err != nil {
		return nil, err
	}
	statements := []string{"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"}
	if d.snapshot != "" {
		statements = append(statements, "SET TRANSACTION SNAPSHOT "+catalog.Literal(d.snapshot))
	}
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
			catalog.Close(ctx, conn)
			return nil, fmt.Errorf("reading under the snapshot: %w", err)
		}
	}
	return conn, nil
}

// ReadTOC reads a table of contents with pg_dump over conn, which it takes over, under the snapshot.
func ReadTOC(ctx context.Context, program pgdump.Program, conn *pgconn.PgConn, snapshot string, encoding Encoding) (*archive.TOC, error) {
	child, err := pgdump.Start(ctx, program, conn, pgdump.Options{Snapshot: snapshot, Encoding: encoding.Client, LockWait: lockWait})
	if err != nil {
		return nil, err
	}
	defer child.Stop()
	return child.TOC(ctx)
}

// read reads all of one side. Its table of contents comes first: the locks of pg_dump are held no longer than it needs them.
func (v *verification) read(ctx context.Context, d *database) (*Side, error) {
	var toc *archive.TOC
	if !v.DataOnly {
		conn, err := d.address.Connect(ctx, "pgsluice pg_dump", nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.word, err)
		}
		if toc, err = ReadTOC(ctx, v.program, conn, d.snapshot, v.encoding); err != nil {
			return nil, fmt.Errorf("%s: table of contents: %w", d.word, err)
		}
	}
	s, err := ReadSide(ctx, d.open, ReadOptions{Encoding: v.encoding, Jobs: v.Jobs, SchemaOnly: v.SchemaOnly, DataOnly: v.DataOnly, Meter: d.meter})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.word, err)
	}
	s.TOC = toc
	return s, nil
}

func (v *verification) compare(ctx context.Context) error {
	v.Step("reading both sides")
	var read [2]*Side
	group, inner := errgroup.WithContext(ctx)
	for i, d := range v.sides {
		group.Go(func() (err error) {
			read[i], err = v.read(inner, d)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	result := Compare(read[0], read[1], v.Choices)
	if result.locatable() {
		v.Step("looking for the rows that differ")
	}
	if err := Locate(ctx, v.sides[0].open, v.sides[1].open, read[0], read[1], result); err != nil {
		// the differences themselves are known
		if ctx.Err() != nil {
			return err
		}
		result.note("rows", "those that differ could not be located: %v", err)
	}
	v.outcome.Result = result
	return nil
}
