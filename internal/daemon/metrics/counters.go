package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"pgsluice/internal/daemon/work"
)

// counters are what only grows, from when the daemon has started.
type counters struct {
	ended  *prometheus.CounterVec // by kind, state
	taken  *prometheus.CounterVec // by kind
	bytes  *prometheus.CounterVec // by kind, source, target
	rows   *prometheus.CounterVec // by kind, source, target
	phases *prometheus.CounterVec // by kind, phase
	stages *prometheus.CounterVec // by stage, doing
}

// The values of labels that are known before, so that each counter stands at 0 until something happens: the first failure could not be seen
// otherwise, as nothing would have risen.
var (
	kinds  = []work.Kind{work.Copy, work.Dump, work.Restore, work.Verify}
	finals = []work.State{work.Completed, work.Failed, work.Canceled}
	opens  = []work.State{work.Pending, work.Running, work.Paused}
	phases = []string{"schema", "data", "indexes", "constraints", "finish"}
)

func newCounters(r prometheus.Registerer) counters {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	c := counters{
		ended:  counter("transfers_ended_total", "Transfers that have ended, by how.", "kind", "state"),
		taken:  counter("transfers_taken_up_total", "Times that a daemon began a transfer, or went on with one that another run had left.", "kind"),
		bytes:  counter("transferred_bytes_total", "Bytes of rows that have moved, as they travel.", "kind", "source", "target"),
		rows:   counter("transferred_rows_total", "Rows that have moved.", "kind", "source", "target"),
		phases: counter("phase_seconds_total", "Time that transfers spent in their phases, which overlap.", "kind", "phase"),
		stages: counter("stage_seconds_total", "Time that the stages of the pipe spent busy, waiting for bytes, or waiting for room.", "stage", "doing"),
	}
	for _, kind := range kinds {
		for _, state := range finals {
			c.ended.WithLabelValues(string(kind), string(state))
		}
		for _, phase := range phases {
			c.phases.WithLabelValues(string(kind), phase)
		}
		c.taken.WithLabelValues(string(kind))
	}
	return c
}

// moved adds what a progress has more than the one before it.
func (c counters) moved(t *work.Transfer, before, now *progress) {
	kind, source, target := string(t.Spec.Kind), t.Spec.Source, t.Spec.Target
	add(c.bytes.WithLabelValues(kind, source, target), now.Data.Bytes-before.Data.Bytes)
	add(c.rows.WithLabelValues(kind, source, target), now.Data.Rows-before.Data.Rows)
	for i, phase := range now.Phases {
		if i < len(phases) && phase.Name == phases[i] {
			add(c.phases.WithLabelValues(kind, phase.Name), phase.Span-before.span(i))
		}
	}
	for i, stage := range now.Stages {
		if i == maxStages {
			break
		}
		was := before.stage(stage.Name)
		add(c.stages.WithLabelValues(stage.Name, "busy"), stage.Busy-was.Busy)
		add(c.stages.WithLabelValues(stage.Name, "wait_in"), stage.WaitIn-was.WaitIn)
		add(c.stages.WithLabelValues(stage.Name, "wait_out"), stage.WaitOut-was.WaitOut)
	}
}

// whole adds a transfer of which nothing but its end was seen.
func (c counters) whole(t *work.Transfer) {
	kind, source, target := string(t.Spec.Kind), t.Spec.Source, t.Spec.Target
	add(c.bytes.WithLabelValues(kind, source, target), float64(t.Totals.Bytes))
	add(c.rows.WithLabelValues(kind, source, target), float64(t.Totals.Rows))
}

// add leaves a counter alone where a run has taken back what it had counted: rows that a crash of the target has lost.
func add(c prometheus.Counter, by float64) {
	if by > 0 {
		c.Add(by)
	}
}
