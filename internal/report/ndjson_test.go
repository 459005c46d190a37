package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/progress"
)

func followJSON(ctx context.Context, tr *progress.Tracker, w io.Writer, o EventOptions) (stop func()) {
	feed := progress.NewFeed(tr, progress.Tick)
	end := FollowJSON(ctx, feed, w, o)
	return func() { feed.Close(); end() }
}

// decode returns the events of a text, and fails if a line is not one.
func decode(t *testing.T, text string) (list []map[string]any) {
	t.Helper()
	if text != "" && !strings.HasSuffix(text, "\n") {
		t.Errorf("the last line has no end: %q", text[max(0, len(text)-80):])
	}
	for line := range strings.Lines(text) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, e)
	}
	return list
}

func shopEvents(t *testing.T) (text string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		stop := followJSON(t.Context(), tr, &b, EventOptions{})
		shop(tr, func() {})
		stop()
		text = b.String()
	})
	return text
}

// TestEventsGolden leaves out most progress events.
func TestEventsGolden(t *testing.T) {
	var b strings.Builder
	n := 0
	for line := range strings.Lines(shopEvents(t)) {
		if strings.Contains(line, `"event":"progress"`) {
			if n++; n%20 != 0 {
				continue
			}
		}
		b.WriteString(line)
	}
	golden(t, "events.ndjson", b.String())
}

// TestEventsTellAStory: in order, once, and with a start before each end.
func TestEventsTellAStory(t *testing.T) {
	checkStory(t, decode(t, shopEvents(t)))
}

func checkStory(t *testing.T, list []map[string]any) {
	t.Helper()
	at := 0.0
	started, ended := map[float64]bool{}, map[float64]bool{}
	for i, e := range list {
		now, _ := e["at_seconds"].(float64)
		if now < at {
			t.Errorf("event %d goes back from %v to %v s: %v", i, at, now, e)
		}
		at = now
		id, _ := e["id"].(float64)
		switch e["event"] {
		case "start":
			if i != 0 {
				t.Errorf("start is event %d", i)
			}
		case "task_started":
			if started[id] {
				t.Errorf("task %v starts twice", id)
			}
			started[id] = true
		case "task_ended":
			if !started[id] || ended[id] {
				t.Errorf("task %v ends unasked", id)
			}
			ended[id] = true
		case "end":
			if i != len(list)-1 {
				t.Errorf("end is event %d of %d", i, len(list))
			}
		}
	}
	if len(list) == 0 || list[len(list)-1]["event"] != "end" || len(started) != len(ended) {
		t.Errorf("%d events, %d tasks started, %d ended", len(list), len(started), len(ended))
	}
}

func count(list []map[string]any, name string) (n int) {
	for _, e := range list {
		if e["event"] == name {
			n++
		}
	}
	return n
}

func TestProgressEventsComeEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		stop := followJSON(t.Context(), tr, &b, EventOptions{})
		tr.Plan([]progress.Task{{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "t", Bytes: 1000}})
		time.Sleep(10*time.Second + 100*ms)
		synctest.Wait()
		if n := count(decode(t, b.String()), "progress"); n != 11 { // at 0, at 0.2 s when the plan is seen, and nine more
			t.Errorf("%d progress events in ten seconds", n)
		}
		r := tr.Start(1)
		time.Sleep(200 * ms)
		synctest.Wait()
		list := decode(t, b.String())
		if n := count(list, "progress"); n != 12 {
			t.Errorf("%d progress events: a phase that starts makes one", n)
		}
		r.Done(1, nil)
		stop()
		checkStory(t, decode(t, b.String()))
	})
}

// TestABlockedReaderLosesNoTask stands still during a whole transfer of many tasks: memory is not taken for it, and
// when it goes on it gets each task, warning and failure, but few progress events.
func TestABlockedReaderLosesNoTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tasks = 3000
		tr := progress.New()
		r, w := io.Pipe()
		stop := followJSON(t.Context(), tr, w, EventOptions{Grace: 2 * time.Second})
		synctest.Wait() // it sits in Write now
		var list []progress.Task
		for i := range tasks {
			list = append(list, progress.Task{ID: i, Phase: progress.Data, Kind: progress.TableData, Name: fmt.Sprint("t", i)})
		}
		tr.Plan(list)
		for i := range tasks {
			running := tr.Start(i)
			time.Sleep(100 * ms)
			switch {
			case i%1000 == 7:
				running.Fail(errors.New("no"))
				tr.Warn(progress.Warning{Message: "w"})
			default:
				running.Done(1, nil)
			}
		}
		tr.Finish()
		before := time.Now()
		stop()
		if waited := time.Since(before); waited != 2*time.Second {
			t.Errorf("stop waited for %v", waited)
		}
		text, err := io.ReadAll(io.LimitReader(r, 200)) // the reader goes on
		if err != nil {
			t.Fatal(err)
		}
		var rest bytes.Buffer
		go func() { _, _ = io.Copy(&rest, r) }()
		synctest.Wait()
		_ = r.Close()
		synctest.Wait()
		events := decode(t, string(text)+rest.String())
		checkStory(t, events)
		for name, want := range map[string]int{"task_started": tasks, "task_ended": tasks, "failure": 3, "warning": 3, "end": 1} {
			if n := count(events, name); n != want {
				t.Errorf("%d %s events, want %d", n, name, want)
			}
		}
		if n := count(events, "progress"); n > 4 {
			t.Errorf("%d progress events", n)
		}
	})
}

// TestInterruptedTasksEnd: they stand in no list of the tracker's.
func TestInterruptedTasksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		stop := followJSON(t.Context(), tr, &b, EventOptions{})
		tr.Plan([]progress.Task{{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "t"}})
		r := tr.Start(1)
		r.AddBytes(70)
		time.Sleep(time.Second + 100*ms)
		r.Interrupt(nil)
		tr.Finish()
		stop()
		list := decode(t, b.String())
		checkStory(t, list)
		i := slices.IndexFunc(list, func(e map[string]any) bool { return e["event"] == "task_ended" })
		if i < 0 || list[i]["outcome"] != "interrupted" || list[i]["bytes"] != 70.0 {
			t.Errorf("%v", list)
		}
	})
}

// TestEventsEndWithTheContextAndOnAnError.
func TestEventsEndWithTheContextAndOnAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var b bytes.Buffer
		tr := progress.New()
		stop := followJSON(ctx, tr, &b, EventOptions{})
		cancel()
		synctest.Wait()
		list := decode(t, b.String())
		if last := list[len(list)-1]; last["event"] != "end" || last["over"] != false {
			t.Errorf("the last one is %v", last)
		}
		time.Sleep(time.Minute)
		stop()
		if n := len(decode(t, b.String())); n != len(list) {
			t.Errorf("%d events after the end", n-len(list))
		}
		writes := 0
		stop = followJSON(t.Context(), tr, writerFunc(func([]byte) (int, error) {
			writes++
			return 0, io.ErrClosedPipe
		}), EventOptions{})
		time.Sleep(time.Minute)
		stop()
		if writes != 1 {
			t.Errorf("%d writes to a broken writer", writes)
		}
	})
}
