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

// BenchmarkSnapshot looks at a transfer of 100,000 tasks: half of them have ended, eight are in work, the others wait.
func BenchmarkSnapshot(b *testing.B) {
	const tasks = 100_000
	tr := New()
	list := make([]Task, tasks)
	for i := range list {
		list[i] = Task{ID: i, Phase: Data, Kind: TableData, Name: fmt.Sprintf("public.table_%d", i), Bytes: 1000, Rows: 10}
	}
	tr.Plan(list)
	for i := range tasks / 2 {
		r := tr.Start(i)
		r.AddBytes(1100)
		r.AddRows(5)
		if i >= 8 {
			r.Done(11, nil)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		tr.Snapshot()
	}
}
