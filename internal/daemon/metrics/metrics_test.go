package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/daemon/worktest"
	"pgsluice/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// before is a time before that at which all things of a worktest.Service happen.
var before = worktest.Begin.Add(-time.Hour)

// started has metrics that follow a service as if since began.
func started(t *testing.T, s work.Service, began time.Time) *Metrics {
	t.Helper()
	m := New(s, "1.2.3")
	m.began = began
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return m
}

// wants waits until the metrics have these lines, in which a # begins a comment.
func wants(t *testing.T, m *Metrics, lines string) {
	t.Helper()
	var wanted []string
	for line := range strings.Lines(lines) {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
			wanted = append(wanted, strings.TrimSpace(line))
		}
	}
	var missing string
	there := pgtest.Poll(10*time.Second, func() bool {
		got := "\n" + scrape(t, m)
		missing = ""
		for _, line := range wanted {
			if !strings.Contains(got, "\n"+line+"\n") {
				missing = line + "\nis missing in" + own(got)
			}
		}
		return missing == ""
	})
	if !there {
		t.Fatal(missing)
	}
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, err := io.ReadAll(recorder.Body)
	if err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("%d, %v: %s", recorder.Code, err, text)
	}
	return string(text)
}

// own are the lines of our own metrics that are not 0.
func own(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, namespace) && !strings.HasSuffix(line, " 0\n") {
			b.WriteString("\n" + strings.TrimSpace(line))
		}
	}
	return b.String()
}

// event is a progress event of a second of a transfer.
func event(at, mb int) json.RawMessage {
	return fmt.Appendf(nil, `{"event": "progress", "at_seconds": %d, "data": {"bytes": %d, "rows": %d, "windowed_bytes_per_second": 2e6, "idle_seconds": 1.5},
		"phases": [{"name": "schema", "span_seconds": 1}, {"name": "data", "span_seconds": %[1]d}],
		"stages": [{"name": "copy-out", "busy_seconds": %[1]d, "wait_in_seconds": 0.5, "wait_out_seconds": 0}],
		"source": {"snapshot_seconds": 3600, "released": false}}`, at, mb*1e6, mb*1000)
}

func create(t *testing.T, s *worktest.Service, spec work.Spec) string {
	t.Helper()
	made, err := s.Create(t.Context(), spec, "test")
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

var copySpec = work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}

func begin(t *work.Transfer) {
	t.State, t.Started, t.Attempts = work.Running, &t.Created, 1
}

func end(state work.State) func(t *work.Transfer) {
	return func(t *work.Transfer) {
		at := worktest.Begin.Add(time.Hour)
		t.State, t.Ended = state, &at
	}
}

// A transfer's whole life, and another run of it in between.
func TestLifeOfATransfer(t *testing.T) {
	t.Parallel()
	s := worktest.New()
	m := started(t, s, before)
	wants(t, m, `
		pgsluice_transfers{state="pending"} 0
		pgsluice_oldest_pending_timestamp_seconds 0
		pgsluice_transfers_ended_total{kind="copy",state="failed"} 0 # before there is one
		pgsluice_phase_seconds_total{kind="dump",phase="finish"} 0`)
	id := create(t, s, copySpec)
	wants(t, m, `
		pgsluice_transfers{state="pending"} 1
		pgsluice_oldest_pending_timestamp_seconds 1.7684442e+09`)
	s.Set(id, begin)
	s.Progress(id, event(10, 20))
	wants(t, m, `
		pgsluice_transfers{state="running"} 1
		pgsluice_transfers_taken_up_total{kind="copy"} 1
		pgsluice_transferred_bytes_total{kind="copy",source="prod",target="staging"} 2e+07
		pgsluice_transferred_rows_total{kind="copy",source="prod",target="staging"} 20000
		pgsluice_transfer_bytes_per_second{kind="copy",source="prod",target="staging"} 2e+06
		pgsluice_transfer_idle_seconds{kind="copy",source="prod",target="staging"} 1.5
		pgsluice_phase_seconds_total{kind="copy",phase="data"} 10
		pgsluice_stage_seconds_total{doing="busy",stage="copy-out"} 10
		pgsluice_stage_seconds_total{doing="wait_in",stage="copy-out"} 0.5`)
	s.Progress(id, event(11, 19)) // a crash of the target has lost some
	wants(t, m, `
		pgsluice_phase_seconds_total{kind="copy",phase="data"} 11
		pgsluice_transferred_bytes_total{kind="copy",source="prod",target="staging"} 2e+07`)
	s.Set(id, func(t *work.Transfer) { t.State = work.Pending })
	wants(t, m, `pgsluice_transfers{state="pending"} 1`)
	if text := scrape(t, m); strings.Contains(text, "pgsluice_transfer_bytes_per_second{") || strings.Contains(text, "pgsluice_snapshot_timestamp_seconds{") {
		t.Error("it has a rate or a snapshot, and does not run")
	}
	s.Set(id, func(t *work.Transfer) { t.State, t.Attempts = work.Running, 2 })
	s.Progress(id, event(2, 3)) // of the second run
	wants(t, m, `
		pgsluice_transfers_taken_up_total{kind="copy"} 2
		pgsluice_phase_seconds_total{kind="copy",phase="data"} 13
		pgsluice_transferred_bytes_total{kind="copy",source="prod",target="staging"} 2.3e+07`)
	s.Progress(id, event(4, 5))
	s.Set(id, end(work.Completed))
	wants(t, m, `
		pgsluice_transfers{state="running"} 0
		pgsluice_transfers_ended_total{kind="copy",state="completed"} 1
		pgsluice_transferred_bytes_total{kind="copy",source="prod",target="staging"} 2.5e+07 # the last one counts
		pgsluice_last_completed_timestamp_seconds{database="prod",kind="copy"} 1.7684478e+09
		pgsluice_last_completed_timestamp_seconds{database="staging",kind="copy"} 1.7684478e+09`)
	if m.open[id] != nil {
		t.Error("it is kept")
	}
}

