package verify

// Options are the choices of one verification. The zero value of each field is its default.
type Options struct {
	// Source and Target name the databases as psql does.
	Source, Target string
	// Jobs is how many tables are read at the same time on each side. Default 4.
	Jobs int
	// SchemaOnly compares no rows, sequences and large objects; DataOnly nothing else.
	SchemaOnly, DataOnly bool
	// Choices leave parts of the schema out.
	Choices Choices
	// PgDump is the path of the pg_dump to use, for both sides. "" looks for the newest.
	PgDump string
	// SourceMeter and TargetMeter count what is read. Nil counts nothing.
	SourceMeter, TargetMeter *Meter
	// Step is told what is being done, in words, from one goroutine at a time. May be nil.
	Step func(text string)
}

// NotStarted is the error of a verification that could not begin: a database that can't be reached, no pg_dump that fits.
type NotStarted struct{ Err error }

func (e *NotStarted) Error() string { return e.Err.Error() }
func (e *NotStarted) Unwrap() error { return e.Err }

// Endpoint is a database that was read. It never holds a password.
type Endpoint struct {
	Host          string
	Port          uint16
	Database      string
	User          string
	ServerVersion string // as the server says it
}

// Outcome is what Databases used and found.
type Outcome struct {
	Source, Target Endpoint
	PgDumpPath     string
	PgDumpVersion  string
	// Result is nil if the comparison did not come to its end.
	Result *Result
}
