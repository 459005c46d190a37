package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"pgsluice/internal/archive"
	"pgsluice/internal/progress"
	"pgsluice/internal/script"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// scriptTask is what the script says of one object, or the rows of one COPY.
type scriptTask struct {
	of      script.Object
	running *progress.Running
	rows    int64 // of statements that are INSERTs
	failed  bool  // the rest of it is left out
}

// runAll runs the script to its end.
func (s *scripted) runAll(ctx context.Context) error {
	phase := progress.Schema
	for {
		step, err := s.next()
		if err == nil {
			err = s.Control.wait(ctx)
		}
		if err == nil {
			phase = phaseOf(step, phase)
			err = s.step(ctx, step, phase)
		}
		switch {
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			s.endTask()
			s.analyzeAll(ctx)
			s.Progress.Settle()
			return ctx.Err()
		case err != nil:
			if s.work != nil {
				s.work.running.Interrupt(nil)
			}
			return err
		}
	}
}

// next gives the steps that were read ahead, then the others.
func (s *scripted) next() (*script.Step, error) {
	if len(s.head) == 0 {
		return s.steps.Next()
	}
	step := s.head[0]
	s.head = s.head[1:]
	return step, nil
}

// step runs one statement, as a part of the task of its object.
func (s *scripted) step(ctx context.Context, step *script.Step, phase progress.Phase) error {
	if step.Of.Type != "" || step.Rows != nil {
		if s.work == nil || s.work.of != step.Of || step.Rows != nil {
			s.endTask()
			s.beginTask(step, phase)
		}
	}
	var err error
	switch {
	case s.work != nil && s.work.failed:
		err = leaveOut(step)
	case step.Rows != nil:
		err = s.copyRows(ctx, step)
	default:
		err = s.statement(ctx, step)
	}
	return err
}

func leaveOut(step *script.Step) error {
	if step.Rows == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, step.Rows)
	return err
}

func (s *scripted) beginTask(step *script.Step, phase progress.Phase) {
	of := step.Of
	task := progress.Task{ID: s.tasks, Phase: phase, Kind: of.Type, Name: strings.TrimPrefix(of.Schema+"."+of.Name, ".")}
	if step.Rows != nil {
		if of.Type == "" { // a script without comments
			task.Name, _, _ = archive.ParseCopyStmt(step.SQL)
		}
		task.Kind = progress.TableData
	}
	s.tasks++
	s.Progress.Discover(task)
	s.work = &scriptTask{of: of, running: s.Progress.Start(task.ID)}
	s.work.running.By(s.w.by())
}

func (s *scripted) endTask() {
	if s.work != nil && !s.work.failed {
		s.work.running.Done(s.work.rows, nil)
		s.result.Done++
	}
	s.work = nil
}

// statement runs one.
func (s *scripted) statement(ctx context.Context, step *script.Step) error {
	s.w.notices = nil
	err := exec(ctx, s.w.conn, step.SQL)
	for _, notice := range s.w.notices {
		s.warn(step.Of.String(), notice)
	}
	if err != nil {
		return s.stepFailed(ctx, step, err)
	}
	if s.work != nil && step.Of.Data {
		s.work.running.AddBytes(int64(len(step.SQL)))
		if step.Of.Type == progress.TableData {
			s.work.rows++
			s.work.running.AddRows(1)
		}
	}
	return nil
}

// copyRows is one COPY, which is a transaction by itself: all rows are there, or none. The script's own end mark is what
// ends it; without it the rows are rolled back.
func (s *scripted) copyRows(ctx context.Context, step *script.Step) error {
	var read atomic.Int64
	written, running := int64(0), s.work.running
	source := stages.ArchiveRows(func(ctx context.Context) (io.ReadCloser, error) {
		if s.OnError == Continue {
			return io.NopCloser(step.Rows), nil // what the target refuses is read to its end
		}
		return rowsUntil{step.Rows, s.in.Under(ctx)}, nil
	}, &read)
	ctx, live := pipeline.Watch(ctx)
	running.Watch(func() []progress.StageTime { return stageTimes(live.Flow()) })
	flow, err := pipeline.Run(ctx, source, stages.Meter(&tally{running: running, rows: &read, ofTable: true}), stages.Throttle(s.Limiter),
		stages.CopyIn(s.w.conn, step.SQL, &written))
	switch {
	case err == nil && read.Load() != written:
		return fmt.Errorf("%s: the script has %d rows, but the target took %d", step.Of, read.Load(), written) // and has committed them
	case err == nil:
		running.Done(written, stageTimes(flow))
		s.result.Done++
		s.work = nil
		return nil
	case s.w.conn.IsClosed() || ctx.Err() != nil || code(err) == "":
		return err // of the connection, or of the script, which says its line
	}
	if s.OnError == Continue {
		if err := leaveOut(step); err != nil {
			return err
		}
	}
	return s.stepFailed(ctx, step, err)
}

