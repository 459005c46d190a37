package verify

import "fmt"

// Kind says what differs, in a word for programs. The words are part of the report's version 1.
type Kind string

// The kinds of differences.
const (
	Missing       Kind = "missing"       // an object that only the source has
	Extra         Kind = "extra"         // an object that only the target has
	Definition    Kind = "definition"    // made by other SQL
	Owner         Kind = "owner"         // belongs to another role
	Storage       Kind = "storage"       // lies in another tablespace or has another access method
	Invalid       Kind = "invalid"       // an index that a failed build left behind on the target
	NotValidated  Kind = "not validated" // a constraint that the target never checked its rows against
	NotPopulated  Kind = "not populated" // a materialized view without rows on the target
	Rows          Kind = "rows"          // rows are missing, too many, or changed
	SequenceValue Kind = "sequence"      // stands elsewhere
	LargeObjects  Kind = "large object"  // content, owner, privileges or comment
)

// Difference is one thing in which the target is not equal to the source.
type Difference struct {
	Object string // as pg_dump calls it: "TABLE public.t", or "table public.t" where rows are meant
	Kind   Kind
	Text   string // what differs, for people: no value of a row is in it
	// Located are rows that differ, at most ten, and are only there after Locate.
	Located []RowDifference

	src, dst *Table // of Kind Rows, if the rows can be located
}

// Result is what a comparison found. Equal databases have neither Differences nor Unverified.
type Result struct {
	Differences []Difference
	// Unverified is what could not be compared. Notes is what was left out on purpose, or differs without being a
	// difference.
	Unverified, Notes []Remark
	// what was compared and found equal or different
	Entries, Tables, Sequences, LargeObjects int
	Rows                                     int64 // of the source
	// Skipped is how many tables have rows that were not compared because a standby does not have them; Notes name them.
	Skipped int
}

// Equal says that all that could be read is equal, and nothing was unreadable. Skipped tables are not known.
func (r *Result) Equal() bool { return len(r.Differences)+len(r.Unverified) == 0 }

// Empty says that there was nothing to compare.
func (r *Result) Empty() bool { return r.Entries+r.Tables+r.Sequences+r.LargeObjects == 0 }

func (r *Result) differ(kind Kind, object, format string, args ...any) {
	r.Differences = append(r.Differences, Difference{Object: object, Kind: kind, Text: fmt.Sprintf(format, args...)})
}

func (r *Result) note(object, format string, args ...any) {
	r.Notes = append(r.Notes, Remark{object, fmt.Sprintf(format, args...)})
}
