package transfer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/plan"
	"pgsluice/pipeline"
)

// SQLSTATEs whose message alone helps nobody.
const (
	programLimitExceeded = "54000"
	internalError        = "XX000"
	invalidByteSequence  = "22021"
	untranslatable       = "22P05"
	diskFull             = "53100"
	recoveryConflict     = "40001"
)

// encodingConversions is what the error's field File, which is in no language, says of all that changes encodings.
const encodingConversions = "mbutils.c"

// explain adds to the error of a task what it means and what to do, where the server's words do not tell. They stay, with
// the SQLSTATE.
func (r *run) explain(ctx context.Context, t *plan.Task, err error) error {
	if why := r.meaning(ctx, t, err); why != "" && ctx.Err() == nil {
		return fmt.Errorf("%w; %s", err, why)
	}
	return err
}

func (r *run) meaning(ctx context.Context, t *plan.Task, err error) string {
	var server *pgconn.PgError
	switch {
	case errors.Is(err, errSnapshotLost) && r.srcFacts.InRecovery:
		return onStandby
	case !errors.As(err, &server):
		return ""
	case tooLong(server) && t.Kind == plan.Rows && !r.fromArchive():
		return rowTooLong(t)
	case server.Code == recoveryConflict && stageOf(err) != "copy-in" && r.srcFacts.InRecovery:
		return onStandby
	case server.Code == diskFull && stageOf(err) != "copy-out":
		return "the target's server has no room left on a disk: make room, then go on with --resume"
	case conversion(server):
		return r.wrongByte(ctx, t, server)
	}
	return ""
}

// onStandby says what a standby does to those who read from it.
const onStandby = "the source is a standby, and if it was not restarted, what it replayed from its primary (VACUUM, DROP, ALTER, TRUNCATE) stood in the way of the copy's " +
	"snapshot: set hot_standby_feedback = on there, against VACUUM, and max_standby_streaming_delay = -1, against the others, for as long as " +
	"a copy takes, or name the primary as the source"

// stageOf is the stage at fault, "" outside of a pipe.
func stageOf(err error) string {
	var at *pipeline.Error
	if errors.As(err, &at) {
		return at.Stage
	}
	return ""
}

// tooLong reports whether a server could not build a string because of MaxAllocSize, 1 GB less a byte: a value's text in
// MemoryContextAlloc (mcxt.c), or a row's in enlargeStringInfo (stringinfo.c), whose words are others from 18 on; or a line
// that grows past it when its encoding is changed (mbutils.c).
func tooLong(e *pgconn.PgError) bool {
	switch e.Code {
	case internalError:
		return strings.Contains(e.Message, "memory alloc") && hugeNumber.MatchString(e.Message)
	case programLimitExceeded:
		return e.File == "stringinfo.c" || e.File == encodingConversions || hugeNumber.MatchString(e.Detail)
	}
	return false
}

// hugeNumber is one of 10^9 or more; no other size that a server refuses is as large but a broken one, of 16 digits and more.
var hugeNumber = regexp.MustCompile(`(^|\D)\d{10,11}(\D|$)`)

func rowTooLong(t *plan.Task) string {
	const others = "make the value smaller on the source, or copy the other tables with --on-error continue"
	switch t.AsText {
	case "": // by choice
		return "a value or row of it is longer than 1 GB as text (bytea takes two digits a byte), and PostgreSQL can't send more as one row of COPY: " +
			"use --format auto: in binary values take the room that they have on disk"
	case longInBinary:
		return "a row of it is longer than 1 GB, in binary and as text, and PostgreSQL can't send more as one row of COPY: " + others
	}
	return "a value or row of it is longer than 1 GB as text (bytea takes two digits a byte), and PostgreSQL can't send more as one row of COPY; in binary " +
		"the rows would not arrive as they are: " + t.AsText + ": " + others
}

// conversion reports whether e is about bytes that are no text in an encoding, or that another encoding does not have.
func conversion(e *pgconn.PgError) bool {
	return (e.Code == invalidByteSequence || e.Code == untranslatable) && e.File == encodingConversions
}

// wrongByte says where the byte is, as far as that can be found out, and what to do.
func (r *run) wrongByte(ctx context.Context, t *plan.Task, e *pgconn.PgError) string {
	src, dst := r.srcFacts.Encoding, r.dstFacts.Encoding
	remedy := fmt.Sprintf("or give a target that has the source's encoding, %s (CREATE DATABASE … ENCODING '%s' TEMPLATE template0)", src, src)
	if src == dst {
		remedy = "the source has text that its own encoding does not allow, and the target can't take it"
	}
	if t.Kind != plan.Rows {
		return "it is in the object's definition on the source: change it there, " + remedy
	}
	at := r.locate(ctx, t, e)
	if at == nil {
		return "correct the value on the source, " + remedy
	}
	return at.String() + "; correct it there, " + remedy
}
