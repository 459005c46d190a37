package progress

import (
	"fmt"
	"testing"
)

// BenchmarkAddBytes is the hot path: once for each chunk of 64 KiB.
func BenchmarkAddBytes(b *testing.B) {
	tr := New()
	tr.Plan([]Task{{ID: 1, Phase: Data, Kind: TableData, Name: "a"}})
	r := tr.Start(1)
	for b.Loop() {
		r.AddBytes(65536)
	}
}

// BenchmarkSnapshot looks at a transfer of 100,000 tasks, almost all of them ended.
func BenchmarkSnapshot(b *testing.B) {
	const tasks = 100_000
	tr := New()
	list := make([]Task, tasks)
	for i := range list {
		list[i] = Task{ID: i, Phase: Data, Kind: TableData, Name: fmt.Sprintf("public.table_%d", i)}
	}
	tr.Plan(list)
	for i := range tasks {
		if r := tr.Start(i); i >= 8 {
			r.Done(1, nil)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		tr.Snapshot()
	}
}
