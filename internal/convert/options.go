package convert

import (
	"errors"
	"fmt"
	"io"
	"runtime"

	"pgsluice/internal/archive"
	"pgsluice/internal/progress"
)

// Format is what to write.
type Format int

// The formats.
const (
	Custom Format = iota
	Directory
	Plain
)

// Options says what to convert, and into what.
type Options struct {
	Path  string    // of the archive: a file, or a directory of the directory format; "" reads Input
	Input io.Reader // an archive of the custom format, or a tar file that pg_dump has written in one go

	Output string    // the file or directory to make; "" writes to To
	To     io.Writer // not for Directory

	Format      Format
	Minor       int                  // of the archive version 1.Minor; 0 keeps it, or takes the least that Compression needs
	Compression *archive.Compression // nil keeps it

	Selection archive.Selection

	// for Plain
	NoOwner, NoTablespaces bool

	Jobs     int               // how many goroutines compress; 0 is one for each core
	Progress *progress.Tracker // nil for nobody
}

func (o Options) withDefaults() Options {
	if o.Jobs == 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = progress.New()
	}
	return o
}

func (o *Options) check() error {
	switch {
	case o.Format == Directory && o.Output == "":
		return errors.New("the directory format needs a name: a directory can't be written to a stream")
	case o.Minor != 0 && (o.Minor < oldest || o.Minor > newest):
		return fmt.Errorf("archive version 1.%d: must be 1.%d to 1.%d", o.Minor, oldest, newest)
	case o.Format == Plain && (o.Minor != 0 || o.Compression != nil):
		return errors.New("a plain script has no archive version and is not compressed: pipe it into a program such as gzip")
	case o.Format != Plain && (o.NoOwner || o.NoTablespaces):
		return errors.New("an archive leaves owners and tablespaces to its restore: that can be said for a plain script only")
	}
	return nil
}

// The archive versions that can be written, and the first one with lz4 and zstd.
const (
	oldest            = 14
	firstWithNewCodes = 15
	newest            = 16
)

// Refused is an error before anything was written.
type Refused struct{ Err error }

func (r *Refused) Error() string { return r.Err.Error() }
func (r *Refused) Unwrap() error { return r.Err }

// Result is what was done, as far as it came.
type Result struct {
	From, To archive.Header // To is the zero Header of a script
	Notes    []string       // what the user should know, a sentence each
	Entries  int            // in what was written
	Blocks   int            // of these, with data
	Written  string         // the file or directory that is there now, "" if there is none
}
