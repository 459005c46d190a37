package transfer

import (
	"testing"

	"pgsluice/internal/plan"
	"pgsluice/stages"
)

// Where room is needed, what copiers have taken goes; a block that was dropped before has nothing to give.
func TestIntakeEvicts(t *testing.T) {
	t.Parallel()
	for range 50 { // the blocks are looked at in any order
		in := newIntake(2 * stages.ChunkBytes)
		fill := func(id, chunks int) *block {
			b := in.begin(t.Context(), &plan.Task{ID: id})
			if n, err := b.Write(make([]byte, chunks*stages.ChunkBytes)); n != chunks*stages.ChunkBytes || err != nil {
				t.Fatalf("block %d: %d bytes, error %v", id, n, err)
			}
			return b
		}
		dropped := fill(1, 2)
		dropped.taken = 2
		in.drop(dropped.task)
		if in.held != 0 {
			t.Fatalf("%d bytes are held of a block that was dropped", in.held)
		}
		taken := fill(2, 1)
		taken.taken = 1
		fill(3, 2)
		if in.held != 2*stages.ChunkBytes || taken.kept != 1 {
			t.Fatalf("%d bytes are held, %d chunks are gone", in.held, taken.kept)
		}
	}
}
