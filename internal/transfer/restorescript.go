package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/ends"
	"pgsluice/internal/ledger"
	"pgsluice/internal/preflight"
	"pgsluice/internal/script"
)

// scripted is a restore of a plain script in work. It runs in one session, in the script's order, each statement by itself.
//
// The ledger has no tasks then; that it is there says that the database is not whole. A COPY that is broken off leaves its table empty.
type scripted struct {
	*run
	in    *ends.Reader
	steps *script.Reader
	name  string         // of the script, in messages
	head  []*script.Step // read ahead: the settings, and the first step of an object; see look
	w     *writer
	work  *scriptTask // of the object in work; nil before the first
	tasks int         // so many have begun
}

// restoreScript runs the plain script in in, which is of one database; in messages it is called name. The target's end is as Restore's,
// but there is no --resume, and of a script nothing can be left out: both are refused.
func restoreScript(ctx context.Context, opt RestoreOptions, in io.Reader, name string) (*Result, error) {
	s := &scripted{run: newRun(opt.Options), name: name}
	defer s.Progress.Finish()
	if err := s.check(); err != nil {
		return s.result, err
	}
	if err := opt.checkScript(); err != nil {
		return s.result, err
	}
	ctx, s.end = context.WithCancelCause(ctx)
	defer s.end(nil)
	defer func() { s.let(ctx) }()
	s.in = ends.NewReader(ctx, in)
	s.steps = script.NewReader(s.in)
	err := s.prepare(ctx, opt)
	if err == nil {
		err = s.carryOut(ctx)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = context.Cause(ctx)
	case err != nil && s.result.Begun:
		err = fmt.Errorf("%w; database %q is not whole: begin again with --restart --confirm and its name", err, s.dstFacts.Database)
	}
	return s.result, err
}

// checkScript refuses what can't be asked of a script.
func (o RestoreOptions) checkScript() error {
	changes := o.SchemaOnly || o.DataOnly || o.NoOwner || o.NoACL || o.NoComments || o.NoTablespaces || o.NoPublications || o.NoDBSettings ||
		len(o.selectedBy()) > 0
	switch {
	case changes:
		return refuse("this is a plain script, which is run as it is: nothing of it can be left out; dump in the custom format for that, or edit it")
	case o.Resume != NoResume:
		return refuse("--resume: this is a plain script, whose statements can't be run a second time: begin again with --restart --confirm NAME")
	}
	return nil
}

// prepare does all that leaves the target as it is. Its errors are Refused.
func (s *scripted) prepare(ctx context.Context, opt RestoreOptions) (err error) {
	defer func() {
		if err != nil && ctx.Err() == nil && !IsRefused(err) {
			err = &Refused{Err: err}
		}
	}()
	s.Progress.Step("connecting")
	a := archived{run: s.run, opt: opt}
	conn, err := a.logIntoTarget(ctx)
	if conn != nil {
		defer catalog.Close(ctx, conn)
	}
	if err == nil && conn != nil && preflight.Stopping(s.survey.findings) == nil {
		s.Progress.Step("reading the beginning of the script")
		if err = s.look(); err == nil {
			err = s.judge(ctx, conn)
		}
	}
	if err != nil {
		return err
	}
	if err := s.tell(); err != nil {
		return err
	}
	s.Jobs, s.IndexJobs = 1, 1 // one session does all
	s.fitJobs()
	if s.ledger, err = s.openLedger(ctx, s.Restart || s.Clean || s.TakeOver); err != nil {
		return err
	}
	return s.checkFormer(ctx)
}

// look reads up to the first object: what is no script for one database shows by then, as a rule.
func (s *scripted) look() error {
	for {
		step, err := s.steps.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.head = append(s.head, step); step.Of.Type != "" || step.Rows != nil {
			return nil
		}
	}
}

// judge finds out what speaks against writing the target.
func (s *scripted) judge(ctx context.Context, conn *pgconn.PgConn) (err error) {
	facts := *s.dstFacts // a script says by itself what it is made for: its encoding, its search_path
	facts.SearchPath = ""
	s.srcFacts = &facts
	s.result.Source = Endpoint{Archive: s.name}
	pair := preflight.Pair{Choices: s.preflightChoices(), Source: s.srcFacts, Target: s.dstFacts, TargetConnections: 1 + writersBeside, TargetName: s.dst.String()}
	s.survey.add(pair.Archive()...)
	if s.dstFacts.InRecovery {
		return nil
	}
	if s.survey.aroundTarget, err = catalog.ReadCircumstances(ctx, conn, false); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	s.survey.add(preflight.Writable(s.dstFacts.User, s.dstFacts.Database, s.survey.aroundTarget)...)
	return s.checkUserObjects(ctx, conn)
}

// carryOut changes the target.
func (s *scripted) carryOut(ctx context.Context) error {
	defer s.watch(ctx)()
	if err := s.empty(ctx); err != nil {
		return err
	}
	s.result.Begun = true
	h := s.scriptHeader()
	err := s.ledger.do(ctx, func(ctx context.Context, conn *pgconn.PgConn) error {
		return ledger.Create(ctx, conn, h, ledger.Snapshot{Number: 1}, nil, unasked(s.dstFacts, ""))
	})
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	s.fence = h.Fence
	if s.w, err = s.openWriter(ctx, "script", "script", 0); err != nil {
		return err
	}
	defer func() { catalog.Close(ctx, s.w.conn) }()
	if err := s.runAll(ctx); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	err = s.ledger.do(ctx, func(ctx context.Context, conn *pgconn.PgConn) error {
		if err := s.flush(ctx, conn); err != nil || s.result.Failed > 0 {
			return err
		}
		if err := s.arrived(ctx); err != nil {
			return err
		}
		return s.dropLedger(ctx, conn)
	})
	s.result.Complete = err == nil && s.result.Failed == 0
	return err
}

// scriptHeader is the ledger's, of a transfer without tasks.
func (s *scripted) scriptHeader() ledger.Header {
	return ledger.Header{
		ID: s.ID, Source: s.result.Source.String(), Database: s.srcFacts.Database, Choices: s.shape(), Fence: newFence(),
	}
}
