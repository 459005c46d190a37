package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"pgsluice/internal/daemon/work"
)

// What is gathered at each scrape, since it comes and goes with transfers.
var (
	transfersDesc = desc("transfers", "Transfers that have not ended, by state; the pending ones are the queue.", "state")
	oldestDesc    = desc("oldest_pending_timestamp_seconds", "When the transfer was asked for that waits longest; 0 if none waits.")
	completedDesc = desc("last_completed_timestamp_seconds", "When a transfer from or to a database completed last.", "kind", "database")
	failedDesc    = desc("last_failed_timestamp_seconds", "When a transfer from or to a database failed last.", "kind", "database")
	rateDesc      = desc("transfer_bytes_per_second", "Bytes of rows that running transfers move now.", "kind", "source", "target")
	idleDesc      = desc("transfer_idle_seconds", "How long no byte has moved in a running transfer, though tables are in work.", "kind", "source", "target")
	silentDesc    = desc("transfer_silent_seconds", "How long a running transfer has said nothing.", "kind", "source", "target")
	snapshotDesc  = desc("snapshot_timestamp_seconds", "When the oldest snapshot was taken that transfers hold on a database.", "database")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// Describe is a prometheus.Collector's.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{transfersDesc, oldestDesc, completedDesc, failedDesc, rateDesc, idleDesc, silentDesc, snapshotDesc} {
		out <- d
	}
}

// pair is what series of running transfers are told apart by. Several that run between the same two are one series.
type pair struct {
	kind           work.Kind
	source, target string
}

// Collect is a prometheus.Collector's.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	states := map[work.State]int{}
	var oldest time.Time
	rates, idle, silent := map[pair]float64{}, map[pair]float64{}, map[pair]float64{}
	snapshots := map[string]time.Time{}
	for _, o := range m.open {
		states[o.State]++
		if o.State == work.Pending && (oldest.IsZero() || o.Created.Before(oldest)) {
			oldest = o.Created
		}
		if o.State == work.Running {
			p := pair{o.Spec.Kind, o.Spec.Source, o.Spec.Target}
			rates[p] += o.progress.Data.Rate
			idle[p] = max(idle[p], o.progress.Data.Idle)
			silent[p] = max(silent[p], o.silence(now).Seconds())
		}
		if taken, held := o.snapshot(); held {
			if old, known := snapshots[o.Spec.Source]; !known || taken.Before(old) {
				snapshots[o.Spec.Source] = taken
			}
		}
	}
	for _, state := range opens {
		gauge(transfersDesc, float64(states[state]), string(state))
	}
	gauge(oldestDesc, seconds(oldest))
	for key, at := range m.completed {
		gauge(completedDesc, seconds(at), string(key.kind), key.database)
	}
	for key, at := range m.failed {
		gauge(failedDesc, seconds(at), string(key.kind), key.database)
	}
	for p := range rates {
		gauge(rateDesc, rates[p], string(p.kind), p.source, p.target)
		gauge(idleDesc, idle[p], string(p.kind), p.source, p.target)
		gauge(silentDesc, silent[p], string(p.kind), p.source, p.target)
	}
	for database, taken := range snapshots {
		gauge(snapshotDesc, seconds(taken), database)
	}
}

// silence is how long ago the last progress was, or the begin if there is none yet.
func (o *openTransfer) silence(now time.Time) time.Duration {
	switch {
	case !o.at.IsZero():
		return now.Sub(o.at)
	case o.Started != nil:
		return now.Sub(*o.Started)
	}
	return 0
}

// snapshot is when the source's snapshot was taken, if it is held: by a paused transfer, too.
func (o *openTransfer) snapshot() (taken time.Time, held bool) {
	source := o.progress.Source
	if source == nil || source.Released || o.State == work.Pending {
		return time.Time{}, false
	}
	return o.at.Add(-time.Duration(source.Snapshot * float64(time.Second))), true
}

// seconds is a moment as Prometheus has it.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
