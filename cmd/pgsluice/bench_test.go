package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/gauge"
	"pgsluice/internal/report"
)

// What came of a bench decides its exit code, and a schema that was left behind is told whatever else happened.
func TestBenchOutcome(t *testing.T) {
	t.Parallel()
	calm := t.Context()
	cut, cancel := context.WithCancelCause(calm)
	interrupt := &interrupted{signal: "SIGTERM", code: 143}
	cancel(interrupt)
	left := &gauge.LeftBehind{Database: "shop", Err: errors.New("gone")}
	failed := &gauge.Result{Measurements: []gauge.Measurement{{Err: "x"}, {}}}
	for name, test := range map[string]struct {
		ctx    context.Context
		result *gauge.Result
		err    error
		code   int
		says   string
	}{
		"all":                       {calm, &gauge.Result{}, nil, exitDone, ""},
		"all, and a signal then":    {cut, &gauge.Result{}, nil, exitDone, ""},
		"refused":                   {calm, nil, &gauge.Refused{Err: errors.New("no")}, exitRefused, "no"},
		"one failed":                {calm, failed, nil, exitFailed, "1 measurement failed"},
		"lost":                      {calm, failed, errors.New("lost"), exitFailed, "lost"},
		"left behind":               {calm, failed, errors.Join(errors.New("lost"), left), exitFailed, "DROP SCHEMA _pgsluice_bench CASCADE"},
		"interrupted":               {cut, failed, interrupt, 143, "interrupted by SIGTERM"},
		"interrupted, left behind":  {cut, failed, errors.Join(interrupt, left), 143, "DROP SCHEMA _pgsluice_bench CASCADE"},
		"interrupted while looking": {cut, nil, interrupt, 143, "interrupted"},
	} {
		err := benchOutcome(test.ctx, test.result, test.err)
		if code := exitCode(err); code != test.code {
			t.Errorf("%s: exit code %d, want %d", name, code, test.code)
		}
		if err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBenchReport(t *testing.T) {
	t.Parallel()
	r := &gauge.Result{
		Target: &gauge.Side{Database: "b"}, Sample: gauge.Sample{Rows: 1, TextBytes: 2},
		Measurements: []gauge.Measurement{
			{Kind: gauge.Through, Format: gauge.Text, Streams: 1, Rows: 30, Elapsed: 3 * time.Second, SourceBusy: 0.25},
			{Kind: gauge.SourceRead, Err: "login with geheim failed"},
		},
	}
	b := benchOf(r, gauge.Options{}, errors.New("geheim is wrong"), []string{"geheim"})
	if *b.Error != "***** is wrong" || *b.Measurements[1].Error != "login with ***** failed" || b.Outcome != report.BenchFailed || b.ExitCode != exitFailed {
		t.Errorf("%+v", b)
	}
	if m := b.Measurements[0]; m.RowsPerSecond != 10 || *m.SourceBusy != 0.25 || b.Measurements[1].SourceBusy != nil {
		t.Errorf("%+v", m)
	}
	if b.DurationSeconds != 3 || b.BytesLimit != 1e9 || b.Verdict.Jobs != nil || b.Verdict.Bound != nil {
		t.Errorf("%+v", b)
	}
	r.Verdict = gauge.Verdict{Jobs: 2, Bound: gauge.ByTarget, DataPhase: time.Minute}
	if b := benchOf(r, gauge.Options{}, errors.New("x"), nil); b.Outcome != report.BenchIncomplete || *b.Verdict.Bound != "target" || *b.Verdict.DataPhaseSeconds != 60 {
		t.Errorf("%+v", b.Verdict)
	}
	if b := benchOf(r, gauge.Options{}, &interrupted{code: 130}, nil); b.Outcome != report.BenchInterrupted || b.ExitCode != 130 {
		t.Errorf("%+v", b)
	}
}
