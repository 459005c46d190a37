package transfer

import (
	"context"
	"sync"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/plan"
)

// binder writes an archive's data blocks, one after the other. [archive.Writer] is one.
type binder interface {
	Begin(e *archive.Entry) error
	BeginObject(oid uint32) error
	Append(s archive.Segment) error
	EndObject() error
	End() error
	Close() error
}

// assembly puts what several readers bring into one stream of data blocks, in the order of the table of contents.
//
// The blocks are cut into turns, of which one is current. What belongs to the current turn is written at once, by the reader
// that brings it; the parts of one table in whatever order their segments come. What belongs to a later turn is held, within a
// budget that all share: a reader whose piece finds no room waits. Nobody waits for the budget in the current turn, and
// readers take their parts in the order of the turns, so the current turn always has its readers: it gets on, and with it all.
type assembly struct {
	to binder
	// room is how many bytes of later turns may be held.
	room int
	// wrote is told how much was written.
	wrote func(bytes int)

	mu      sync.Mutex
	changed *sync.Cond // with mu: something was written, or has failed
	turns   []*turn
	now     int // the current turn; len(turns) at the end
	writing bool
	held    int
	err     error // the first of to: nothing more is written
}

// turn is a stretch of a data block: a table's rows, or some large objects.
type turn struct {
	entry       *archive.Entry
	first, last bool // of the turns of its entry
	open        int  // parts that have not ended
	// within is the part whose last piece ended within a row: the rest must follow it.
	within *portion
	held   []piece // before its turn
}

// portion is one part's way into the assembly. It is for one goroutine.
type portion struct {
	turn int
	// waited is for how long it was held back because it came early, and bound for how long it was written or waited for
	// others of its turn to be.
	waited, bound time.Duration
}

// piece is what is written without another in between.
type piece struct {
	object  uint32 // a large object that begins with it
	segment archive.Segment
	within  bool // it ends within a row
	ends    bool // a large object ends with it
	// from is whose memory the segment is; it gets it back. nil if nobody's.
	from *archive.Segmenter
}

// empty says that there is nothing to write but the beginning or the end of a large object.
func (p piece) empty() bool { return p.segment.RawBytes() == 0 }

// pieceOverhead is what a piece takes beside its bytes: millions of small large objects are not free.
const pieceOverhead = 128

func (p piece) size() int { return p.segment.Bytes() + pieceOverhead }

// newAssembly makes the turns of an archive: those of the entries with contents, each entry's tasks standing together, and
// of the entries that turned out to have none. It gives the turn of each task, by its ID.
func newAssembly(to binder, toc *archive.TOC, tasks []*plan.Task) (a *assembly, turnOf []int) {
	a = &assembly{to: to}
	a.changed = sync.NewCond(&a.mu)
	turnOf = make([]int, len(tasks))
	for i := range toc.Entries {
		e := &toc.Entries[i]
		if !e.HadDumper {
			continue
		}
		begun := len(a.turns)
		for len(tasks) > 0 && tasks[0].Entry.DumpID == e.DumpID {
			t := tasks[0]
			if tasks = tasks[1:]; len(a.turns) == begun || t.Kind == plan.LargeObjects {
				a.turns = append(a.turns, &turn{entry: e})
			}
			a.turns[len(a.turns)-1].open++
			turnOf[t.ID] = len(a.turns) - 1
		}
		if len(a.turns) == begun {
			a.turns = append(a.turns, &turn{entry: e})
		}
		a.turns[begun].first, a.turns[len(a.turns)-1].last = true, true
	}
	return a, turnOf
}

// begin begins the first turn, and ends those that nothing belongs to.
func (a *assembly) begin() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writing = true
	a.enter()
	a.writing = false
	return a.err
}

// put writes a piece, or holds it until its turn.
func (a *assembly) put(ctx context.Context, in *portion, p piece) error {
	began := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	defer context.AfterFunc(ctx, a.changed.Broadcast)()
	early := false // when last looked
	for since := began; ; a.changed.Wait() {
		now := time.Now()
		if early {
			in.waited += now.Sub(since)
		} else {
			in.bound += now.Sub(since)
		}
		since = now
		t := a.turns[in.turn]
		free := t.within == nil || t.within == in
		switch early = in.turn > a.now; {
		case a.err != nil:
			return a.err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !free:
		case early && (a.held+p.size() <= a.room || a.held == 0):
			a.held += p.size()
			if !p.empty() {
				p.segment, p.from = p.from.Hold(p.segment), nil
			}
			t.held = append(t.held, p)
			t.keep(in, p)
			return nil
		case !early && !a.writing:
			t.keep(in, p)
			a.alone(func() error { return a.write(p) })
			in.bound += time.Since(now)
			return a.err
		}
	}
}

// keep reserves the turn for the rest of a row.
func (t *turn) keep(in *portion, p piece) {
	t.within = nil
	if p.within {
		t.within = in
	}
}

// end says that all of a part has been put. Who ends the last part of the current turn begins the next one.
func (a *assembly) end(ctx context.Context, in *portion) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer context.AfterFunc(ctx, a.changed.Broadcast)()
	began := time.Now()
	for in.turn == a.now && a.writing && a.err == nil && ctx.Err() == nil {
		a.changed.Wait()
	}
	in.bound += time.Since(began)
	if a.err == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	a.turns[in.turn].open--
	if in.turn == a.now && a.turns[in.turn].open == 0 && a.err == nil {
		a.writing = true
		a.leave()
		a.enter()
		a.writing = false
		a.changed.Broadcast()
	}
	return a.err
}

// enter begins the turn that is current and writes what was held for it, and so on as long as that was all of it. The caller
// holds mu, and has set writing.
func (a *assembly) enter() {
	for a.now < len(a.turns) && a.err == nil {
		t := a.turns[a.now]
		if t.first {
			a.unlocked(func() error { return a.to.Begin(t.entry) })
		}
		for len(t.held) > 0 && a.err == nil {
			p := t.held[0]
			t.held = t.held[1:]
			a.unlocked(func() error { return a.write(p) })
			a.held -= p.size()
			a.changed.Broadcast()
		}
		t.held = nil
		if t.open > 0 {
			return
		}
		a.leave()
	}
}

// leave ends the current turn. The caller holds mu, and has set writing.
func (a *assembly) leave() {
	t := a.turns[a.now]
	a.unlocked(func() error {
		if t.last {
			return a.to.End()
		}
		return nil
	})
	if a.err == nil {
		a.now++
	}
}

// alone writes something with writing set. The caller holds mu.
func (a *assembly) alone(write func() error) {
	a.writing = true
	a.unlocked(write)
	a.writing = false
	a.changed.Broadcast()
}

// unlocked writes something without mu, so that others can bring what is not to be written yet.
func (a *assembly) unlocked(write func() error) {
	if a.err != nil {
		return
	}
	a.mu.Unlock()
	err := write()
	a.mu.Lock()
	if err != nil && a.err == nil {
		a.err = &outputError{err}
	}
}

func (a *assembly) write(p piece) error {
	if p.object != 0 {
		if err := a.to.BeginObject(p.object); err != nil {
			return err
		}
	}
	if !p.empty() {
		if err := a.to.Append(p.segment); err != nil {
			return err
		}
		a.wrote(p.segment.Bytes())
		if p.from != nil {
			p.from.Recycle(p.segment)
		}
	}
	if p.ends {
		return a.to.EndObject()
	}
	return nil
}

// outputError is an error of what a dump is written to.
type outputError struct{ err error }

func (e *outputError) Error() string { return e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }
