package main

import (
	"encoding/json"
	"fmt"
)

// figures are one run, as they stand in the JSON file.
type figures struct {
	Set      string             `json:"set"`
	Copier   string             `json:"copier"`
	Round    int                `json:"round"`
	Wall     float64            `json:"wall_seconds"`
	CPU      float64            `json:"copier_cpu_seconds"`
	Source   float64            `json:"source_cpu_seconds"`
	Target   float64            `json:"target_cpu_seconds"`
	HWM      int64              `json:"copier_vm_hwm_bytes"`
	MaxRSS   int64              `json:"largest_process_max_rss_bytes"`
	WALBytes int64              `json:"target_wal_bytes"`
	Phases   map[string]float64 `json:"phase_spans_seconds,omitempty"`
}

// raw is every run of every peer, as JSON.
func raw(sets []set) []byte {
	runs := []figures{}
	failed := map[string]string{}
	for _, s := range sets {
		for _, p := range s.peers {
			for i, c := range p.costs {
				runs = append(runs, figures{
					Set: s.name, Copier: p.name, Round: i + 1, Wall: wall(c), CPU: copier(c), Source: source(c), Target: target(c),
					HWM: c.hwm, MaxRSS: c.peak, WALBytes: c.wal, Phases: c.phases,
				})
			}
			if p.err != nil {
				failed[s.name+"/"+p.name] = p.err.Error()
			}
		}
	}
	text, err := json.MarshalIndent(map[string]any{"runs": runs, "failed": failed}, "", " ")
	if err != nil {
		text = fmt.Appendf(nil, "%q", err.Error()) // a figure that is no number
	}
	return append(text, '\n')
}
