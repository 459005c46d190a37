package page_test

import (
	"encoding/json"
	"testing"

	"pgsluice/internal/browsertest"
	"pgsluice/internal/daemon/work"
)

// What a daemon no longer has in memory is drawn from the log: the phases from the end event, the throughput from samples, also those that
// come in behind the live state.
func TestDrawnFromTheLog(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	id := d.begin(work.Spec{Kind: work.Copy, Source: "small", Target: "staging"}, "owner", "").ID
	for _, err := range d.Live(t.Context(), id) { // until it has ended
		if err != nil {
			t.Fatal(err)
		}
	}
	d.set(id, func(r *running) {
		var end map[string]any
		if err := json.Unmarshal(r.progress, &end); err != nil {
			t.Error(err)
		}
		data := end["phases"].([]any)[1].(map[string]any)
		end["at_seconds"], data["start_seconds"], data["span_seconds"] = 13, 2, 10
		r.progress = nil
		last := r.events[len(r.events)-1]
		r.events = r.events[:len(r.events)-1]
		for i, at := range []float64{2, 4, 6, 8, 10, 12} {
			r.tell("sample", encode(work.Sample{AtSeconds: at, Bytes: int64(i * i * 1_000_000), Stages: []work.SampleStage{
				{Name: "copy-out", Elapsed: at, Busy: at / 4, Bytes: int64(i * i * 1_000_000)}, {Name: "copy-in", Elapsed: at, Busy: at / 2, Bytes: int64(i * i * 1_000_000)},
			}}))
		}
		r.tell("end", encode(end))
		r.tell(last.Name, last.Data)
	})
	b := signIn(t, browser, d, "/transfers/"+id, desktop)
	b.Until(`document.querySelectorAll('.phases tbody tr').length === 5`)
	b.Until(`document.querySelector('.u-over')`)
	b.Until(says("4.50 MB/s at most"))
	b.Until(`[...document.querySelectorAll('.bands li')].map(l => l.innerText.replace(/\s+/g, ' ')).join() === 'copy-out 25 %,copy-in 50 %'`)
	b.Picture("lasting")
}

// A verification says in what the two sides differ.
func TestVerification(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	id := d.begin(work.Spec{Kind: work.Verify, Source: "reports", Target: "staging"}, "owner", "").ID
	d.set(id, func(r *running) {
		equal := false
		r.State, r.Waits, r.Started, r.Ended, r.Equal, r.Warnings = work.Completed, "", &r.Created, &r.Created, &equal, 1
		r.report = json.RawMessage(`{"schema":"pgsluice/verify","verdict":"different","compared":{"entries":12,"tables":3,"rows":2000,"sequences":0,"large_objects":0},
			"differences":[{"kind":"rows","object":"public.<b>orders</b>","text":"1 row is in the source only","rows":[]}],"unverified":[]}`)
	})
	b := signIn(t, browser, d, "/transfers/"+id, phone)
	for _, words := range []string{"The two sides differ: compared were 12 schema entries, 3 tables, 2,000 rows.", "public.<b>orders</b>", "1 row is in the source only"} {
		b.Until(says(words))
	}
	if browsertest.Ask[bool](b, `document.querySelector('#phases').checkVisibility()`) {
		t.Error("a verification has phases")
	}
	b.Fits()
	b.Picture("verification")
	if got := browsertest.Ask[string](b, word); got != "Completed, not equal" {
		t.Errorf("it says %q", got)
	}
}
