package transfer

import (
	"context"
	"errors"
	"sync"

	"pgsluice/internal/plan"
	"pgsluice/stages"
)

// intake holds what has come of a stream and has not been loaded for good: the blocks, each for one task, within one bound of memory.
//
// Bytes that a copier has taken stay as long as there is room, so that a block whose connection was lost can be sent again. When the feeder
// needs room, those go first; then it waits for the copiers. One chunk of a block whose copier has nothing left is always
// let in: else the blocks that wait for a copier could keep the only one waiting.
type intake struct {
	mu      sync.Mutex
	changed *sync.Cond
	board   *board
	blocks  map[int]*block // by task, from its first bytes to the task's end
	most    int64          // bytes
	held    int64
	spare   [][]byte // chunks to use again
}

func newIntake(most int64) *intake {
	in := &intake{blocks: map[int]*block{}, most: most}
	in.changed = sync.NewCond(&in.mu)
	return in
}

// wake has all who wait look again at what they wait for.
func (in *intake) wake() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.changed.Broadcast()
}

func (in *intake) block(t *plan.Task) *block {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.blocks[t.ID]
}

// begin makes room for a block that comes. Its task is given to the board with its first bytes.
func (in *intake) begin(ctx context.Context, t *plan.Task) *block {
	return &block{intake: in, ctx: ctx, task: t}
}

// drop forgets the block of a task that has ended. The feeder leaves out what still comes of it.
func (in *intake) drop(t *plan.Task) {
	in.mu.Lock()
	defer in.mu.Unlock()
	b := in.blocks[t.ID]
	if b == nil || b.unwanted {
		return
	}
	b.unwanted = true
	for _, chunk := range b.chunks {
		in.free(chunk)
	}
	b.chunks, b.kept, b.taken = nil, 0, 0
	in.changed.Broadcast()
}

// free takes a chunk's memory back. The caller holds mu.
func (in *intake) free(chunk []byte) {
	if chunk == nil {
		return
	}
	in.held -= int64(cap(chunk))
	if cap(chunk) == stages.ChunkBytes && len(in.spare) < sparedChunks {
		in.spare = append(in.spare, chunk[:0])
	}
}

// sparedChunks are kept for the next ones: as many as are on their way at the same time.
const sparedChunks = 16

// chunk gives an empty one.
func (in *intake) chunk() []byte {
	in.mu.Lock()
	defer in.mu.Unlock()
	if n := len(in.spare); n > 0 {
		chunk := in.spare[n-1]
		in.spare = in.spare[:n-1]
		return chunk
	}
	return make([]byte, 0, stages.ChunkBytes)
}

// evict frees bytes that copiers have taken, and reports whether there were any. The caller holds mu.
func (in *intake) evict(need int64) bool {
	for _, b := range in.blocks {
		if !b.long || b.unwanted {
			continue // one that is in one chunk is read by a copier that needs nothing more
		}
		for ; b.kept < b.taken && in.held+need > in.most; b.kept++ {
			in.free(b.chunks[b.kept])
			b.chunks[b.kept] = nil
		}
	}
	return in.held+need <= in.most
}

// errUnwanted says that nobody wants the rest of a block.
var errUnwanted = errors.New("nobody wants the rest of the block")
