package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

//go:embed html
var htmlFiles embed.FS

// WriteHTML writes the report as one page for a browser, in one Write. The page stands alone: it loads
// nothing, and its Content-Security-Policy forbids everything but its own style and script. Without
// the script it shows the same; only sorting and walking through the timeline by keyboard need it.
func WriteHTML(w io.Writer, r Report) error {
	text, err := renderHTML(r)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func renderHTML(r Report) ([]byte, error) {
	css, err := htmlFiles.ReadFile("html/page.css")
	if err != nil {
		return nil, fmt.Errorf("report page: %w", err)
	}
	js, err := htmlFiles.ReadFile("html/page.js")
	if err != nil {
		return nil, fmt.Errorf("report page: %w", err)
	}
	t, err := template.ParseFS(htmlFiles, "html/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("report page: %w", err)
	}
	p := htmlPage{
		CSS: template.CSS(css), JS: template.JS(js), Policy: policy(css, js),
		Head: htmlHeader(r), Notes: htmlNotes(r), Phases: htmlPhases(r),
		Flow: htmlFlow(r), Timeline: htmlTimeline(r), Tables: htmlTables(r), Foot: htmlFoot(r),
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "page.tmpl", p); err != nil {
		return nil, fmt.Errorf("report page: %w", err)
	}
	return b.Bytes(), nil
}

// policy allows the one style and the one script by their hashes, so that nothing that a name might smuggle in runs.
func policy(css, js []byte) string {
	return fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'",
		hashSource(css), hashSource(js))
}

func hashSource(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// htmlPage is what the template shows, all texts in their final form. What comes from outside has gone
// through printable, and the template escapes it.
type htmlPage struct {
	CSS      template.CSS
	JS       template.JS
	Policy   string
	Head     htmlHead
	Notes    []htmlNote
	Phases   []htmlPhase
	Flow     flowView
	Timeline timelineView
	Tables   []htmlTable
	Foot     [][2]string
}

type htmlHead struct {
	Title, Command, Source, Target string
	From, To                       string // the endpoints in words, "" if never reached
	Tone                           string // the class and the shape: ok, warn, bad, stop
	Outcome, Exit                  string
	Error                          string
	Facts                          [][2]string
}

func htmlHeader(r Report) htmlHead {
	h := htmlHead{
		Command: "pgsluice " + printable(r.Command),
		Source:  printable(r.Source.Database), Target: printable(r.Target.Database),
		From: r.Source.text(), To: r.Target.text(),
		Exit:  "Exit code " + strconv.Itoa(r.ExitCode) + ": " + exitMeaning(r),
		Error: printableLines(r.Error),
	}
	switch r.Outcome {
	case Complete:
		h.Tone, h.Outcome = "ok", "Complete"
	case CompleteWithFailures:
		h.Tone, h.Outcome = "warn", "Complete with "+plural(len(r.Progress.Failures), "failure", "failures")
	case Different:
		h.Tone, h.Outcome = "bad", "Complete, but different from the source"
	case Cancelled:
		h.Tone, h.Outcome = "stop", "Cancelled"
	default:
		h.Tone, h.Outcome = "bad", "Failed"
	}
	if len(r.Mixed) > 0 {
		h.Outcome += ", of mixed snapshots"
		if r.Outcome == Complete {
			h.Tone = "warn"
		}
	}
	h.Title = h.Outcome + ": " + h.Command
	for _, database := range []string{h.Source, h.Target} {
		if database != "" {
			h.Title += " · " + database
		}
	}

	d := r.Progress.Data
	h.Facts = append(h.Facts, [2]string{"elapsed", formatDuration(r.elapsed())})
	if r.Progress.Phases[progress.Data].Total > 0 {
		tables := formatCount(int64(d.TablesDone))
		if d.TablesDone != d.TablesTotal {
			tables += " of " + formatCount(int64(d.TablesTotal))
		}
		if before := earlierTables(r.Progress.Finished); before > 0 {
			tables += ", " + formatCount(int64(before)) + " before"
		}
		h.Facts = append(h.Facts, [2]string{"moved", formatBytes(d.Bytes)},
			[2]string{"rows", formatCount(d.Rows)}, [2]string{"tables", tables})
		if d.Written > 0 {
			h.Facts = append(h.Facts, [2]string{"written", written(d)})
		}
		if d.Bytes > 0 {
			h.Facts = append(h.Facts, [2]string{"average rate", formatRate(d.Average)}, [2]string{"peak rate", formatRate(d.Peak)})
		}
	}
	if d.EarlierBytes > 0 {
		h.Facts = append(h.Facts, [2]string{"arrived before", formatBytes(d.EarlierBytes)})
	}
	if d.Redone > 0 {
		h.Facts = append(h.Facts, [2]string{"moved in vain", formatBytes(d.Redone)})
	}
	return h
}

// printableLines keeps the line breaks of a message, which are its own.
func printableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

func htmlFoot(r Report) [][2]string {
	var pairs [][2]string
	add := func(word, text string) {
		if text != "" {
			pairs = append(pairs, [2]string{word, text})
		}
	}
	moment := func(t time.Time) string {
		return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
	}
	options := r.concurrency()
	for _, o := range r.Options {
		options = append(options, printable(o))
	}
	add("source", r.Source.text())
	add("target", r.Target.text())
	add("pg_dump", printable(strings.Trim(r.PgDump.Version+", "+r.PgDump.Path, ", ")))
	add("options", strings.Join(options, ", "))
	add("builders", printable(r.Builders))
	add("snapshot", printable(r.Snapshot))
	add("resumed", resumedText(r))
	if !r.started().IsZero() {
		add("started", moment(r.started()))
		add("ended", moment(r.ended()))
	}
	add("pgsluice", printable(r.Version))
	return pairs
}
