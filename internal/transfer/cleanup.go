package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
)

// removeLedger takes away what ledger.Create made, and nothing else: it fails if something of a user's stands in the schema, or
// needs something in it.
const removeLedger = `DROP TABLE IF EXISTS _pgsluice.transfer, _pgsluice.snapshot, _pgsluice.entry, _pgsluice.ledger, _pgsluice.unlogged, _pgsluice.split, _pgsluice.backend;
DROP SCHEMA _pgsluice`

// Cleanup removes the ledger from a target, and returns what it said; nobody can go on with that copy afterwards. What has
// arrived stays. Removed is false if there was none. It ends the backends that the copy has left. Its errors are Refused, but
// one that leaves open whether the ledger is gone; a *ledger.Busy among them says that a pgsluice is at work, for which it may
// wait as long as that one gives signs of life apart.
func Cleanup(ctx context.Context, target string) (s *Status, removed bool, err error) {
	address, err := catalog.ParseAddress(target)
	if err != nil {
		return nil, false, &Refused{Err: fmt.Errorf("target: %w", err)}
	}
	conn, err := catalog.OpenSession(ctx, address, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: shownEncoding, LockTimeout: statusLockTimeout, Application: "pgsluice cleanup",
	})
	if err != nil {
		return nil, false, refusedBy(ctx, err)
	}
	defer catalog.Close(ctx, conn)
	facts, err := catalog.ReadFacts(ctx, conn)
	if err != nil {
		return nil, false, refusedBy(ctx, err)
	}
	s = &Status{Target: endpoint(address, facts)}
	row, err := catalog.Row(ctx, conn, "SELECT pg_catalog.to_regnamespace('_pgsluice') IS NOT NULL")
	if err != nil {
		return s, false, refusedBy(ctx, err)
	}
	if row[0] != "t" {
		return s, false, nil
	}
	if err := claimForCleanup(ctx, conn); err != nil {
		return s, false, refusedBy(ctx, err)
	}
	// one that can't be read, such as another version's, is removed all the same
	if state, err := ledger.Read(ctx, conn); err == nil && state != nil {
		s.Copy = keptOf(state)
	}
	if err := exec(ctx, conn, "BEGIN; SET LOCAL synchronous_commit = on; "+unasked(facts, removeLedger)+"; COMMIT"); err != nil {
		if code(err) != "" {
			return s, false, refusedBy(ctx, fmt.Errorf("schema %s: %w; if nothing in it is of use to you, DROP SCHEMA %s CASCADE removes it", ledger.Schema, err, ledger.Schema))
		}
		return s, false, fmt.Errorf("target: schema %s: %w; it may be gone or not: pgsluice status says", ledger.Schema, err)
	}
	return s, true, nil
}

// claimForCleanup returns when nobody writes a transfer into the database, and nobody can.
func claimForCleanup(ctx context.Context, conn *pgconn.PgConn) error {
	err := ledger.Claim(ctx, conn, true)
	var busy *ledger.Busy
	switch {
	case errors.As(err, &busy):
		return fmt.Errorf("%w: end it first, or wait for it", err)
	case err != nil:
		return err
	}
	// EndOld looks into the ledger, which may be another version's or half of one
	if there, err := ledger.There(ctx, conn); err != nil || !there {
		return nil //nolint:nilerr // then there are no backends to be known by it
	}
	return ledger.EndOld(ctx, conn)
}

// unasked is SQL that the target's event triggers are not asked about, where that is allowed. It runs in a transaction.
func unasked(facts *catalog.Facts, sql string) string {
	if facts.MayReplicaRole {
		return "SET LOCAL session_replication_role = replica; " + sql
	}
	return sql
}

// refusedBy is an error of a target that was not changed.
func refusedBy(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Refused{Err: fmt.Errorf("target: %w", err)}
}
