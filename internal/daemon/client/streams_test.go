package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgsluice/internal/daemon/client"
	"pgsluice/internal/daemon/work"
)

// cutting breaks every stream behind so many events.
func cutting(events int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&cutter{ResponseWriter: w, left: events}, r)
		})
	}
}

type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *cutter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "data: ") {
		if c.left == 0 {
			_, _ = c.ResponseWriter.Write(p[:len(p)/2]) // an event that is half there is none
			panic(http.ErrAbortHandler)
		}
		c.left--
	}
	return c.ResponseWriter.Write(p)
}

// TestALogThatBreaksGoesOn: each event comes once, in order, however often the connection is lost.
func TestALogThatBreaksGoesOn(t *testing.T) {
	s, server := serve(t, cutting(2))
	var lost atomic.Int32
	c := dial(t, server.URL, client.Options{Lost: func(error) { lost.Add(1) }})
	if _, err := s.Create(t.Context(), copyProd, "ada"); err != nil {
		t.Fatal(err)
	}
	const news = 5
	for i := range news {
		s.Log("c001", "step", fmt.Appendf(nil, `{"text":"%d"}`, i))
	}
	s.Set("c001", func(t *work.Transfer) { t.State = work.Completed })
	next := uint64(1)
	for e, err := range c.Events(t.Context(), "c001", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Number != next {
			t.Fatalf("event %d, want %d", e.Number, next)
		}
		next++
	}
	if next != news+3 || lost.Load() < 3 {
		t.Errorf("%d events, lost %d times", next-1, lost.Load())
	}
}

// TestAStreamGivesUp: after its patience, with what was wrong; and at once when its reader has enough.
func TestAStreamGivesUp(t *testing.T) {
	_, server := serve(t, nil)
	server.Close()
	c := dial(t, server.URL, client.Options{Patience: time.Millisecond})
	ended := false
	for _, err := range c.All(t.Context()) {
		if ended = true; err == nil || client.Reached(err) {
			t.Errorf("error %v", err)
		}
	}
	if !ended {
		t.Error("it ended without an error")
	}
	ctx, stop := context.WithCancel(t.Context())
	c = dial(t, server.URL, client.Options{Lost: func(error) { stop() }})
	for _, err := range c.All(ctx) {
		t.Errorf("it was told %v after it had gone", err)
	}
}

// TestAStreamOfNothing: of a transfer that is not there, nothing is tried again.
func TestAStreamOfNothing(t *testing.T) {
	_, server := serve(t, nil)
	c := dial(t, server.URL, client.Options{Lost: func(err error) { t.Errorf("lost: %v", err) }})
	n := 0
	for _, err := range c.Live(t.Context(), "c001") {
		if n++; !errors.Is(err, work.ErrNotFound) {
			t.Errorf("error %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d items", n)
	}
}
