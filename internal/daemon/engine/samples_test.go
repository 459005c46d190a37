package engine

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgsluice/internal/daemon/work"
)

// Of a day's progress the log keeps some hundred samples: none before the data phase, the first and the last of it, and none behind.
func TestSamples(t *testing.T) {
	event := func(at, start, span float64, state string, bytes int64) json.RawMessage {
		begin := "null"
		if start > 0 {
			begin = fmt.Sprint(start)
		}
		return json.RawMessage(fmt.Sprintf(`{"event":"progress","at_seconds":%g,"phases":[{"name":"schema","state":"done","start_seconds":1,"span_seconds":1},
			{"name":"data","state":%q,"start_seconds":%s,"span_seconds":%g}],"data":{"bytes":%d,"redone_bytes":7},
			"stages":[{"name":"copy-out","elapsed_seconds":%g,"busy_seconds":1,"wait_in_seconds":3,"bytes":5}]}`, at, state, begin, span, bytes, at))
	}
	const day = 86_400
	var s samples
	var kept []work.Sample
	for at := float64(1); at < day; at++ {
		state, start, span := "running", 10.0, at-10
		switch {
		case at < 10:
			state, start, span = "waiting", 0, 0
		case at > day-100:
			state, span = "done", day-110
		}
		text, ok := s.take(event(at, start, span, state, int64(at)*1000))
		if !ok {
			continue
		}
		var sample work.Sample
		if err := json.Unmarshal(text, &sample); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, sample)
	}
	if n := len(kept); n < 500 || n > 900 {
		t.Errorf("%d samples of a day", n)
	}
	first, last := kept[0], kept[len(kept)-1]
	if first.AtSeconds != 10 || first.Bytes != 10_007 || len(first.Stages) != 1 || first.Stages[0] != (work.SampleStage{Name: "copy-out", Elapsed: 10, Busy: 1, Bytes: 5}) {
		t.Errorf("the first: %+v", first)
	}
	if last.AtSeconds != day-100 {
		t.Errorf("the last: %+v", last)
	}
	for i := 1; i < len(kept); i++ {
		if kept[i].AtSeconds <= kept[i-1].AtSeconds {
			t.Errorf("%g after %g", kept[i].AtSeconds, kept[i-1].AtSeconds)
		}
	}
}
