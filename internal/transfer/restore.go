package transfer

import (
	"context"
	"io"

	"pgsluice/internal/archive"
)

// RestoreOptions are the choices of one restore. The zero value of each field is its documented default.
type RestoreOptions struct {
	// Options are those of a copy. Source, Format, SplitAbove, PgDump, Verify and LockTimeout mean nothing here, and
	// ResumeMixed is Resume: rows of an archive are of one moment, or of another archive, which is refused.
	Options
	// Path is a file of the custom or the tar format, or a folder of the directory format. Its blocks are read by Jobs readers.
	Path string
	// Input is a stream of the custom format, where there is no Path: its blocks are loaded as they come. If it has a
	// SetReadDeadline, that ends a read which nobody waits for any more; else such a read is left behind.
	Input io.Reader
	// Memory bounds the rows that are read ahead from Input, in bytes; 0 is 32 MiB.
	Memory int64
	// Selection says which entries are restored, with pg_restore's meaning. SchemaOnly, DataOnly and what begins with No are those of
	// Options, whatever it says. Section data alone is DataOnly.
	Selection archive.Selection
	// Extensions are made before all else, if the target lacks them; the archive's own entries for them are left out.
	Extensions []PreInstalled
}

// defaultMemory is room for some hundred small tables beside a large one that still loads, and little beside what each COPY has in
// the servers' and sockets' buffers.
const defaultMemory = 32 << 20

func (o RestoreOptions) withDefaults() RestoreOptions {
	o.Options = o.Options.withDefaults()
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if o.Resume == ResumeMixed {
		o.Resume = Resume
	}
	s := &o.Selection
	s.SchemaOnly, s.DataOnly, s.NoACL, s.NoComments, s.NoPublications, s.NoSubscriptions = false, false, false, false, false, false
	if o.onlyDataSection() {
		o.DataOnly = true
	}
	o.Source, o.Format, o.SplitAbove, o.PgDump, o.Verify = "", FormatText, -1, "", false
	return o
}

// Restore loads an archive into the target database and returns when all is done, or with the error that stopped it, as Copy does.
//
// The parts of a stream that was cut off are rolled back, and so is one whose connection to the target was lost when its rows are no longer in
// memory: from a file they are read again. What the ledger has is not done again, so that a resumed restore may read the same
// stream from its beginning.
func Restore(ctx context.Context, opt RestoreOptions) (*Result, error) {
	opt = opt.withDefaults()
	if err := opt.checkSubset(); err != nil {
		return &Result{}, err
	}
	in, kind, err := opt.look(ctx)
	if err != nil {
		return &Result{}, &Refused{Err: err}
	}
	if kind == archive.KindScript {
		defer in.Close()
		return restoreScript(ctx, opt, in, archiveName(opt.Path))
	}
	r := newRun(opt.Options)
	r.existing, r.selective, r.selected = opt.intoExisting(), opt.narrows(), opt.selectedBy()
	a := archived{run: r, opt: opt}
	if opt.Path != "" {
		r.origin = &fileOrigin{archived: a}
	} else {
		r.origin = newStreamOrigin(a)
	}
	defer r.origin.close()
	return r.transfer(ctx)
}
