package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
)

// execute runs a task's statements in a transaction of their own and sets the owner under a savepoint: an object
// whose owner can't be set stays, as with pg_restore, and ownerErr says so.
func (r *run) execute(ctx context.Context, w *writer, t *plan.Task) (ownerErr, err error) {
	if t.Each {
		if err := r.executeEach(ctx, w, t); err != nil {
			return nil, err
		}
		return nil, r.transaction(ctx, w, t, nil, "", &ownerErr)
	}
	statements := t.Statements
	if t.Bare {
		// VACUUM takes rows for visible to all only once their commit is flushed, and with it those of the transactions around it
		if err := durably(ctx, w.conn, "SELECT pg_catalog.txid_current()"); err != nil {
			return nil, err
		}
		for _, sql := range statements {
			if err := exec(ctx, w.conn, sql); err != nil {
				return nil, err
			}
		}
		statements = nil
	}
	err = r.transaction(ctx, w, t, statements, "", &ownerErr)
	switch {
	case err == nil || ctx.Err() != nil:
		return ownerErr, err
	case errors.Is(err, ledger.ErrDone):
		// by an attempt whose answer was lost, or by an earlier run that could not set the owner
		if _, _, err = earlierAttempt(ctx, w, r.record(t)); err == nil && t.Owner != "" {
			ownerErr = exec(ctx, w.conn, t.Owner)
			if Retryable(ownerErr) {
				return nil, ownerErr
			}
		}
		return ownerErr, err
	case r.needsSearchPath(t, err):
		// its functions were written for the database's own search_path (FACTS.md 14)
		switch again := r.transaction(ctx, w, t, t.Statements, r.srcFacts.SearchPath, &ownerErr); {
		case again == nil:
		case Retryable(again), errors.Is(again, ledger.ErrFenced):
			return nil, again
		default:
			return nil, err
		}
		r.warn(t.Name, "could only be made with the source database's search_path, "+r.srcFacts.SearchPath+": a function it uses relies on it")
		return ownerErr, nil
	case harmless(t, err):
		r.warn(t.Name, err.Error())
		err = r.transaction(ctx, w, t, nil, "", &ownerErr)
		return ownerErr, err
	}
	return nil, err
}

// transaction runs statements and sets the owner, and records both.
func (r *run) transaction(ctx context.Context, w *writer, t *plan.Task, statements []string, searchPath string, ownerErr *error) error {
	rec := r.record(t)
	err := rec.Begin(ctx, w.conn)
	if err == nil && searchPath != "" {
		err = exec(ctx, w.conn, "SET LOCAL search_path = "+searchPath)
	}
	for _, sql := range statements {
		if err != nil {
			break
		}
		err = exec(ctx, w.conn, sql)
	}
	if err == nil && t.Owner != "" {
		err = exec(ctx, w.conn, "SAVEPOINT owner")
		if err == nil {
			if *ownerErr = exec(ctx, w.conn, t.Owner); *ownerErr != nil {
				if err = exec(ctx, w.conn, "ROLLBACK TO SAVEPOINT owner"); err == nil {
					// with the object, so that no run takes it for done
					err = ledger.Failed(ctx, w.conn, t.Key, ownerFailed(*ownerErr).Error())
				}
			}
		}
	}
	if err == nil {
		return rec.Commit(ctx, w.conn, 0, 0)
	}
	rollback(ctx, w.conn)
	return err
}

// executeEach runs statements that do not depend on each other.
func (r *run) executeEach(ctx context.Context, w *writer, t *plan.Task) error {
	var failed []error
	for _, sql := range t.Statements {
		err := exec(ctx, w.conn, sql)
		switch {
		case err == nil:
		case w.conn.IsClosed() || ctx.Err() != nil:
			return err
		case code(err) == undefinedObject && strings.Contains(sql, " SET "):
			r.warn(t.Name, "a setting that the target does not know is left out: "+err.Error())
		default:
			failed = append(failed, fmt.Errorf("%s: %w", withoutValue(sql), err))
		}
	}
	return errors.Join(failed...)
}

// withoutValue is a statement as it may be shown: a setting's value may be a secret.
func withoutValue(sql string) string {
	sql, _, _ = strings.Cut(sql, " TO ")
	sql, _, _ = strings.Cut(sql, " IS ")
	return sql
}

// needsSearchPath reports whether err looks like that of a function that names things without their schema.
func (r *run) needsSearchPath(t *plan.Task, err error) bool {
	switch t.Desc {
	case "INDEX", "CONSTRAINT", "MATERIALIZED VIEW DATA", plan.Analyze:
	default:
		return false
	}
	switch code(err) {
	case undefinedFunction, undefinedTable, undefinedObject, invalidSchemaName:
		return r.srcFacts.SearchPath != ""
	}
	return false
}

// harmless reports whether a schema error is about something that is there already or that only its owner may say:
// the copy is what it should be without it.
func harmless(t *plan.Task, err error) bool {
	switch t.Entry.Desc {
	case "SCHEMA":
		return code(err) == duplicateSchema
	case "COMMENT":
		return code(err) == insufficientPrivilege && strings.HasPrefix(t.Entry.Tag, "EXTENSION ")
	}
	return false
}

// neverStops reports whether the failure of a task is only listed, whatever OnError says: all data is there by then,
// and what is missing can be made by hand.
func neverStops(t *plan.Task, err error) bool {
	return t.Desc == "MATERIALIZED VIEW DATA" || t.Each || violates(t, err)
}
