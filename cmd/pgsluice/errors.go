package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// incompleteError is a copy that is done but for something: objects that failed, or the report.
type incompleteError struct{ what string }

func (e *incompleteError) Error() string { return e.what }

// printError writes what happened, to what, and what to do next: one line, then what the server added and the commands that
// may follow. secrets are masked wherever they stand.
func printError(w io.Writer, err error, secrets []string) {
	lines := []string{"pgsluice: " + err.Error()}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		lines = append(lines, serverLines(server)...)
	}
	var usage *usageError
	if errors.As(err, &usage) {
		lines = append(lines, "Try: "+usage.hint())
	}
	var left *unfinished
	if errors.As(err, &left) {
		lines = append(lines, left.says)
	}
	say(w, mask(strings.Join(lines, "\n"), secrets))
	if left != nil {
		_, _ = io.WriteString(w, mask(left.commands(), secrets))
	}
}

// say writes text as lines, on a terminal broken between words. Names come from databases: a control character
// in one is shown, not obeyed.
func say(w io.Writer, text string) {
	terminal := isTerminal(w)
	b := &strings.Builder{}
	for _, line := range strings.Split(text, "\n") {
		line = escapeControls(line)
		if terminal && utf8.RuneCountInString(line) > helpWidth {
			line = strings.Join(wrapText(line, helpWidth-2), "\n  ")
		}
		b.WriteString(line + "\n")
	}
	_, _ = io.WriteString(w, b.String()) // whom to tell that stderr is gone?
}

func escapeControls(s string) string {
	b := &strings.Builder{}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\t' {
			fmt.Fprintf(b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// serverLines are the parts of a server's error that its message does not hold, as psql prints them.
func serverLines(e *pgconn.PgError) []string {
	var lines []string
	for _, part := range []struct{ name, text string }{
		{"DETAIL", e.Detail},
		{"HINT", e.Hint},
		{"CONTEXT", e.Where},
	} {
		if part.text != "" {
			lines = append(lines, fmt.Sprintf("  %-9s %s", part.name+":", part.text))
		}
	}
	return lines
}

// mask hides the secrets in text. Rooms below never put a password into an error; this is for what a driver or
// the resolver might quote of a malformed name. Shorter words than three letters would only garble the message.
func mask(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= 3 {
			text = strings.ReplaceAll(text, s, "*****")
		}
	}
	return text
}

// isTerminal says whether a person sees what is written to w, in lines of limited width.
func isTerminal(w io.Writer) bool {
	con, ok := w.(*console)
	return ok && con.file != nil
}
