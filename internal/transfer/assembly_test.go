package transfer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/plan"
	"pgsluice/pipeline"
)

// bound keeps what an assembly writes, as text. wait, if there is one, is called before each write.
type bound struct {
	text strings.Builder
	wait func()
	err  error
}

func (b *bound) add(format string, args ...any) error {
	if b.wait != nil {
		b.wait()
	}
	fmt.Fprintf(&b.text, format, args...)
	return b.err
}

func (b *bound) Begin(e *archive.Entry) error   { return b.add("<%d ", e.DumpID) }
func (b *bound) BeginObject(oid uint32) error   { return b.add("[%d ", oid) }
func (b *bound) Append(s archive.Segment) error { return b.add("%s", s.Compressed()) }
func (b *bound) EndObject() error               { return b.add("]") }
func (b *bound) End() error                     { return b.add(">") }
func (b *bound) Close() error                   { return nil }
func (b *bound) lines() (blocks map[string]string, order []string) {
	blocks = map[string]string{}
	for _, block := range strings.Split(strings.TrimSuffix(b.text.String(), ">"), ">") {
		id, rows, _ := strings.Cut(strings.TrimPrefix(block, "<"), " ")
		blocks[id], order = rows, append(order, id)
	}
	return blocks, order
}

// parted is a table of contents with one table for each number, which is how many parts it has; 0 is of large objects without any.
func parted(parts ...int) (*archive.TOC, []*plan.Task) {
	toc := &archive.TOC{}
	for i := range parts {
		toc.Entries = append(toc.Entries, archive.Entry{DumpID: i + 1, HadDumper: true, Desc: "TABLE DATA", Tag: fmt.Sprint("t", i+1)})
	}
	var tasks []*plan.Task
	for i, n := range parts {
		for range n {
			tasks = append(tasks, &plan.Task{ID: len(tasks), Entry: &toc.Entries[i], Kind: plan.Rows})
		}
	}
	return toc, tasks
}

