package report

import (
	"cmp"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"pgsluice/internal/progress"
)

// TextOptions say how the final table is laid out.
type TextOptions struct {
	Width int  // columns; 0 means 80
	Color bool // bold headings; see ColorFor
}

// ColorFor tells whether f may be written to in colour: it is a terminal, and neither NO_COLOR nor
// TERM=dumb says otherwise.
func ColorFor(f *os.File) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// slowest is how many tables the text lists; the JSON has all.
const slowest = 10

// WriteText writes the final table, in one Write.
func WriteText(w io.Writer, r Report, o TextOptions) error {
	p := &page{width: cmp.Or(o.Width, 80), color: o.Color}
	p.meta(r)
	p.mixed(r)
	p.phases(r)
	p.data(r.Progress)
	p.tables(r.Progress)
	p.tasks("Indexes", r.Progress, progress.Indexes)
	p.tasks("Constraints", r.Progress, progress.Constraints)
	p.analyze(r.Progress)
	p.retries(r.Progress)
	p.lists(r.Progress)
	p.verified(r)
	p.outcome(r)
	_, err := io.WriteString(w, p.b.String())
	return err
}

func (p *page) meta(r Report) {
	title := "pgsluice"
	if r.Command != "" {
		title += " " + printable(r.Command)
	}
	if r.Source.Database != "" {
		title += ": " + printable(r.Source.Database)
		if r.Target.Database != "" && r.Target.Database != r.Source.Database {
			title += " to " + printable(r.Target.Database)
		}
	}
	p.heading(clip(title, p.width), "")

	run := r.concurrency()
	for _, o := range r.Options {
		run = append(run, printable(o))
	}
	started := ""
	if t := r.started(); !t.IsZero() {
		started = t.UTC().Format("2006-01-02 15:04:05") + " UTC"
	}
	p.pairs([][2]string{
		{"source", r.Source.text()},
		{"target", r.Target.text()},
		{"pg_dump", printable(strings.Trim(r.PgDump.Version+", "+r.PgDump.Path, ", "))},
		{"snapshot", printable(r.Snapshot)},
		{"resumed", resumedText(r)},
		{"options", strings.Join(run, ", ")},
		{"builders", printable(r.Builders)},
		{"pgsluice", printable(r.Version)},
		{"started", started},
	})
}

// text is "" for an endpoint that was never reached.
func (e Endpoint) text() string {
	if e == (Endpoint{}) {
		return ""
	}
	s := e.Host
	if e.Port != 0 && !strings.HasPrefix(e.Host, "/") {
		s = net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
	} else if e.Port != 0 {
		s += " port " + strconv.Itoa(e.Port)
	}
	if e.Archive != "" {
		s = "archive " + e.Archive
	}
	s += ", database " + e.Database
	if e.User != "" {
		s += " as " + e.User
	}
	if e.ServerVersion != "" {
		s += ", PostgreSQL " + e.ServerVersion
	}
	return printable(s)
}

func (p *page) outcome(r Report) {
	took := formatDuration(r.elapsed())
	failures := len(r.Progress.Failures)
	var title, rest string
	switch r.Outcome {
	case Complete:
		title, rest = "Complete", " in "+took+"."
	case CompleteWithFailures:
		title, rest = "Complete with "+plural(failures, "failure", "failures"), " in "+took+"."
	case Different:
		title, rest = "Complete, but different from the source", " after "+took+"."
	case Cancelled:
		title, rest = "Cancelled", " after "+took+"."
	default:
		title, rest = "Failed", " after "+took+"."
	}
	if len(r.Mixed) > 0 {
		rest += " " + mixedWord
	}
	p.heading(title, rest)
	if r.Error != "" {
		p.paragraph(r.Error)
	}
	p.paragraph("Exit code " + strconv.Itoa(r.ExitCode) + ": " + exitMeaning(r) + ".")
}

func exitMeaning(r Report) string {
	switch r.ExitCode {
	case 0:
		return "done"
	case 1:
		return "nothing was changed"
	case 2:
		if r.Outcome == Complete {
			return "the " + work(r) + " is complete, but the report could not be written"
		}
		if r.Resumable {
			return "done, but not everything; what is missing is listed, and --resume tries it again"
		}
		return "done, but not everything; what is missing is listed"
	case 3:
		return "differences were found"
	}
	begun := len(r.Progress.Finished)+len(r.Progress.Running) > 0
	switch {
	case r.Resumable:
		return "the target is incomplete; --resume goes on"
	case r.Command == "dump" && begun:
		return "no whole archive was written; what a pipe got is useless"
	case r.Command == "dump":
		return "nothing was written"
	case begun:
		return "the target is incomplete"
	case r.Command == "restore":
		return "nothing was restored"
	}
	return "nothing was copied"
}

// work is what a report is of, in a word.
func work(r Report) string {
	switch r.Command {
	case "dump", "restore":
		return r.Command
	}
	return "copy"
}
