package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/plan"
	"pgsluice/stages"
)

// bytesOf is so many bytes that can be told from others.
func bytesOf(task, size int) []byte {
	b := make([]byte, size)
	rng := rand.New(rand.NewPCG(uint64(task), 1))
	for i := range b {
		b[i] = byte('a' + rng.IntN(26))
	}
	return b
}

func taskNo(id int) *plan.Task { return &plan.Task{ID: id, Kind: plan.Rows, Name: fmt.Sprint("t", id)} }

// feed brings a block.
func feed(ctx context.Context, in *intake, t *plan.Task, content []byte) error {
	b := in.begin(ctx, t)
	err := b.readFrom(bytes.NewReader(content))
	if err == nil {
		err = b.finish()
	}
	return err
}

// One reader, and blocks that fill all memory before and behind a large one: nobody waits for ever, all bytes come, and never more than the
// bound, and what is on its way, is held.
func TestIntakeIsBoundedAndGoesOn(t *testing.T) {
	t.Parallel()
	const most = 4 * stages.ChunkBytes
	sizes := []int{10, 3 * stages.ChunkBytes, 0, stages.ChunkBytes, stages.ChunkBytes - 1, stages.ChunkBytes + 1, 30 * stages.ChunkBytes, 5, 40000, 40000, 40000, 40000, 9 * stages.ChunkBytes}
	for _, readers := range []int{1, 2, 4} {
		in := newIntake(most)
		arrived := make(chan int, len(sizes))
		largest := int64(0)
		var feeding, reading sync.WaitGroup
		feeding.Go(func() {
			defer close(arrived)
			for id, size := range sizes {
				b := in.begin(t.Context(), taskNo(id))
				told := false
				tell := func() {
					if !told {
						told = true
						arrived <- id
					}
				}
				content := bytesOf(id, size)
				for len(content) > 0 {
					n := min(len(content), 7000)
					if _, err := b.Write(content[:n]); err != nil {
						t.Error(err)
					}
					content = content[n:]
					in.mu.Lock()
					largest = max(largest, in.held)
					in.mu.Unlock()
					if in.block(b.task) != nil {
						tell()
					}
				}
				if err := b.finish(); err != nil {
					t.Error(err)
				}
				tell()
			}
		})
		for range readers {
			reading.Go(func() {
				for id := range arrived {
					task := taskNo(id)
					r, err := in.block(task).open(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					got, err := io.ReadAll(iotest.HalfReader(r))
					if err != nil || !bytes.Equal(got, bytesOf(id, sizes[id])) {
						t.Errorf("block %d: %d bytes of %d, error %v", id, len(got), sizes[id], err)
					}
					_ = r.Close()
					in.drop(task)
				}
			})
		}
		feeding.Wait()
		reading.Wait()
		if largest > most+stages.ChunkBytes {
			t.Errorf("%d readers: %d bytes were held, %d are the most", readers, largest, most)
		}
		if in.held != 0 {
			t.Errorf("%d readers: %d bytes are still held", readers, in.held)
		}
	}
}

// With one reader that takes the large block first, whose rest finds the memory full of blocks that wait for the reader, the large one
// goes on.
func TestIntakeLetsTheOnlyReaderGoOn(t *testing.T) {
	t.Parallel()
	in := newIntake(4 * stages.ChunkBytes)
	for id := range 3 {
		if err := feed(t.Context(), in, taskNo(id), bytesOf(id, stages.ChunkBytes-10)); err != nil {
			t.Fatal(err)
		}
	}
	big := taskNo(9)
	content := bytesOf(9, 20*stages.ChunkBytes)
	done := make(chan error, 1)
	go func() { done <- feed(t.Context(), in, big, content) }()
	if !pgtest.Poll(patience, func() bool { return in.block(big) != nil }) {
		t.Fatal("the large block does not begin to come")
	}
	r, err := in.block(big).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What was read is read again as long as memory has it, and then no more.
func TestBlockIsReadAgainWhileItIsInMemory(t *testing.T) {
	t.Parallel()
	in := newIntake(4 * stages.ChunkBytes)
	small, content := taskNo(1), bytesOf(1, 2*stages.ChunkBytes)
	if err := feed(t.Context(), in, small, content); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r, err := in.block(small).open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes, error %v", len(got), err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- feed(t.Context(), in, taskNo(2), bytesOf(2, 4*stages.ChunkBytes)) }()
	evicted := func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return in.blocks[small.ID].kept > 0
	}
	if !pgtest.Poll(patience, evicted) {
		t.Fatal("what was read is kept although there is no room")
	}
	if _, err := in.block(small).open(t.Context()); !errors.Is(err, errGone) {
		t.Error(err)
	}
	r, err := in.block(taskNo(2)).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Who waits hears of the end, whatever it is, and an error comes behind the bytes before it and is no end.
func TestBlockEnds(t *testing.T) {
	t.Parallel()
	broken := errors.New("the archive is broken")
	in := newIntake(2 * stages.ChunkBytes)
	b := in.begin(t.Context(), taskNo(1))
	if _, err := b.Write(bytesOf(1, stages.ChunkBytes)); err != nil {
		t.Fatal(err)
	}
	r, err := b.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		n, err := io.Copy(io.Discard, r)
		if n != stages.ChunkBytes {
			t.Errorf("%d bytes before the error", n)
		}
		got <- err
	}()
	b.fail(broken)
	if err := <-got; !errors.Is(err, broken) {
		t.Error(err)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	b = in.begin(t.Context(), taskNo(2))
	if _, err := b.Write(bytesOf(2, stages.ChunkBytes)); err != nil {
		t.Fatal(err)
	}
	if r, err = b.open(ctx); err != nil {
		t.Fatal(err)
	}
	go func() { _, err := io.Copy(io.Discard, r); got <- err }()
	cancel(broken)
	if err := <-got; !errors.Is(err, broken) {
		t.Error(err)
	}

	full := make(chan error, 1)
	waiting := taskNo(3)
	go func() { full <- feed(t.Context(), in, waiting, bytesOf(3, 9*stages.ChunkBytes)) }()
	if !pgtest.Poll(patience, func() bool { return in.block(waiting) != nil }) {
		t.Fatal("the third block does not begin to come")
	}
	in.drop(waiting)
	if err := <-full; !errors.Is(err, errUnwanted) {
		t.Error(err)
	}
	if err := feed(ctx, in, taskNo(4), bytesOf(4, stages.ChunkBytes)); !errors.Is(err, broken) {
		t.Error(err)
	}
}

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

// The shares of a block are together its rows, each once, in whole rows, and the same ones each time, however the bytes come.
func TestSharesOfABlock(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var rows []string
	for total := 0; total < 7*stripeBytes; {
		size := rng.IntN(3000)
		if rng.IntN(800) == 0 {
			size = 2*stripeBytes + rng.IntN(stripeBytes) // longer than a stripe
		}
		rows = append(rows, strings.Repeat(string(rune('a'+rng.IntN(26))), size)+"\n")
		total += size + 1
	}
	// one that ends where a stripe does
	length := 0
	for _, row := range rows {
		length += len(row)
	}
	rows = append(rows, strings.Repeat("z", stripeBytes-length%stripeBytes-1)+"\n", "last\n")
	content := []byte(strings.Join(rows, ""))
	for _, shares := range []int{1, 2, 3, 8} {
		var former [][]byte
		for range 2 {
			in := newIntake(4 << 20)
			fed := make(chan error, 1)
			go func() { fed <- feed(t.Context(), in, taskNo(1), content) }()
			if !pgtest.Poll(patience, func() bool { return in.block(taskNo(1)) != nil }) {
				t.Fatal("nothing comes")
			}
			readers, err := in.block(taskNo(1)).inShares(shares)
			if err != nil {
				t.Fatal(err)
			}
			got := make([][]byte, shares)
			var reading sync.WaitGroup
			for i, r := range readers {
				reading.Go(func() {
					var err error
					if got[i], err = io.ReadAll(r.open(t.Context())); err != nil {
						t.Error(err)
					}
				})
			}
			reading.Wait()
			if err := <-fed; err != nil {
				t.Fatal(err)
			}
			left := map[string]int{}
			for _, row := range rows {
				left[row]++
			}
			for i, share := range got {
				if len(share) > 0 && share[len(share)-1] != '\n' {
					t.Errorf("share %d of %d ends within a row", i, shares)
				}
				for _, row := range strings.SplitAfter(string(share), "\n") {
					if row != "" {
						left[row]--
					}
				}
				if len(former) > 0 && !bytes.Equal(share, former[i]) {
					t.Errorf("share %d of %d has other rows than before", i, shares)
				}
				if (len(share) == 0 || len(share) > 3*len(content)/4) && (shares == 2 || shares == 3) {
					t.Errorf("share %d of %d has %d bytes of %d", i, shares, len(share), len(content))
				}
			}
			for row, n := range left {
				if n != 0 {
					t.Fatalf("%d shares: a row of %d bytes is there %d times too few", shares, len(row), n)
				}
			}
			former = got
		}
	}
}
