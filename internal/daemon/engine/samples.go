package engine

import (
	"encoding/json"

	"pgsluice/internal/daemon/work"
)

// samples picks, of the progress events of a run, those whose throughput the log keeps.
type samples struct {
	next float64 // seconds: when one is due
	over bool    // the data phase is
}

// Samples come 2 s apart at first and then a hundredth of the time that has passed: of an hour there are some 400, of a day some 700, and a
// picture of any length has enough of them.
const (
	sampleSeconds = 2
	sampleShare   = 0.01
)

// take returns the sample of a progress event or of the end event, if one is due: while the data phase runs, and at its end.
func (s *samples) take(event json.RawMessage) (json.RawMessage, bool) {
	var p struct {
		AtSeconds float64 `json:"at_seconds"`
		Phases    []struct {
			Name  string   `json:"name"`
			State string   `json:"state"`
			Start *float64 `json:"start_seconds"`
			Span  float64  `json:"span_seconds"`
		} `json:"phases"`
		Data struct {
			Bytes  int64 `json:"bytes"`
			Redone int64 `json:"redone_bytes"`
		} `json:"data"`
		Stages []work.SampleStage `json:"stages"`
	}
	if s.over || json.Unmarshal(event, &p) != nil {
		return nil, false
	}
	at := p.AtSeconds
	for _, phase := range p.Phases {
		if phase.Name != "data" {
			continue
		}
		if phase.Start == nil {
			return nil, false
		}
		if phase.State != "running" {
			s.over, s.next, at = true, 0, *phase.Start+phase.Span
		}
	}
	if at < s.next {
		return nil, false
	}
	s.next = at + max(sampleSeconds, at*sampleShare)
	text, err := json.Marshal(work.Sample{AtSeconds: at, Bytes: p.Data.Bytes + p.Data.Redone, Stages: p.Stages})
	return text, err == nil
}
