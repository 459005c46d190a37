package pipeline

import "context"

// Abort lets a stage or tap fail before it returns. It records err as the failure of the stage whose
// context ctx is (or is derived from), unless another failure was recorded before. Then it breaks every
// link, so that a Read or Write in which the stage itself is blocked returns, and cancels the contexts of
// all other stages; that of the aborting one stays alive. The stage must still return; what it
// returns no longer matters. A nil err is recorded as a failure too. Outside a pipeline Abort does
// nothing.
//
// It is meant for a callback of a library in which the stage is blocked: pgx's CopyFrom, told by
// the server that the COPY failed, first waits for its own Read of our pipe. Abort may be called
// from any goroutine, more than once.
func Abort(ctx context.Context, err error) {
	n, ok := ctx.Value(nodeKey{}).(*node)
	if !ok {
		return
	}
	if err == nil {
		err = errNilAbort
	}
	n.line.fail(n, err, nil)
}