// What had happened before the daemon started is known, and not counted.
func TestEarlierTransfersAreNotCounted(t *testing.T) {
	t.Parallel()
	s := worktest.New()
	old, running := create(t, s, copySpec), create(t, s, work.Spec{Kind: work.Dump, Source: "prod", Target: "nightly"})
	failed := create(t, s, work.Spec{Kind: work.Verify, Source: "prod", Target: "staging"})
	s.Set(old, begin)
	s.Set(old, end(work.Completed))
	s.Set(failed, end(work.Failed))
	s.Set(running, begin)
	s.Progress(running, event(10, 20))
	m := started(t, s, worktest.Begin.Add(time.Hour))
	wants(t, m, `
		pgsluice_transfers{state="running"} 1
		pgsluice_transfer_bytes_per_second{kind="dump",source="prod",target="nightly"} 2e+06
		pgsluice_last_completed_timestamp_seconds{database="staging",kind="copy"} 1.7684478e+09
		pgsluice_last_failed_timestamp_seconds{database="prod",kind="verify"} 1.7684478e+09`)
	s.Progress(running, event(12, 21))
	wants(t, m, `
		pgsluice_transferred_bytes_total{kind="dump",source="prod",target="nightly"} 1e+06
		pgsluice_phase_seconds_total{kind="dump",phase="data"} 2
		pgsluice_transfers_ended_total{kind="copy",state="completed"} 0
		pgsluice_transfers_ended_total{kind="verify",state="failed"} 0`)
	s.Set(running, end(work.Completed))
	wants(t, m, `
		pgsluice_transfers_ended_total{kind="dump",state="completed"} 1
		pgsluice_last_completed_timestamp_seconds{database="prod",kind="dump"} 1.7684478e+09`)
	if strings.Contains(scrape(t, m), `database="nightly"`) {
		t.Error("a store is taken for a database")
	}
}

// One that ends before anybody saw it run is counted whole; and not again when the service breaks off and begins with the present ones.
func TestFastTransfersAreCountedOnce(t *testing.T) {
	t.Parallel()
	m := New(worktest.New(), "")
	m.began = before
	fast := work.Transfer{ID: "c001", Number: 1, Spec: copySpec, Created: worktest.Begin, Attempts: 1, Totals: work.Totals{Bytes: 5, Rows: 2}}
	end(work.Completed)(&fast)
	for range 2 {
		m.see(t.Context(), fast, nil)
	}
	wants(t, m, `
		pgsluice_transfers_ended_total{kind="copy",state="completed"} 1
		pgsluice_transfers_taken_up_total{kind="copy"} 1
		pgsluice_transferred_bytes_total{kind="copy",source="prod",target="staging"} 5`)
}

// A state that comes with the old progress does not make it young: who hangs is silent, and the snapshot grows older.
func TestSilenceIsThatOfTheProgress(t *testing.T) {
	t.Parallel()
	m := New(worktest.New(), "")
	o := &openTransfer{fresh: true}
	for at := range 2 {
		m.take(o, &progress{At: float64(at + 1)})
	}
	said := o.at
	m.take(o, &progress{At: 2})
	if o.at != said || o.silence(said.Add(time.Minute)) != time.Minute {
		t.Errorf("it said something at %v and is taken to have at %v", said, o.at)
	}
}

func TestSnapshotIsTheOldest(t *testing.T) {
	t.Parallel()
	m := New(worktest.New(), "")
	for number, held := range []float64{60, 7200, 90000} {
		o := &openTransfer{at: worktest.Begin}
		o.Spec, o.State = copySpec, work.Running
		if err := json.Unmarshal(fmt.Appendf(nil, `{"source": {"snapshot_seconds": %v, "released": %v}}`, held, held == 90000), &o.progress); err != nil {
			t.Fatal(err)
		}
		m.open[work.ID(work.Copy, uint64(number), false)] = o
	}
	wants(t, m, fmt.Sprintf("pgsluice_snapshot_timestamp_seconds{database=\"prod\"} %v", float64(worktest.Begin.Unix()-7200)))
}

func TestStreamsAndBuild(t *testing.T) {
	t.Parallel()
	m := New(worktest.New(), "1.2.3")
	m.Streams(1)
	m.Streams(1)
	m.Streams(-1)
	wants(t, m, `pgsluice_event_streams 1`)
	if text := scrape(t, m); !strings.Contains(text, `version="1.2.3"} 1`) || !strings.Contains(text, "\ngo_goroutines ") {
		t.Error(text)
	}
}

// Prometheus's own linter has nothing to say of the metrics when there are all of them.
func TestLint(t *testing.T) {
	t.Parallel()
	s := worktest.New()
	m := busy(t, s)
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// busy has a series of each metric.
func busy(t *testing.T, s *worktest.Service) *Metrics {
	t.Helper()
	m := started(t, s, before)
	for _, state := range []work.State{work.Completed, work.Failed} {
		s.Set(create(t, s, copySpec), end(state))
	}
	id := create(t, s, copySpec)
	s.Set(id, begin)
	s.Progress(id, event(1, 1))
	wants(t, m, `
		pgsluice_transfer_bytes_per_second{kind="copy",source="prod",target="staging"} 2e+06
		pgsluice_last_failed_timestamp_seconds{database="prod",kind="copy"} 1.7684478e+09`)
	return m
}
