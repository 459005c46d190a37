package report

import (
	"strings"
	"testing"
	"time"

	"pgsluice/internal/progress"
)

// inTheMidst is a transfer with something to say in each row.
func inTheMidst() progress.Snapshot {
	var s progress.Snapshot
	s.Elapsed = 65 * time.Second
	for _, ph := range progress.Phases() {
		s.Phases[ph] = progress.PhaseStatus{Phase: ph, Total: 12}
	}
	s.Phases[progress.Schema] = progress.PhaseStatus{Phase: progress.Schema, State: progress.StateDone, Total: 240, Done: 240, Span: 1200 * time.Millisecond}
	s.Phases[progress.Data] = progress.PhaseStatus{Phase: progress.Data, State: progress.StateRunning, Total: 60, Done: 12, Running: 3, Span: time.Minute}
	s.Phases[progress.Indexes] = progress.PhaseStatus{Phase: progress.Indexes, State: progress.StateRunning, Total: 12, Done: 4, Failed: 1, Running: 2, Span: time.Minute}
	s.Data = progress.DataStatus{
		Bytes: 512_000_000, Expected: 1_230_000_000, Windowed: 118e6, Remaining: 6 * time.Second, Rows: 4_123_456, Average: 101e6, TablesDone: 11, TablesTotal: 48,
	}
	s.Bottleneck = progress.Bottleneck{Stage: "copy-in", Busy: 0.94, Text: "copy-in 94 % busy, copy-out waits 71 %"}
	s.Running = []progress.RunningTask{
		{
			Task:    progress.Task{Phase: progress.Indexes, Kind: "INDEX", Name: "public.documents_body_gin"},
			Elapsed: 42 * time.Second,
			Detail:  progress.Detail{Activity: "building index: scanning table", Done: 425, Total: 1000, Parallel: 2},
		},
		{Task: progress.Task{Phase: progress.Data, Kind: progress.TableData, Name: "public.orders", Bytes: 400e6}, Bytes: 120e6, Expected: 400e6, Elapsed: 12 * time.Second},
		{Task: progress.Task{Phase: progress.Data, Kind: progress.TableData, Name: "public.注文履歴テーブル注文履歴テーブル", Bytes: 40e6}, Bytes: 12e6, Expected: 40e6, Elapsed: 3 * time.Second},
		{Task: progress.Task{Phase: progress.Data, Kind: progress.TableData, Name: "public." + strings.Repeat("long_", 12)}, Bytes: 999, Elapsed: time.Second},
		{
			Task: progress.Task{Phase: progress.Indexes, Kind: "INDEX", Name: "public.evil\x1b[31m\nname"}, Elapsed: time.Second,
			Detail: progress.Detail{BlockedBy: []progress.Blocker{{Server: "target", PID: 4711, Application: "psql", State: "idle in transaction"}}},
		},
	}
	return s
}

func picture(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.Text + "\n")
	}
	return b.String()
}

func TestBarsPicture(t *testing.T) {
	t.Parallel()
	style := newBarStyle(false)
	for name, test := range map[string]struct {
		columns, height int
		want            string
	}{
		"usual": {80, 24, `
schema      100 % [===========================] 240/240, in 1.2 s
data         41 % [==========>----------------] 512 MB of ≈1.23 GB, 118 MB/s
            11/48 tables, ETA 6 s, 4,123,456 rows, average 101 MB/s
            copy-in 94 % busy, copy-out waits 71 %
  public.orders                                   120 MB, 30 % of ≈400 MB, 12 s
  public.注文履歴テーブル注文履歴テーブル        12.0 MB, 30 % of ≈40.0 MB, 3 s
  public.long_long_long_…g_long_long_long_long_    999 B, 1 s
indexes      41 % [==========>----------------] 4/12, 1 failed
  public.documents_body_gin  42 s, scanning table 42 %, 2 workers
  public.evil\x1b[31m\nname  1 s, blocked by pid 4711
constraints       [---------------------------] 0/12
finish            [---------------------------] 0/12
blocked on the target by pid 4711: public.evil\x1b[31m\nname (psql, idle in tra
`},
		"narrow": {40, 24, `
schema      100 % 240/240, in 1.2 s
data         41 % 512 MB of ≈1.23 GB
            11/48 tables, ETA 6 s
  public.orders          120 MB
  public.注…テーブル    12.0 MB
  public.lon…ong_long_    999 B, 1 s
indexes      41 % 4/12, 1 failed
  public.doc…_body_gin  42 s
  public.evi…31m\nname  1 s
constraints       0/12
finish            0/12
blocked on the target by pid 4711: publ
`},
		"low": {80, 6, `
data         41 % [==========>----------------] 512 MB of ≈1.23 GB, 118 MB/s
            11/48 tables, ETA 6 s, 4,123,456 rows, average 101 MB/s
  public.orders   120 MB, 30 % of ≈400 MB, 12 s, and 2 more
indexes      41 % [==========>----------------] 4/12, 1 failed
blocked on the target by pid 4711: public.evil\x1b[31m\nname (psql, idle in tra
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := picture(style.rows(inTheMidst(), test.columns, test.height)); got != strings.TrimPrefix(test.want, "\n") {
				t.Errorf("\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// Whatever the terminal's size, no row wraps, the rows leave a line for the cursor, and Columns is true.
func TestBarsFit(t *testing.T) {
	t.Parallel()
	plain, colored := newBarStyle(false), newBarStyle(true)
	for columns := range 210 {
		for height := range 20 {
			rows := plain.rows(inTheMidst(), columns, height)
			if len(rows) > max(min(mostRows, height-1), 0) {
				t.Fatalf("%d × %d: %d rows", columns, height, len(rows))
			}
			again := colored.rows(inTheMidst(), columns, height)
			for i, r := range rows {
				if w := displayWidth(r.Text); w != r.Columns || w >= columns {
					t.Fatalf("%d × %d: a row of %d columns, said to have %d: %q", columns, height, w, r.Columns, r.Text)
				}
				if strings.ContainsAny(r.Text, "\x1b\n") {
					t.Fatalf("a name steers the terminal: %q", r.Text)
				}
				if again[i].Columns != r.Columns {
					t.Fatalf("colours take columns: %q", again[i].Text)
				}
			}
		}
	}
}
