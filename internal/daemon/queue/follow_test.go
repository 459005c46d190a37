package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgsluice/internal/daemon/work"
)

func note(t *testing.T, q *Queue, id, text string) {
	t.Helper()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Append(soon(t), id, work.Event{Name: "note", Data: data}); err != nil {
		t.Fatal(err)
	}
}

// lines reads a log until it ends.
func lines(ctx context.Context, q *Queue, id string, after uint64) (lines []string, last uint64, err error) {
	for e, err := range q.Events(ctx, id, after) {
		if err != nil {
			return lines, last, err
		}
		if e.Number <= last {
			return lines, last, fmt.Errorf("number %d behind %d", e.Number, last)
		}
		last = e.Number
		line := string(e.Data)
		if e.Name == "state" {
			var x work.Transfer
			if err := json.Unmarshal(e.Data, &x); err != nil {
				return lines, last, err
			}
			line = string(x.State)
		}
		lines = append(lines, line)
	}
	return lines, last, nil
}

func TestEventsFollowAndResume(t *testing.T) {
	t.Parallel()
	url := external(t)
	writer, reader := open(t, Options{URL: url}), open(t, Options{URL: url})
	create(t, writer, "a")
	create(t, writer, "b")
	type log struct {
		lines []string
		err   error
	}
	done := make(chan log)
	seen := make(chan struct{})
	go func() {
		var got log
		for e, err := range reader.Events(soon(t), "c001", 0) {
			if got.err = err; err != nil {
				break
			}
			if got.lines = append(got.lines, e.Name); len(got.lines) == 2 {
				close(seen)
			}
		}
		done <- got
	}()
	note(t, writer, "c001", "one")
	<-seen
	note(t, writer, "c002", "of another")
	must[*work.Transfer](t)(writer.Update(soon(t), "c001", state(work.Running)))
	note(t, writer, "c001", "two")
	must[*work.Transfer](t)(writer.Update(soon(t), "c001", state(work.Completed)))
	note(t, writer, "c001", "behind the end")
	if got := <-done; got.err != nil || !slices.Equal(got.lines, []string{"state", "note", "state", "note", "state"}) {
		t.Fatalf("the reader had %v, %v", got.lines, got.err)
	}

	all, _, err := lines(soon(t), writer, "c001", 0)
	if want := []string{"pending", `"one"`, "running", `"two"`, "completed"}; err != nil || !slices.Equal(all, want) {
		t.Fatalf("the log is %v, %v, want %v", all, err, want)
	}
	var third uint64
	n := 0
	for e, err := range writer.Events(soon(t), "c001", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if third = e.Number; n == 2 {
			break
		}
		n++
	}
	rest, _, err := lines(soon(t), writer, "c001", third)
	if want := []string{`"two"`, "completed"}; err != nil || !slices.Equal(rest, want) {
		t.Errorf("behind %d there is %v, %v, want %v", third, rest, err, want)
	}
	if _, _, err := lines(soon(t), writer, "c404", 0); !errors.Is(err, work.ErrNotFound) {
		t.Errorf("the log of nothing: %v", err)
	}
}

// The process dies between a final state and its line in the log: the reader gets it all the same, and once.
func TestLogEndsWhereTheProcessDied(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		create(t, q, "a")
		note(t, q, "c001", "one")
		x, _, revision, err := q.load(soon(t), "c001")
		if err != nil {
			t.Fatal(err)
		}
		x.Transfer.State = work.Failed
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if revision, err = q.transfers.Update(soon(t), "c001", text, revision); err != nil {
			t.Fatal(err)
		}
		if err := q.view.put(text, revision); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			all, last, err := lines(soon(t), q, "c001", 0)
			if want := []string{"pending", `"one"`, "failed"}; err != nil || !slices.Equal(all, want) {
				t.Fatalf("the log is %v, %v, want %v", all, err, want)
			}
			if rest, _, err := lines(soon(t), q, "c001", last); err != nil || len(rest) != 0 {
				t.Fatalf("behind the end there is %v, %v", rest, err)
			}
		}
	})
}

