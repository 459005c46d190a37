package preflight

import (
	"fmt"
	"strings"
	"unicode"
)

// Level is how grave a finding is.
type Level int

// The levels, the gravest first.
const (
	Error Level = iota // the transfer is refused
	Warning
	Note
)

func (l Level) String() string { return [...]string{"error", "warning", "note"}[l] }

// MarshalText is String, for JSON.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// The sides of a transfer; a finding that concerns both, or neither, has "".
const (
	Source = "source"
	Target = "target"
)

// Finding is one thing that was found out.
type Finding struct {
	Level Level  `json:"level"`
	Side  string `json:"side,omitempty"`
	What  string `json:"what"`
	// Do is what can be done about it, "" if nothing needs to be.
	Do string `json:"do,omitempty"`
	// Blocks says that the source can't be read as it is, so that nothing more can be found out.
	Blocks bool `json:"-"`
	// Err is the error that it was made of, or nil.
	Err error `json:"-"`
}

// String is the finding as one line, whatever names stand in it.
func (f Finding) String() string {
	text := f.What
	if f.Side != "" {
		text = f.Side + ": " + text
	}
	if f.Do != "" {
		text += "; " + f.Do
	}
	return OneLine(text)
}

// OneLine shows control characters, which names in a database may hold, instead of obeying them.
func OneLine(text string) string {
	b := &strings.Builder{}
	for _, r := range text {
		if unicode.IsControl(r) {
			fmt.Fprintf(b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Of makes a finding of an error.
func Of(side string, err error) Finding {
	return Finding{Level: Error, Side: side, What: err.Error(), Err: err, Blocks: true}
}

// NotReached makes a finding of an error of connecting.
func NotReached(side string, err error) Finding {
	f := Of(side, err)
	if strings.Contains(f.What, "unsupported startup parameter") { // PgBouncer's words
		f.Do = "a connection pooler stands in front of it: name the server itself, or leave that parameter out"
	}
	return f
}

// Errors are the findings that stop a transfer, as one error: each is a line, under a heading if there are several.
type Errors []Finding

// Stopping gives the errors among findings as an error, nil if there are none.
func Stopping(findings []Finding) error {
	var stopping Errors
	for _, f := range findings {
		if f.Level == Error {
			stopping = append(stopping, f)
		}
	}
	if stopping == nil {
		return nil
	}
	return stopping
}

func (e Errors) Error() string {
	if len(e) == 1 {
		return e[0].String()
	}
	lines := []string{fmt.Sprintf("%d things stand in the way:", len(e))}
	for _, f := range e {
		lines = append(lines, "  "+f.String())
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the errors that findings were made of.
func (e Errors) Unwrap() []error {
	var errs []error
	for _, f := range e {
		if f.Err != nil {
			errs = append(errs, f.Err)
		}
	}
	return errs
}

// Blocked reports whether one of the findings keeps the source from being read.
func Blocked(findings []Finding) bool {
	for _, f := range findings {
		if f.Blocks {
			return true
		}
	}
	return false
}

// few joins at most five names, and says how many there are beyond.
func few(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// count writes 1 table, 2 tables.
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// are writes 1 table is, 2 tables are.
func are(n int, one string) string {
	if n == 1 {
		return count(n, one) + " is"
	}
	return count(n, one) + " are"
}
