package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"pgsluice/internal/progress"
)

// WriteJSON writes the report as one JSON object and a line break, in one Write.
func WriteJSON(w io.Writer, r Report) error {
	text, err := encode(r)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func encode(r Report) ([]byte, error) {
	text, err := json.MarshalIndent(toJSON(r), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	return append(text, '\n'), nil
}

func toJSON(r Report) jsonReport {
	s := r.Progress
	c := converter{}
	if !s.Started.IsZero() {
		c.shift = s.Started.Sub(r.started())
	}
	j := jsonReport{
		Schema: Schema, Version: SchemaVersion,
		PgsluiceVersion: r.Version, Command: r.Command,
		Source: endpoint(r.Source), Target: endpoint(r.Target),
		Jobs: r.Jobs, IndexJobs: orNull(r.IndexJobs), Builders: orNull(r.Builders), Options: orEmpty(r.Options), SnapshotID: orNull(r.Snapshot), Output: output(r.Output, r.Progress.Data.Written),
		Mixed: convert(r.Mixed, mixture), ResumedTasks: r.Resumed,
		StartedAt: r.started().UTC(), EndedAt: r.ended().UTC(), ElapsedSeconds: seconds(r.elapsed()),
		Outcome: r.Outcome, ExitCode: r.ExitCode, Error: orNull(r.Error), Resumable: r.Resumable,
		OutsidePhasesSeconds: seconds(outsidePhases(s)),
		Steps:                convert(s.Steps, c.step),
		Phases:               c.phases(s),
		Data:                 data(s),
		Analyze:              analyze(s),
		Tables:               convert(collectTables(s.Finished), tableOf),
		Stages:               convert(s.Stages, stage),
		Bottleneck:           bottleneckJSON(s.Bottleneck),
		SourceLoad:           sourceLoad(s.Source),
		RetriesTotal:         s.RetryCount,
		Retries:              convert(s.Retries, c.retry),
		Verified:             verifiedJSON(r.Verified),
		LeftOut:              convert(s.LeftOut, c.leftOut),
		Warnings:             convert(s.Warnings, c.warning),
		Failures:             convert(s.Failures, failure),
	}
	if r.PgDump != (Program{}) {
		j.PgDump = &jsonProgram{Path: r.PgDump.Path, Version: r.PgDump.Version}
	}
	return j
}

func bottleneckJSON(b progress.Bottleneck) *jsonBottleneck {
	if b.Stage == "" {
		return nil
	}
	return &jsonBottleneck{Stage: b.Stage, BusyShare: math.Round(b.Busy*1000) / 1000, Text: b.Text}
}

// converter moves offsets from the tracker's clock to the report's start.
type converter struct{ shift time.Duration }

func (c converter) at(d time.Duration) float64 { return seconds(d + c.shift) }

func (c converter) step(s progress.Step) jsonStep {
	return jsonStep{Text: s.Text, StartSeconds: c.at(s.Start), DurationSeconds: seconds(s.Elapsed)}
}

func (c converter) phases(s progress.Snapshot) []jsonPhase {
	var phases []jsonPhase
	for _, p := range s.Phases {
		j := jsonPhase{
			Name: p.Phase.String(), State: p.State.String(),
			SpanSeconds: seconds(p.Span), SummedSeconds: seconds(p.Work),
			TasksTotal: p.Total, TasksDone: p.Done, TasksEarlier: p.Earlier, TasksFailed: p.Failed,
			Tasks: convert(slowestTasks(s.Finished, p.Phase), c.task),
		}
		if begunHere(p) {
			start := c.at(p.Start)
			j.StartSeconds = &start
		}
		phases = append(phases, j)
	}
	return phases
}

func (c converter) task(f progress.FinishedTask) jsonTask {
	return jsonTask{
		Kind: f.Task.Kind, Name: f.Task.Name, Table: orNull(f.Task.Table),
		Worker: orNull(f.Worker.Name), SourcePID: positive(f.Worker.SourcePID), TargetPID: positive(f.Worker.TargetPID),
		StartSeconds: c.at(f.Start), DurationSeconds: seconds(f.Elapsed),
		Rows: f.Rows, Bytes: f.Bytes, Error: orNull(f.Error),
	}
}

func (c converter) leftOut(l progress.LeftOut) jsonLeftOut {
	return jsonLeftOut{Object: l.Object, Reason: l.Reason, AtSeconds: c.at(l.At)}
}

func (c converter) warning(w progress.Warning) jsonWarning {
	return jsonWarning{Object: w.Object, Message: w.Message, AtSeconds: c.at(w.At)}
}

func failure(f progress.FinishedTask) jsonFailure {
	return jsonFailure{
		Phase: f.Task.Phase.String(), Kind: f.Task.Kind, Name: f.Task.Name, Table: orNull(f.Task.Table), Error: f.Error,
	}
}

func output(o *Output, bytes int64) *jsonOutput {
	if o == nil {
		return nil
	}
	return &jsonOutput{Path: orNull(o.Path), Bytes: bytes, Compression: o.Compression, Version: orNull(o.Version)}
}

func data(s progress.Snapshot) jsonData {
	d, state := s.Data, s.Phases[progress.Data].State
	return jsonData{
		Bytes: d.Bytes, ExpectedBytes: expected(d.Expected, state), Rows: d.Rows, ExpectedRows: expected(d.ExpectedRows, state),
		EarlierBytes: d.EarlierBytes, EarlierRows: d.EarlierRows, RedoneBytes: d.Redone,
		TablesTotal: d.TablesTotal, TablesDone: d.TablesDone,
		AverageBytesPerSecond: math.Round(d.Average), PeakBytesPerSecond: math.Round(d.Peak),
		WindowedBytesPerSecond: math.Round(d.Windowed), WindowSeconds: progress.Window.Seconds(),
	}
}

func analyze(s progress.Snapshot) jsonAnalyze {
	return jsonAnalyze{
		TablesTotal: s.Analyze.Total, TablesDone: s.Analyze.Done, TablesFailed: s.Analyze.Failed,
		SummedSeconds: seconds(summedTime(analyzed(s.Finished))),
	}
}

func tableOf(t table) jsonTable {
	j := jsonTable{
		Name: t.name, Parts: t.parts, Rows: t.rows, Bytes: t.bytes, DurationSeconds: seconds(t.span()),
		EarlierParts: t.earlier.parts, EarlierRows: t.earlier.rows, EarlierBytes: t.earlier.bytes,
	}
	if t.span() > 0 {
		rate := math.Round(float64(t.bytes) / t.span().Seconds())
		j.BytesPerSecond = &rate
	}
	return j
}

func stage(s progress.StageTime) jsonStage {
	return jsonStage{
		Name: s.Name, ElapsedSeconds: seconds(s.Elapsed), BusySeconds: seconds(s.Busy),
		WaitInSeconds: seconds(s.WaitIn), WaitOutSeconds: seconds(s.WaitOut), Bytes: s.Bytes,
	}
}

func endpoint(e Endpoint) *jsonEndpoint {
	if e == (Endpoint{}) {
		return nil
	}
	return &jsonEndpoint{Host: e.Host, Port: e.Port, Database: e.Database, User: e.User, ServerVersion: e.ServerVersion, Archive: orNull(e.Archive)}
}

// expected is null if nothing is known of the data phase; that there was nothing to move is known in the end.
func expected(n int64, state progress.State) *int64 {
	if n == 0 && state != progress.StateDone {
		return nil
	}
	return &n
}

// positive is null for what is not known.
func positive[N int64 | uint32](n N) *N {
	if n <= 0 {
		return nil
	}
	return &n
}

// seconds keeps microseconds: more digits than a clock of the system's can vouch for say nothing. It divides once, so
// that no 1.6033659999999998 comes out.
func seconds(d time.Duration) float64 { return float64(d.Round(time.Microsecond).Microseconds()) / 1e6 }

// orNull is nil for what is not known.
func orNull[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// orEmpty makes a missing list an empty one: readers needn't tell null from [].
func orEmpty(list []string) []string { return append([]string{}, list...) }

func convert[A, B any](list []A, one func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, one(a))
	}
	return out
}
