package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon/client"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/progress"
	"pgsluice/internal/report"
)

// followTransfer shows a daemon's transfer on stderr as the terminal of a copy does, until its end. Its error is the transfer's.
func followTransfer(ctx context.Context, c *cli.Context, r *remote, t *work.Transfer) error {
	outliveReaders()
	con := consoleOf(c)
	f := &follower{mode: progressMode(c, con), con: con, latest: *t, stop: func() {}, begun: make(chan struct{})}
	f.begin = sync.OnceFunc(func() { close(f.begun) })
	ctx, broken := context.WithCancelCause(ctx)
	defer broken(nil)
	if f.mode != progressJSON && f.mode != progressNone {
		feed := progress.FeedOf(f.replay.Snapshot, progress.Tick)
		// without ctx's end: what has come should be seen
		stopWatching := watch(context.WithoutCancel(ctx), feed, con, f.mode, 0)
		f.stop = sync.OnceFunc(func() {
			feed.Close()
			con.hurry(unread)
			stopWatching()
			con.Show(nil)
		})
	}
	defer f.stop()
	var streams sync.WaitGroup
	streams.Go(func() {
		defer f.begin()
		for e, err := range r.Events(ctx, t.ID, 0) {
			if err == nil {
				err = f.event(e)
			}
			if err != nil {
				broken(err)
				return
			}
		}
	})
	streams.Go(func() {
		<-f.begun // what runs now counts from its start
		for l, err := range r.Live(ctx, t.ID) {
			if err == nil {
				err = f.live(l)
			}
			if err != nil {
				broken(err)
				return
			}
		}
	})
	streams.Wait()
	f.stop()
	if err := context.Cause(ctx); err != nil {
		return leftBehind(err, r, t.ID)
	}
	return f.outcome(c, r)
}

// follower puts together what two streams tell of a transfer.
type follower struct {
	mode   string
	con    *console
	replay report.Replay
	stop   func()        // the drawing
	begin  func()        // closes begun:
	begun  chan struct{} // the log has told that the transfer has begun, or has ended

	mu     sync.Mutex
	latest work.Transfer
	told   string // the state that was said last
}

// event takes one of the log.
func (f *follower) event(e work.Event) error {
	switch e.Name {
	case work.EventSample: // live, there is more than that
		return nil
	case work.EventState:
		var t work.Transfer
		if err := json.Unmarshal(e.Data, &t); err != nil {
			return fmt.Errorf("event %d: %w", e.Number, err)
		}
		f.mu.Lock()
		f.latest = t
		f.mu.Unlock()
		f.say(&t)
		return nil
	}
	err := f.tell(e.Data)
	if e.Name == "start" {
		f.begin()
	}
	return err
}

func (f *follower) live(l work.Live) error {
	if len(l.Progress) == 0 || bytes.Equal(l.Progress, []byte("null")) {
		return nil
	}
	return f.tell(l.Progress)
}

// tell shows an event of pgsluice help progress, or passes it on.
func (f *follower) tell(event json.RawMessage) error {
	if f.mode != progressJSON {
		return f.replay.Event(event)
	}
	var head struct{ Schema string }
	if err := json.Unmarshal(event, &head); err != nil || head.Schema != report.EventSchema {
		return err // the log has some of the daemon's own
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.con.observer().Write(append(bytes.TrimRight(event, "\n"), '\n'))
	return err
}

// say tells people of states that its progress does not show.
func (f *follower) say(t *work.Transfer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := t.Status()
	if t.Waits != "" {
		text += ": " + t.Waits
	}
	if f.mode == progressJSON || t.State.Final() || text == f.told {
		return
	}
	f.told = text
	say(f.con, t.ID+": "+text)
}

// leftBehind is the error of who stops looking before the end.
func leftBehind(err error, r *remote, id string) error {
	var interrupt *interrupted
	says := "The daemon goes on with " + id + " if it can."
	if errors.As(err, &interrupt) {
		says = "The daemon goes on with " + id + "."
	} else if client.Reached(err) {
		return refusedByDaemon(err)
	}
	return &unfinished{err: err, says: says, steps: []step{
		{"come back", "pgsluice show " + id + " --follow" + r.typed},
		{"cancel", "pgsluice cancel " + id + r.typed},
	}}
}

// outcome says what became of a transfer that has ended, and is the error with its exit code.
func (f *follower) outcome(c *cli.Context, r *remote) error {
	t := f.latest
	if f.mode != progressJSON {
		text := t.ID + ": " + t.Status()
		if moved := totals(t.Totals); moved != "" {
			text += ": " + moved
		}
		if t.Started != nil && t.Ended != nil {
			text += ", in " + brief(t.Ended.Sub(*t.Started))
		}
		if t.File != "" {
			text += "; " + t.File
		}
		say(f.con, text)
	}
	code := f.exitCode(c.Context, r)
	switch {
	case t.Equal != nil && !*t.Equal:
		return &differentError{what: t.ID + ": source and target differ: pgsluice show " + t.ID + " --report" + r.typed + " has the differences"}
	case t.State == work.Canceled:
		return &transferError{t.ID + " was canceled", exitFailed}
	case t.State == work.Failed:
		return &transferError{t.ID + " has failed: " + t.Error, code}
	case code == exitIncomplete:
		return &incompleteError{what: t.ID + " is done, but some objects failed: pgsluice logs " + t.ID + r.typed + " lists them"}
	}
	return nil
}

// exitCode is what the same transfer would have ended with here.
func (f *follower) exitCode(ctx context.Context, r *remote) int {
	var ended struct {
		ExitCode int `json:"exit_code"`
	}
	text, err := r.Report(ctx, f.latest.ID)
	if err == nil {
		err = json.Unmarshal(text, &ended)
	}
	failed := f.latest.State == work.Failed
	switch {
	case err == nil && failed && ended.ExitCode == exitRefused:
		return exitRefused
	case failed:
		return exitFailed
	case err == nil && ended.ExitCode == exitIncomplete:
		return exitIncomplete
	}
	return exitDone
}

// transferError is the end of a daemon's transfer.
type transferError struct {
	what string
	code int
}

func (e *transferError) Error() string { return e.what }

// writeDaemonReport writes the report of a transfer that has ended to where --report says.
func writeDaemonReport(ctx context.Context, w io.Writer, r *remote, id, path string) error {
	if path == "" {
		return nil
	}
	text, err := r.Report(ctx, id)
	if errors.Is(err, work.ErrNotFound) {
		return nil // it never began, so there is nothing to report
	}
	if err != nil {
		return err
	}
	if path == "-" {
		return writeJSON(w, text)
	}
	var b bytes.Buffer
	if err := writeJSON(&b, text); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
