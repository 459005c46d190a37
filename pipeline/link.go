package pipeline

import (
	"io"
	"sync"
)

// gate lets one call at a time through, and none after it was shut. It is how the pipeline knows that
// nothing of a stage is still inside Read or Write.
type gate struct {
	mu     sync.Mutex // held during a Read or Write
	closed bool
}

// tryShut closes the gate unless a call is inside.
func (g *gate) tryShut() bool {
	if !g.mu.TryLock() {
		return false
	}
	g.closed = true
	g.mu.Unlock()
	return true
}

// shut closes the gate after waiting for a call inside.
func (g *gate) shut() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
}

// input is the reader of a stage: the right end of a link.
type input struct {
	gate
	node *node
	pipe *io.PipeReader // nil: the empty input of the first stage
}

// Read implements io.Reader. It returns io.EOF only in a pipeline that has not failed.
func (r *input) Read(p []byte) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.node.line
	switch {
	case r.closed:
		err = errReturned
	case r.pipe == nil:
		err = io.EOF
	case len(p) > 0: // an empty Read would wait for bytes
		r.node.waitIn.start(l.now())
		n, err = r.pipe.Read(p)
		r.node.waitIn.stop(l.now())
		r.node.bytesIn.Add(int64(n))
	}
	if n == 0 {
		err = l.cause(err)
	}
	return n, err
}

// probe is law 3: it waits until the left-hand stage has ended, or finds a byte that nobody read.
func (r *input) probe() error {
	if r.pipe == nil {
		return nil
	}
	n, err := r.pipe.Read(make([]byte, 1))
	switch {
	case n > 0:
		return ErrUnreadInput
	case err == io.EOF: //nolint:errorlint // io.Pipe returns it bare
		return nil
	}
	return err
}

// sever breaks the link on both sides. What Read and Write return then is the recorded failure,
// whichever error the io.Pipe gives.
func (r *input) sever(err error) {
	if r.pipe != nil {
		_ = r.pipe.CloseWithError(err)
	}
}

// output is the writer of a stage: the left end of a link, with the taps on it.
type output struct {
	gate
	node *node
	taps []*node
	pipe *io.PipeWriter // nil: nothing follows the last stage
}

// Write implements io.Writer. It returns when the taps have seen p and the right-hand stage has
// read all of it.
func (w *output) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.node.line
	switch {
	case w.closed:
		return 0, l.cause(errReturned)
	case len(p) == 0:
		return 0, l.cause(nil) // an empty write must not wake the reader: it would read 0, nil
	case w.pipe == nil:
		l.fail(w.node, errRefused, nil) // at once, lest the stage overlook it
		return 0, l.cause(nil)
	}

	w.node.waitOut.start(l.now())
	defer func() { w.node.waitOut.stop(l.now()) }() // deferred for a tap that calls Goexit
	for _, tap := range w.taps {
		if err := tap.see(p); err != nil {
			return 0, err
		}
	}
	n, err = w.pipe.Write(p)
	w.node.bytesOut.Add(int64(n))
	if err != nil {
		err = l.cause(err)
	}
	return n, err
}

// end lets the right-hand stage read io.EOF.
func (w *output) end() {
	if w.pipe != nil {
		_ = w.pipe.Close()
	}
}

// see shows p to a tap. Its failure is recorded before the stage that writes hears of it.
func (n *node) see(p []byte) (err error) {
	l := n.line
	n.tapping.start(l.now())
	guard(
		// The cap is cut, so that an append of the tap can't write into the buffer behind p.
		func() error { return n.stage.Tap(n.ctx, p[:len(p):len(p)]) },
		func(failed error, stack []byte) {
			n.tapping.stop(l.now())
			if failed != nil {
				l.fail(n, failed, stack)
				err = l.cause(nil)
				return
			}
			n.bytesIn.Add(int64(len(p)))
			n.bytesOut.Add(int64(len(p)))
		},
	)
	return err
}
