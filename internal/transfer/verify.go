package transfer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/pgdump"
	"pgsluice/internal/verify"
)

// verification is what --verify needs: the source's side is read under the copy's own snapshot, before that is let go, the target's
// when all is there.
type verification struct {
	encoding verify.Encoding
	program  pgdump.Program // one that reads both
	source   *verify.Side
}

// checkVerify finds out early whether the target can be read in the end.
func (r *run) checkVerify(ctx context.Context) (err error) {
	if !r.Verify {
		return nil
	}
	r.verification.encoding = verify.CommonEncoding(r.srcFacts.Encoding, r.dstFacts.Encoding)
	r.verification.program, err = pgdump.Choose(ctx, r.PgDump, max(r.srcFacts.Version, r.dstFacts.Version)/10000)
	if err != nil {
		return fmt.Errorf("--verify reads the target's schema, too: %w", err)
	}
	return nil
}

func (r *run) verifyReading(encoding verify.Encoding) verify.ReadOptions {
	return verify.ReadOptions{Encoding: encoding, Jobs: r.beginJobs, SchemaOnly: r.SchemaOnly, DataOnly: r.DataOnly}
}

// verifySource reads the source's digests under the snapshot.
func (r *run) verifySource(ctx context.Context) error {
	v := &r.verification
	if !r.Verify || v.source != nil {
		return nil
	}
	return r.retrying(ctx, "verify", func() error {
		r.Progress.Step("reading the source once more, for --verify")
		side, err := verify.ReadSide(ctx, func(ctx context.Context) (*pgconn.PgConn, error) { return r.openReader(ctx, r.verifier(), 0) }, r.verifyReading(v.encoding))
		if err != nil {
			return fmt.Errorf("--verify: source: %w", err)
		}
		if !r.DataOnly {
			if side.TOC, err = r.sourceTOC(ctx); err != nil {
				return fmt.Errorf("--verify: source: %w", err)
			}
		}
		side.SetSequences(r.toc)
		v.source = side
		return nil
	})
}

func (r *run) verifier() catalog.SessionOptions {
	opt := r.readerOptions("verify")
	opt.Encoding = r.verification.encoding.Client
	return opt
}

// sourceTOC is the source's table of contents as the one program writes it in the one encoding that the target's is written in.
func (r *run) sourceTOC(ctx context.Context) (*archive.TOC, error) {
	v := &r.verification
	if !v.encoding.Convert && v.program.Path == r.result.PgDumpPath {
		return r.toc, nil
	}
	conn, err := r.src.Connect(ctx, "pgsluice pg_dump", nil)
	if err != nil {
		return nil, err
	}
	return verify.ReadTOC(ctx, v.program, conn, r.snapshot.names()[0], v.encoding)
}

// verifyTarget compares the target, which is complete, with what was read of the source.
func (r *run) verifyTarget(ctx context.Context) error {
	if !r.Verify {
		return nil
	}
	return r.retrying(ctx, "verify", func() error {
		r.Progress.Step("comparing the target with the source")
		result, err := r.compareSides(ctx)
		if err != nil {
			return fmt.Errorf("--verify: %w", err)
		}
		r.result.Verified = result
		return nil
	})
}

func (r *run) compareSides(ctx context.Context) (*verify.Result, error) {
	v := &r.verification
	target, err := r.openFrozen(ctx, r.dst, v.encoding.Client)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer target.close(ctx)
	side, err := verify.ReadSide(ctx, target.open, r.verifyReading(v.encoding))
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	if !r.DataOnly {
		conn, err := r.dst.Connect(ctx, "pgsluice pg_dump", nil)
		if err != nil {
			return nil, fmt.Errorf("target: %w", err)
		}
		if side.TOC, err = verify.ReadTOC(ctx, v.program, conn, target.name, v.encoding); err != nil {
			return nil, fmt.Errorf("target: %w", err)
		}
	}
	result := verify.Compare(v.source, side, verify.Choices{
		NoOwner: r.NoOwner, NoACL: r.NoACL, NoComments: r.NoComments, NoTablespaces: r.NoTablespaces, NoPublications: r.NoPublications,
		NoDBSettings: r.NoDBSettings, Subscriptions: r.Subscriptions,
	})
	if !result.Equal() {
		r.locateRows(ctx, target, side, result)
	}
	return result, nil
}

// locateRows finds the rows that differ, if the source still is what was copied.
func (r *run) locateRows(ctx context.Context, target *frozen, side *verify.Side, result *verify.Result) {
	source, err := r.openFrozen(ctx, r.src, r.verification.encoding.Client)
	if err == nil {
		defer source.close(ctx)
		if source.xids != r.xids {
			err = fmt.Errorf("the source has been written to since the snapshot")
		} else {
			err = verify.Locate(ctx, source.open, target.open, r.verification.source, side, result)
		}
	}
	if err != nil {
		result.Notes = append(result.Notes, verify.Remark{Object: "rows", Text: "those that differ were not looked for: " + err.Error()})
	}
}

// frozen is a database at one moment.
type frozen struct {
	run        *run
	address    *catalog.Address
	encoding   string
	holder     *pgconn.PgConn
	name, xids string
}

// openFrozen takes a snapshot of a database; the caller closes it.
func (r *run) openFrozen(ctx context.Context, address *catalog.Address, encoding string) (*frozen, error) {
	f := &frozen{run: r, address: address, encoding: encoding}
	var err error
	if f.holder, err = f.open(ctx); err != nil {
		return nil, err
	}
	if f.name, err = export(ctx, f.holder); err == nil {
		version := r.dstFacts.Version
		if address == r.src {
			version = r.srcFacts.Version
		}
		f.xids, err = catalog.VisibleXIDs(ctx, f.holder, version)
	}
	if err != nil {
		f.close(ctx)
		return nil, err
	}
	return f, nil
}

// open is a verify.Opener.
func (f *frozen) open(ctx context.Context) (*pgconn.PgConn, error) {
	opt := f.run.readerOptions("verify")
	opt.Encoding = f.encoding
	conn, err := catalog.OpenSession(ctx, f.address, opt)
	if err != nil {
		return nil, err
	}
	if err := beginReading(ctx, conn, f.name); err != nil {
		catalog.Close(ctx, conn)
		return nil, err
	}
	return conn, nil
}

func (f *frozen) close(ctx context.Context) { catalog.Close(ctx, f.holder) }
