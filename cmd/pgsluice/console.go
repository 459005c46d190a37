package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8/cwriter"

	"pgsluice/internal/report"
)

// console is stderr, with a goroutine that alone waits for its reader: what is written to a console is queued, and a
// reader that stands still holds nobody up. It may be used from several goroutines.
//
// Those who write are of three kinds. What is written to the console itself are the few lines that matter, and all of
// them are kept. Logs, whose number nobody knows, have an end: see logs. Observers of the progress, which say what is true
// when they get to it, wait: see observer. Below all lines stand the rows that Show draws.
type console struct {
	out  io.Writer
	file *os.File // out, if it is a terminal

	mu      sync.Mutex
	changed *sync.Cond // with mu: something to do, or something done
	queue   bytes.Buffer
	flying  int                      // bytes that were taken from queue and are not written yet
	busy    bool                     // the goroutine draws or writes
	dropped int                      // log lines since the last notice
	notice  func(dropped int) []byte // the line that says so
	rows    []report.Row
	redraw  bool
	closed  bool
	broken  error // of out; what comes later is lost, like all that nobody reads
	written int64
	moved   time.Time // when something was written last, or begun to be

	// these are the goroutine's own
	drawn []report.Row
	open  bool // out has got a line without its end
}

const (
	// logRoom is what logs may pile up before lines are dropped: some thousand lines, the length of a pager's nap.
	logRoom = 1 << 20
	// observerRoom lets an observer go on while others write, and wait when nothing flows.
	observerRoom = 64 << 10
	// piece is what is written at once: a pipe takes that much whole, and each shows that the reader is alive.
	piece = 4 << 10
)

var errConsoleClosed = errors.New("the console is closed")

// newConsole starts a console on out. The caller calls close at the end.
func newConsole(out io.Writer) *console {
	c := &console{out: out, notice: func(n int) []byte { return []byte("… " + droppedText(n) + "\n") }}
	c.changed = sync.NewCond(&c.mu)
	if f, ok := out.(*os.File); ok && cwriter.IsTerminal(int(f.Fd())) {
		c.file = f
	}
	go c.run()
	return c
}

func droppedText(n int) string {
	if n == 1 {
		return "1 log line was dropped: stderr was not read"
	}
	return fmt.Sprintf("%d log lines were dropped: stderr was not read", n)
}

// sayDropped changes how the missing log lines are told: line makes the line.
func (c *console) sayDropped(line func(dropped int) []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notice = line
}

// Write queues p. It never waits and never fails.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(p)
	return len(p), nil
}

func (c *console) add(p []byte) {
	if c.broken == nil && !c.closed {
		c.queue.Write(p)
		c.changed.Broadcast()
	}
}

// logs is where a log goes: whole lines, queued as long as there is room for them, else dropped and counted. The count is
// said where they are missing.
func (c *console) logs() io.Writer { return logWriter{c} }

type logWriter struct{ c *console }

func (w logWriter) Write(p []byte) (int, error) {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue.Len()+c.flying+len(p) > logRoom {
		c.dropped += bytes.Count(p, []byte{'\n'})
		return len(p), nil
	}
	c.tellDropped()
	c.add(p)
	return len(p), nil
}

func (c *console) tellDropped() {
	if c.dropped > 0 {
		c.add(c.notice(c.dropped))
		c.dropped = 0
	}
}

// observer is where an observer of the progress writes: it waits while much is unread.
func (c *console) observer() io.Writer { return observerWriter{c} }

type observerWriter struct{ c *console }

func (w observerWriter) Write(p []byte) (int, error) {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.queue.Len()+c.flying > observerRoom && c.broken == nil && !c.closed {
		c.changed.Wait()
	}
	switch {
	case c.broken != nil:
		return 0, c.broken
	case c.closed:
		return 0, errConsoleClosed
	}
	c.add(p)
	return len(p), nil
}

// Show draws rows below all lines, in place of those it drew before; none removes them. Only the latest are drawn.
func (c *console) Show(rows []report.Row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil && !slices.Equal(rows, c.rows) {
		c.rows, c.redraw = rows, true
		c.changed.Broadcast()
	}
}

// Size is that of the terminal at this moment, or 80 × 24 if there is none.
func (c *console) Size() (columns, rows int) {
	if c.file != nil {
		if columns, rows, err := cwriter.GetSize(int(c.file.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return helpWidth, 24
}

// showsRows says whether rows stand on the terminal, or are about to.
func (c *console) showsRows() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.rows) > 0
}

// hurry is called when the work is over. A reader who has taken nothing for patience by then is not waited for again.
func (c *console) hurry(patience time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy && time.Since(c.moved) >= patience {
		c.closed = true
		c.changed.Broadcast()
	}
}

// close writes what is queued, and waits for that as long as something moves: it gives up when nothing was read for
// grace, and its goroutine ends with the process then.
func (c *console) close(grace time.Duration) {
	c.Show(nil)
	over := make(chan struct{})
	go func() {
		defer close(over)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.tellDropped()
		for (c.queue.Len() > 0 || c.redraw || c.busy) && c.broken == nil && !c.closed {
			c.changed.Wait()
		}
	}()
	for last := int64(-1); ; {
		c.mu.Lock()
		now := c.written
		c.mu.Unlock()
		if now == last {
			break
		}
		last = now
		timer := time.NewTimer(grace)
		select {
		case <-over:
		case <-timer.C:
			continue
		}
		timer.Stop()
		break
	}
	c.mu.Lock()
	c.closed = true
	c.changed.Broadcast()
	c.mu.Unlock()
	<-over
}