// rowsUntil are rows whose input is waited for as long as the target takes them.
type rowsUntil struct {
	*script.Rows
	back func()
}

func (r rowsUntil) Close() error {
	r.back()
	return nil
}

// stepFailed decides what a statement that failed means for the restore.
func (s *scripted) stepFailed(ctx context.Context, step *script.Step, err error) error {
	named := fmt.Errorf("line %d: %s: %w", step.Line, step.Of, err)
	switch {
	case ctx.Err() != nil || s.w.conn.IsClosed() || final(err):
		return named
	case beside(step.Of, err):
		s.warn(step.Of.String(), err.Error())
		return nil
	case s.OnError == Stop:
		if s.work != nil {
			s.work.running.Fail(err)
			s.work = nil
		}
		return named
	}
	if s.w.conn.TxStatus() != 'I' { // of large objects
		if err := exec(ctx, s.w.conn, "ROLLBACK"); err != nil {
			return err
		}
	}
	s.result.Failed++
	if s.work == nil { // a setting
		s.warn(s.name, named.Error())
		return nil
	}
	s.work.failed = true
	s.work.running.Fail(fmt.Errorf("line %d: %w", step.Line, err))
	return nil
}

// beside reports whether an error is about something that is there already, that only its owner may say, or that this server does
// not know and does without: the database is what it should be without it.
func beside(of script.Object, err error) bool {
	switch of.Type {
	case "SCHEMA":
		return code(err) == duplicateSchema
	case "COMMENT":
		return code(err) == insufficientPrivilege && strings.HasPrefix(of.Name, "EXTENSION ")
	case "":
		return code(err) == undefinedObject // SET transaction_timeout, before 17
	}
	return false
}

// analyzeAll gathers planner statistics. What can't be analyzed stays without.
func (s *scripted) analyzeAll(ctx context.Context) {
	if s.NoAnalyze || ctx.Err() != nil {
		return
	}
	s.Progress.Discover(progress.Task{ID: s.tasks, Phase: progress.Finish, Kind: progress.Analyze, Name: "all tables"})
	running := s.Progress.Start(s.tasks)
	running.By(s.w.by())
	s.w.notices = nil
	err := exec(ctx, s.w.conn, "ANALYZE")
	for _, notice := range s.w.notices {
		s.Log.Info(notice) // of the catalogs, which only a superuser may analyze
	}
	if err != nil && ctx.Err() == nil {
		s.warn("planner statistics", "could not be gathered: "+err.Error())
	}
	running.Done(0, nil)
}

// phaseOf says in which phase a step is counted, behind one of phase before. Like pg_dump's sections, phases do not go back from the
// data to the schema.
func phaseOf(step *script.Step, before progress.Phase) progress.Phase {
	of := step.Of
	switch {
	case step.Rows != nil, of.Data:
		return progress.Data
	case of.Type == "SEQUENCE SET", strings.HasPrefix(of.Type, "BLOB"), strings.HasPrefix(of.Name, "LARGE OBJECT") && before <= progress.Data:
		return progress.Data
	case of.Type == "INDEX", of.Type == "INDEX ATTACH", of.Type == "CONSTRAINT":
		return progress.Indexes
	case of.Type == "FK CONSTRAINT", of.Type == "CHECK CONSTRAINT":
		return progress.Constraints
	case before == progress.Schema:
		return progress.Schema
	}
	return progress.Finish
}