func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	q := open(t, Options{Dir: t.TempDir()})
	create(t, q, "a")
	if err := q.Append(soon(t), "c001", work.Event{Name: "note", Data: json.RawMessage(`"` + string(make([]byte, maxEvent)) + `"`)}); err == nil {
		t.Error("an event of more than 256 KiB was logged")
	}
	for i := range maxEvents + 10 {
		if _, err := q.js.PublishAsync(q.subject("events", "c001"), fmt.Appendf(nil, `{"name":"note","data":%d}`, i)); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 || i == maxEvents+9 {
			select {
			case <-q.js.PublishAsyncComplete():
			case <-soon(t).Done():
				t.Fatal("the events are not stored")
			}
		}
	}
	must[*work.Transfer](t)(q.Update(soon(t), "c001", state(work.Failed)))
	all, _, err := lines(soon(t), q, "c001", 0)
	if err != nil || len(all) != maxEvents || all[0] != "11" {
		t.Errorf("%d events, from %.10v, %v", len(all), all[0], err)
	}
}

func TestLiveOfAnotherDaemon(t *testing.T) {
	t.Parallel()
	url := external(t)
	one, other := open(t, Options{URL: url}), open(t, Options{URL: url})
	create(t, one, "a")
	must[*work.Transfer](t)(one.Update(soon(t), "c001", state(work.Running)))
	got := make(chan []string, 1)
	started := make(chan struct{})
	go func() {
		var seen []string
		for l, err := range other.Live(soon(t), "c001") {
			if err != nil {
				seen = append(seen, err.Error())
				break
			}
			if seen = append(seen, string(l.Transfer.State)+" "+string(l.Progress)); len(seen) == 1 {
				close(started)
			}
			if string(l.Progress) == `1` && l.Transfer.State == work.Running {
				// the reader stands still; what comes now but for the last is left out
				for i := range 100 {
					one.PutLive("c001", fmt.Appendf(nil, "%d", i+2))
				}
				if _, err := one.Update(soon(t), "c001", state(work.Completed)); err != nil {
					seen = append(seen, err.Error())
				}
			}
		}
		got <- seen
	}()
	<-started
	one.PutLive("c001", json.RawMessage(`1`))
	seen := <-got
	if last := seen[len(seen)-1]; last[:9] != "completed" || len(seen) > 100 {
		t.Errorf("%d states were seen, the last is %q", len(seen), last)
	}
	if n := len(other.live.changed.waiting) + len(other.view.changed.waiting); n != 0 {
		t.Errorf("%d bells are kept that nobody waits for", n)
	}
}

func TestLiveIsBounded(t *testing.T) {
	t.Parallel()
	l := newLive()
	for i := range 3 * keepLive {
		l.put(fmt.Sprint("c", i), json.RawMessage(`1`))
	}
	if len(l.latest) != keepLive || l.get(fmt.Sprint("c", 3*keepLive-1)) == nil || l.get("c0") != nil {
		t.Errorf("%d states are kept", len(l.latest))
	}
}

// A watcher that stands still gets the latest state of each, once.
func TestWatchLatestOnly(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		create(t, q, "a")
		create(t, q, "b")
		var seen []string
		for x, err := range q.Watch(soon(t)) {
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, fmt.Sprint(x.ID, " ", x.Totals.Rows))
			if len(seen) == 2 {
				for range 50 {
					for _, id := range []string{"c001", "c002"} {
						must[*work.Transfer](t)(q.Update(soon(t), id, func(x *work.Transfer) error { x.Totals.Rows++; return nil }))
					}
				}
			}
			if len(seen) == 4 {
				break
			}
		}
		if want := []string{"c001 0", "c002 0", "c001 50", "c002 50"}; !slices.Equal(seen, want) {
			t.Errorf("saw %v, want %v", seen, want)
		}
		if len(q.view.watchers) != 0 {
			t.Error("the watcher is kept behind its end")
		}
	})
}