func stored(t *testing.T) *archive.Segmenter {
	t.Helper()
	s, err := archive.NewSegmenter(archive.Compression{}, archive.FormatCustom)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newTestAssembly(to binder, toc *archive.TOC, tasks []*plan.Task) (*assembly, []int) {
	a, turnOf := newAssembly(to, toc, tasks)
	a.room, a.wrote = 1<<10, func(int) {}
	return a, turnOf
}

// pack sends text through a packer, in chunks of any size.
func pack(ctx context.Context, k *packer, text string) error {
	var count int64
	source := pipeline.Stage{Name: "copy-out", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
		for rest := text; rest != ""; {
			n := min(len(rest), 1+rand.IntN(40))
			if _, err := io.WriteString(w, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	}}
	_, err := pipeline.Run(ctx, source, k.rows("compress", &count))
	if want := int64(strings.Count(text, "\n")); err == nil && count != want {
		err = fmt.Errorf("%d rows counted, want %d", count, want)
	}
	return err
}

// Several readers, with little room for what comes early: blocks come in order, each with all of its rows, and no row is torn.
func TestAssembly(t *testing.T) {
	t.Parallel()
	toc, tasks := parted(1, 5, 0, 1, 1, 7, 0, 2, 1, 1, 0)
	to := &bound{wait: func() {
		if rand.IntN(20) == 0 {
			runtime.Gosched()
		}
	}}
	a, turnOf := newTestAssembly(to, toc, tasks)
	rows := func(task int) (text string) {
		for i := range 60 {
			text += fmt.Sprintf("%d:%d:%s\n", task, i, strings.Repeat("x", i*i%97))
		}
		return text
	}
	if err := a.begin(); err != nil {
		t.Fatal(err)
	}
	var next atomic.Int64
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			buf, segmenter := make([]byte, 0, 64), stored(t)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(tasks) {
					return
				}
				k := newPacker(a, turnOf[i], segmenter, buf)
				if err := pack(t.Context(), k, rows(i)); err != nil {
					t.Error(err)
				}
				if err := a.end(t.Context(), &k.in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Wait()
	blocks, order := to.lines()
	if got, want := strings.Join(order, " "), "1 2 3 4 5 6 7 8 9 10 11"; got != want {
		t.Fatalf("blocks %s, want %s", got, want)
	}
	got := map[string]int{}
	for _, block := range blocks {
		for line := range strings.Lines(block) {
			got[line]++
		}
	}
	for i, task := range tasks {
		for line := range strings.Lines(rows(i)) {
			if got[line] != 1 || !strings.Contains(blocks[fmt.Sprint(task.Entry.DumpID)], line) {
				t.Fatalf("%d times row %q", got[line], line)
			}
			delete(got, line)
		}
	}
	if len(got) > 0 || a.held != 0 {
		t.Errorf("torn rows: %q; %d bytes are held", got, a.held)
	}
}

// A part that is read again gives only what it had not given; if it comes otherwise, that is an error.
func TestPackAgain(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a row of some length\n", 20) + strings.Repeat("y", 300) + "\n"
	for _, c := range []struct {
		name, again string
		fails       bool
	}{
		{"the same", text, false},
		{"another", strings.Replace(text, "some", "none", 1), true},
		{"shorter", text[:21], true},
	} {
		t.Run(c.name, func(t *testing.T) {
			toc, tasks := parted(1)
			to := &bound{}
			a, _ := newTestAssembly(to, toc, tasks)
			if err := a.begin(); err != nil {
				t.Fatal(err)
			}
			k := newPacker(a, 0, stored(t), make([]byte, 0, 64))
			lost := errors.New("lost")
			for cut := range len(text) { // the connection is lost at each byte
				var n int64
				source := pipeline.Stage{Name: "copy-out", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
					if _, err := io.WriteString(w, text[:cut]); err != nil {
						return err
					}
					return lost
				}}
				if _, err := pipeline.Run(t.Context(), source, k.rows("compress", &n)); !errors.Is(err, lost) {
					t.Fatalf("cut at %d: %v", cut, err)
				}
			}
			err := pack(t.Context(), k, c.again)
			switch {
			case c.fails && !errors.Is(err, errOtherwise):
				t.Errorf("error %v", err)
			case !c.fails && err != nil:
				t.Error(err)
			case !c.fails && to.text.String() != "<1 "+text:
				t.Errorf("written %q", to.text.String())
			}
		})
	}
}

// Large objects too, and each begins and ends once.
func TestPackObjectsAgain(t *testing.T) {
	t.Parallel()
	objects := []struct {
		oid      uint32
		contents string
	}{{7, "one"}, {8, ""}, {9, strings.Repeat("long ", 40)}, {10, ""}, {11, "x"}}
	var frames bytes.Buffer
	want := "<1 "
	for _, o := range objects {
		for at := 0; at == 0 || at < len(o.contents); at += 60 {
			if err := writeFrame(&frames, o.oid, int64(at), []byte(o.contents[at:min(at+60, len(o.contents))])); err != nil {
				t.Fatal(err)
			}
		}
		want += fmt.Sprintf("[%d %s]", o.oid, o.contents)
	}
	if err := writeFrame(&frames, 0, 0, nil); err != nil {
		t.Fatal(err)
	}
	toc, tasks := parted(1)
	tasks[0].Kind = plan.LargeObjects
	to := &bound{}
	a, _ := newTestAssembly(to, toc, tasks)
	if err := a.begin(); err != nil {
		t.Fatal(err)
	}
	k := newPacker(a, 0, stored(t), make([]byte, 0, 64))
	for cut := range frames.Len() {
		source := pipeline.Stage{Name: "copy-out", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
			if _, err := w.Write(frames.Bytes()[:cut]); err != nil {
				return err
			}
			return errors.New("lost")
		}}
		if _, err := pipeline.Run(t.Context(), source, k.objects("compress")); err == nil {
			t.Fatalf("cut at %d: no error", cut)
		}
	}
	source := pipeline.Stage{Name: "copy-out", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
		_, err := w.Write(frames.Bytes())
		return err
	}}
	if _, err := pipeline.Run(t.Context(), source, k.objects("compress")); err != nil {
		t.Fatal(err)
	}
	if got := to.text.String(); got != want {
		t.Errorf("written %q, want %q", got, want)
	}
}

// A reader that waits for room, or for another in the middle of a row, ends with its context and with the output's error.
func TestAssemblyEnds(t *testing.T) {
	t.Parallel()
	toc, tasks := parted(1, 1)
	full := errors.New("no space left")
	to := &bound{}
	a, turnOf := newTestAssembly(to, toc, tasks)
	if err := a.begin(); err != nil {
		t.Fatal(err)
	}
	early := newPacker(a, turnOf[1], stored(t), make([]byte, 0, 64))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := pack(ctx, early, strings.Repeat("early\n", 1000)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
	waiting := make(chan error)
	go func() {
		waiting <- pack(t.Context(), newPacker(a, turnOf[1], stored(t), make([]byte, 0, 64)), strings.Repeat("early\n", 1000))
	}()
	to.err = full
	var wrote *outputError
	now := newPacker(a, turnOf[0], stored(t), make([]byte, 0, 64))
	if err := pack(t.Context(), now, "now\n"); !errors.As(err, &wrote) || !errors.Is(err, full) {
		t.Errorf("full: %v", err)
	}
	if err := <-waiting; !errors.Is(err, full) {
		t.Errorf("who waited: %v", err)
	}
	if err := a.end(t.Context(), &now.in); !errors.Is(err, full) {
		t.Errorf("the end: %v", err)
	}
}

// writeFrame writes a piece as stages.LargeObjectsOut does.
func writeFrame(w io.Writer, oid uint32, position int64, contents []byte) error {
	frame := binary.BigEndian.AppendUint32(nil, oid)
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(contents)))
	frame = binary.BigEndian.AppendUint64(frame, uint64(position))
	_, err := w.Write(append(frame, contents...))
	return err
}
