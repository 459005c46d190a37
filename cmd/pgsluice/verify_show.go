package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"pgsluice/internal/report"
	"pgsluice/internal/verify"
)

const (
	verifyTick  = 200 * time.Millisecond // of rows on a terminal
	verifyLines = 10 * time.Second       // between lines and events
)

// verifyShow says on con how far a verification is.
type verifyShow struct {
	con            *console
	mode           string
	source, target *verify.Meter

	mu      sync.Mutex
	step    string
	started time.Time
}

// showVerify shows what opt's meters count until stop is called, and makes opt tell its steps.
func showVerify(con *console, mode string, opt *verify.Options) (stop func()) {
	s := &verifyShow{con: con, mode: mode, source: opt.SourceMeter, target: opt.TargetMeter, started: time.Now()}
	opt.Step = s.tellStep
	every := verifyLines
	switch mode {
	case progressNone:
		opt.Step = nil
		return func() {}
	case progressBars:
		every = verifyTick
	}
	over, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.tell()
			case <-over:
				return
			}
		}
	}()
	return func() {
		close(over)
		select {
		case <-left:
		case <-time.After(time.Second): // nobody reads what it writes
		}
		con.Show(nil)
	}
}

func (s *verifyShow) tellStep(text string) {
	s.mu.Lock()
	s.step = text
	s.mu.Unlock()
	if s.mode == progressJSON {
		s.event(s.con, "step", text) // queued: the verification does not wait for a reader
	} else {
		say(s.con, text)
	}
}

func (s *verifyShow) tell() {
	source, target := s.source.Count(), s.target.Count()
	if source.Tables+target.Tables == 0 {
		return // nothing is known yet
	}
	switch s.mode {
	case progressJSON:
		s.mu.Lock()
		step := s.step
		s.mu.Unlock()
		s.event(s.con.observer(), "progress", step)
	case progressBars:
		columns, _ := s.con.Size()
		var rows []report.Row
		for _, text := range []string{sideText("source", source), sideText("target", target)} {
			if runes := []rune(text); len(runes) >= columns {
				text = string(runes[:max(0, columns-1)])
			}
			rows = append(rows, report.Row{Text: text, Columns: utf8.RuneCountInString(text)})
		}
		s.con.Show(rows)
	default:
		say(s.con, sideText("source", source)+"; "+strings.TrimSpace(sideText("target", target)))
	}
}

// sideText is "source  42 %, 12 of 30 tables, 1,234,567 rows, 812 MB".
func sideText(side string, c verify.Count) string {
	return fmt.Sprintf("%s %3.0f %%, %s of %s tables, %s rows, %s", side, percent(c), humanize.Comma(c.TablesDone), humanize.Comma(c.Tables),
		humanize.Comma(c.Rows), humanize.Bytes(uint64(max(0, c.BytesDone))))
}

func percent(c verify.Count) float64 {
	switch {
	case c.TablesDone == c.Tables:
		return 100
	case c.Bytes == 0:
		return 0
	}
	return math.Min(99, 100*float64(c.BytesDone)/float64(c.Bytes))
}

// eventHead is what all events have.
type eventHead struct {
	Schema  string  `json:"schema"`
	Version int     `json:"version"`
	Event   string  `json:"event"`
	Elapsed float64 `json:"elapsed_seconds"`
}

func newEventHead(event string, elapsed time.Duration) eventHead {
	return eventHead{"pgsluice/verify-progress", 1, event, elapsed.Round(time.Millisecond).Seconds()}
}

// endVerify writes the last event.
func endVerify(con *console, r verify.Report) {
	text, err := r.JSON()
	if err != nil {
		return // of a struct of ours
	}
	writeEvent(con, struct {
		eventHead
		Report json.RawMessage `json:"report"`
	}{newEventHead("end", r.Ended.Sub(r.Started)), text})
}

func writeEvent(w io.Writer, event any) {
	if line, err := json.Marshal(event); err == nil {
		_, _ = w.Write(append(line, '\n')) // whom to tell that stderr is gone?
	}
}

// event writes one JSON object on a line of its own.
func (s *verifyShow) event(w io.Writer, name, step string) {
	type side struct {
		Tables     int64 `json:"tables"`
		TablesDone int64 `json:"tables_done"`
		Rows       int64 `json:"rows"`
		Bytes      int64 `json:"bytes"`
		BytesDone  int64 `json:"bytes_done"`
	}
	of := func(c verify.Count) side { return side{c.Tables, c.TablesDone, c.Rows, c.Bytes, c.BytesDone} }
	writeEvent(w, struct {
		eventHead
		Step   string `json:"step"`
		Source side   `json:"source"`
		Target side   `json:"target"`
	}{newEventHead(name, time.Since(s.started)), step, of(s.source.Count()), of(s.target.Count())})
}
