package main

import (
	"fmt"
	"math"
	"sync"
	"time"
	"unicode/utf8"

	"pgsluice/internal/gauge"
	"pgsluice/internal/report"
)

// benchTick is how often the row of the measurement that runs is drawn on a terminal.
const benchTick = 200 * time.Millisecond

// benchShow says on con what is measured, and what came of it.
type benchShow struct {
	con     *console
	mode    string
	started time.Time

	mu    sync.Mutex // guards step, since and moved, which the ticker reads
	step  gauge.Step
	since time.Time
}

// showBench makes opt tell its steps, until stop is called.
func showBench(con *console, mode string, opt *gauge.Options) (stop func()) {
	s := &benchShow{con: con, mode: mode, started: time.Now()}
	if mode == progressNone {
		return func() {}
	}
	opt.Step, opt.Measured = s.begin, s.end
	if mode != progressBars {
		return func() {}
	}
	over, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		ticker := time.NewTicker(benchTick)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.draw()
			case <-over:
				return
			}
		}
	}()
	return func() {
		close(over)
		<-left
		con.Show(nil)
	}
}

func (s *benchShow) begin(step gauge.Step) {
	s.mu.Lock()
	s.step, s.since = step, time.Now()
	s.mu.Unlock()
	if s.mode == progressBars {
		s.draw()
	}
}

// draw shows the measurement that runs in one row.
func (s *benchShow) draw() {
	s.mu.Lock()
	step, elapsed := s.step, time.Since(s.since)
	s.mu.Unlock()
	if step.Text == "" {
		return
	}
	text := step.Text + " ..."
	if bytes := step.Bytes(); bytes > 0 && elapsed > benchTick {
		text = fmt.Sprintf("%s ... %s", step.Text, megabytes(float64(bytes)/elapsed.Seconds()))
	}
	columns, _ := s.con.Size()
	if runes := []rune(text); len(runes) >= columns {
		text = string(runes[:max(0, columns-1)])
	}
	s.con.Show([]report.Row{{Text: text, Columns: utf8.RuneCountInString(text)}})
}

// end says what was measured, in a line or an event of its own.
func (s *benchShow) end(m gauge.Measurement) {
	if s.mode == progressJSON {
		writeEvent(s.con, struct {
			eventHead
			Measurement report.BenchMeasurement `json:"measurement"`
		}{
			eventHead{"pgsluice/bench-progress", 1, "measurement", time.Since(s.started).Round(time.Millisecond).Seconds()},
			benchMeasurement(m),
		})
		return
	}
	s.mu.Lock()
	text := s.step.Text
	s.mu.Unlock()
	if m.Err != "" {
		say(s.con, text+": "+m.Err)
		return
	}
	say(s.con, fmt.Sprintf("%s: %s (%s to %s)", text, megabytes(m.BytesPerSecond), megabytes(m.Low), megabytes(m.High)))
}

func megabytes(bytesPerSecond float64) string {
	mb := bytesPerSecond / 1e6
	if mb >= 10 {
		return fmt.Sprintf("%.0f MB/s", math.Round(mb))
	}
	return fmt.Sprintf("%.1f MB/s", mb)
}
