package transfer

import (
	"context"
	"fmt"
	"time"

	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
)

// Status is what a target says of a transfer into it.
type Status struct {
	Target Endpoint
	AtWork *AtWork // nil if no pgsluice is at work on it
	Copy   *Kept   // nil if it has no ledger
}

// AtWork is the session of the pgsluice that writes to a target.
type AtWork struct {
	PID string // of its backend on the target
	// Seen says that its last sign of life can be seen, Silent how long ago that was, and Gone that it is too long ago for
	// somebody who lives.
	Seen, Gone bool
	Silent     time.Duration
}

const (
	// shownEncoding is what is read in order to be shown.
	shownEncoding = "UTF8"
	// statusLockTimeout is more than anybody who does not wait himself needs to make or to drop a ledger.
	statusLockTimeout = 10 * time.Second
)

// ReadStatus asks a target how far the transfer into it has come that is at work or was left incomplete. It changes nothing, and
// takes no lock beyond ACCESS SHARE on the ledger. Its errors are Refused.
func ReadStatus(ctx context.Context, target string) (*Status, error) {
	address, err := catalog.ParseAddress(target)
	if err != nil {
		return nil, &Refused{Err: fmt.Errorf("target: %w", err)}
	}
	conn, err := catalog.OpenSession(ctx, address, catalog.SessionOptions{
		Role: catalog.Reader, Encoding: shownEncoding, LockTimeout: statusLockTimeout, Application: "pgsluice status",
	})
	if err != nil {
		return nil, refusedBy(ctx, err)
	}
	defer catalog.Close(ctx, conn)
	facts, err := catalog.ReadFacts(ctx, conn)
	if err != nil {
		return nil, refusedBy(ctx, err)
	}
	s := &Status{Target: endpoint(address, facts)}
	worker, err := ledger.Held(ctx, conn)
	if err != nil {
		return nil, refusedBy(ctx, err)
	}
	if worker != nil {
		s.AtWork = &AtWork{PID: worker.PID, Seen: worker.Seen, Gone: worker.Gone(), Silent: worker.Silent}
	}
	state, err := ledger.Read(ctx, conn)
	switch code(err) {
	case undefinedTable, invalidSchemaName: // the copy has been completed between two looks
		state, err = ledger.Read(ctx, conn)
	}
	if err != nil {
		return nil, refusedBy(ctx, err)
	}
	if state != nil {
		s.Copy = keptOf(state)
	}
	return s, nil
}

// Resumable reports whether --resume may go on with what a copy has left that ended with err, nil too.
func Resumable(result *Result, err error) bool {
	if !result.Begun || result.Planned == 0 || result.Complete {
		return false
	}
	return err == nil && result.Failed > 0 || err != nil && !takenOver(err)
}
