package main

import (
	"cmp"
	"errors"

	"pgsluice/internal/gauge"
	"pgsluice/internal/report"
)

// benchOf is a result in the report's words. secrets are masked in errors.
func benchOf(r *gauge.Result, opt gauge.Options, err error, secrets []string) report.Bench {
	b := report.Bench{
		PgsluiceVersion: version, Started: r.Started, Ended: r.Ended, Outcome: report.BenchComplete, ExitCode: exitCode(err),
		Jobs: opt.Jobs, DurationSeconds: cmp.Or(opt.Duration, gauge.DefaultDuration).Seconds(), BytesLimit: cmp.Or(opt.Bytes, gauge.DefaultBytes),
		Source: benchSide(r.Source), TablesTotal: r.AllTables, BytesTotal: r.AllBytes, Notes: r.Notes,
		Verdict: benchVerdict(r.Verdict),
	}
	var interrupt *interrupted
	switch {
	case err == nil:
	case errors.As(err, &interrupt):
		b.Outcome = report.BenchInterrupted
	case r.Verdict.Jobs > 0 && r.Failed() > 0:
		b.Outcome = report.BenchIncomplete
	default:
		b.Outcome = report.BenchFailed
	}
	if err != nil {
		text := mask(err.Error(), secrets)
		b.Error = &text
	}
	if r.Target != nil {
		target := benchSide(*r.Target)
		b.Target = &target
	}
	for _, t := range r.Tables {
		b.Tables = append(b.Tables, report.BenchTable(t))
	}
	if s := r.Sample; s.Rows > 0 {
		b.Sample = &report.BenchSample{Table: s.Table, Rows: s.Rows, TextBytes: s.TextBytes, BinaryBytes: s.BinaryBytes}
	}
	for _, m := range r.Measurements {
		one := benchMeasurement(m)
		if one.Error != nil {
			text := mask(*one.Error, secrets)
			one.Error = &text
		}
		b.Measurements = append(b.Measurements, one)
	}
	for _, c := range r.Compressions {
		b.Compressions = append(b.Compressions, report.BenchCompression{
			Method: c.Method, Format: string(c.Format), BytesPerSecond: c.BytesPerSecond, Ratio: c.Ratio,
		})
	}
	return b
}

func benchSide(s gauge.Side) report.BenchSide {
	return report.BenchSide{
		Host: s.Host, Port: s.Port, Database: s.Database, User: s.User, ServerVersion: s.ServerVersion, Standby: s.Standby, TLS: s.TLS,
		RoundTripSeconds: s.RoundTrip.Median.Seconds(), RoundTripLow: s.RoundTrip.Low.Seconds(), RoundTripHigh: s.RoundTrip.High.Seconds(),
	}
}

func benchMeasurement(m gauge.Measurement) report.BenchMeasurement {
	b := report.BenchMeasurement{
		Kind: string(m.Kind), Format: string(m.Format), Streams: m.Streams, Bytes: m.Bytes, Rows: m.Rows, Seconds: m.Elapsed.Seconds(),
		BytesPerSecond: m.BytesPerSecond, Low: m.Low, High: m.High, Intervals: m.Intervals,
	}
	if m.Elapsed > 0 {
		b.RowsPerSecond = float64(m.Rows) / m.Elapsed.Seconds()
	}
	if m.Kind == gauge.Through && m.Err == "" {
		b.SourceBusy, b.TargetBusy = &m.SourceBusy, &m.TargetBusy
	}
	if m.Err != "" {
		b.Error = &m.Err
	}
	return b
}

// benchVerdict leaves null what is not known.
func benchVerdict(v gauge.Verdict) report.BenchVerdict {
	b := report.BenchVerdict{Lines: v.Lines}
	if v.Jobs == 0 {
		return b
	}
	format := string(v.Format)
	b.Format, b.Jobs, b.Flags, b.BytesPerSecond = &format, &v.Jobs, &v.Flags, &v.TextBytesPerSecond
	if v.Bound != "" {
		bound := string(v.Bound)
		b.Bound = &bound
	}
	if v.DataPhase > 0 {
		s := v.DataPhase.Seconds()
		b.DataPhaseSeconds = &s
	}
	return b
}
