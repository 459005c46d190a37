package report

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/progress"
)

// stuck is a transfer that others hold up: the table's target side waits for a lock, and so does an index.
func stuck(tr *progress.Tracker) {
	tr.Plan([]progress.Task{
		{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "public.a", Bytes: 1000},
		{ID: 2, Phase: progress.Data, Kind: progress.TableData, Name: "public.b", Bytes: 1000},
		{ID: 3, Phase: progress.Indexes, Kind: "INDEX", Name: "public.b_idx", Bytes: 1000},
	})
	bob := progress.Blocker{
		Server: "target", PID: 123, Application: "psql", User: "bob", State: "idle in transaction",
		QueryStart: time.Now().Add(-2 * time.Minute),
	}
	ours := progress.Blocker{Server: "target", PID: 77, Ours: true}
	a, b, index := tr.Start(1), tr.Start(2), tr.Start(3)
	a.AddBytes(10)
	time.Sleep(time.Second)
	tr.Describe(1, progress.Detail{SourceWait: "Client: ClientWrite", TargetWait: "Lock: relation", BlockedBy: []progress.Blocker{bob}})
	tr.Describe(3, progress.Detail{Activity: "building index: scanning table", Done: 1, Total: 3, BlockedBy: []progress.Blocker{ours}})
	time.Sleep(20*time.Second + 100*ms)
	unseen := progress.Blocker{Server: "target", PID: 124}
	tr.Describe(1, progress.Detail{TargetWait: "Lock: relation", BlockedBy: []progress.Blocker{bob, unseen}})
	time.Sleep(45 * time.Second)
	tr.Describe(1, progress.Detail{})
	time.Sleep(time.Second)
	a.Done(1, nil)
	b.Done(1, nil)
	index.Done(0, nil)
	tr.Finish()
}

func TestWhatHoldsUpIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		stop := follow(t.Context(), tr, &b, LineOptions{Every: time.Hour, Width: 80})
		stuck(tr)
		stop()
		const want = `[0:00] data: 2 tables to copy, ≈2.00 kB
[0:00] indexes: 1 to build
[0:01] waiting: TABLE DATA public.a on target: blocked by pid 123 (psql, user
       bob, idle in transaction, query started 2 min 01 s ago)
[0:21] waiting: TABLE DATA public.a on target: blocked by pid 123 (psql, user
       bob, idle in transaction, query started 2 min 21 s ago), pid 124
[0:30] no bytes for 30 s; public.a: source: no wait is seen, target: Lock:
       relation; public.b: no wait is seen on either side
[1:00] no bytes for 1 min 00 s; public.a: source: no wait is seen, target: Lock:
       relation; public.b: no wait is seen on either side
`
		if got := b.String(); !strings.HasPrefix(got, want) || strings.Contains(got, "pid 77") {
			t.Errorf("got\n%s", got)
		}
	})
}

func stuckEvents(t *testing.T) (text string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		stop := followJSON(t.Context(), tr, &b, EventOptions{})
		stuck(tr)
		stop()
		text = b.String()
	})
	return text
}

func TestEventsOfWhatHoldsUp(t *testing.T) {
	list := decode(t, stuckEvents(t))
	checkStory(t, list)
	if blocked, stalled := count(list, "blocked"), count(list, "stalled"); blocked != 2 || stalled != 2 {
		t.Errorf("%d blocked, %d stalled events", blocked, stalled)
	}
}

// TestABlockerThatComesAndGoesIsToldOnce until it has been away for a while.
func TestABlockerThatComesAndGoesIsToldOnce(t *testing.T) {
	told := map[int]blockade{}
	look := func(at time.Duration, blockers ...progress.Blocker) int {
		return len(newlyBlocked(told, progress.Snapshot{
			Elapsed: at,
			Running: []progress.RunningTask{{Task: progress.Task{ID: 1}, Detail: progress.Detail{BlockedBy: blockers}}},
		}))
	}
	a, b := progress.Blocker{Server: "target", PID: 1}, progress.Blocker{Server: "target", PID: 2}
	for i, step := range []struct {
		second   int
		blockers []progress.Blocker
		news     int
	}{
		{0, nil, 0},
		{1, []progress.Blocker{a}, 1},
		{2, nil, 0},
		{3, []progress.Blocker{a}, 0},
		{4, []progress.Blocker{a, b}, 1},
		{5, []progress.Blocker{b, a}, 0},
		{6, []progress.Blocker{b}, 1},
		{100, []progress.Blocker{b}, 1},
	} {
		if n := look(time.Duration(step.second)*time.Second, step.blockers...); n != step.news {
			t.Errorf("look %d: %d news, want %d", i, n, step.news)
		}
	}
}

func TestStatusText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := progress.New()
		stop := follow(context.WithoutCancel(t.Context()), tr, io.Discard, LineOptions{})
		var b strings.Builder
		go func() {
			for _, at := range []int{1, 19, 54, 82} {
				time.Sleep(time.Duration(at)*time.Second - tr.Snapshot().Elapsed)
				b.WriteString(StatusText(tr.Snapshot(), 80) + "\n")
			}
		}()
		shop(tr, func() {})
		synctest.Wait()
		b.WriteString(StatusText(tr.Snapshot(), 80))
		stop()
		golden(t, "status.txt", b.String())
		for line := range strings.Lines(b.String()) {
			if w := displayWidth(strings.TrimSuffix(line, "\n")); w > 80 {
				t.Errorf("%d columns: %s", w, line)
			}
		}
		if len(StatusText(progress.Snapshot{}, 0)) == 0 {
			t.Error("nothing to say of nothing")
		}
	})
}
