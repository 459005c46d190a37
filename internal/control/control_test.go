//go:build unix

package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pgsluice/internal/progress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type limiter struct {
	mu  sync.Mutex
	now int64
}

func (l *limiter) Rate() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *limiter) SetRate(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = n
}

// copying is a transfer with two tables that is served.
type copying struct {
	path    string
	tracker *progress.Tracker
	feed    *progress.Feed
	limiter *limiter
	server  *Server
}

// end is what the verb copy does at its end.
func (c *copying) end() {
	c.tracker.Finish()
	c.feed.Close()
	c.server.Close()
}

func serve(t *testing.T) *copying {
	t.Helper()
	dir, err := os.MkdirTemp("", "control") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &copying{path: filepath.Join(dir, "s"), tracker: progress.New(), limiter: &limiter{now: 5}}
	c.tracker.Plan([]progress.Task{
		{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "public.a", Bytes: 100},
		{ID: 2, Phase: progress.Data, Kind: progress.TableData, Name: "public.b", Bytes: 100},
	})
	c.feed = progress.NewFeed(c.tracker, time.Millisecond)
	t.Cleanup(c.feed.Close)
	c.server, err = Listen(t.Context(), c.path, Options{Feed: c.feed, Limiter: c.limiter, Version: "9.9"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := os.Lstat(c.path); err == nil {
			c.server.Close()
		}
	})
	return c
}

func dial(t *testing.T, path string) *Client {
	t.Helper()
	client, err := Dial(path, "1.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestTheSocketIsTheOwnersAndGoesAway(t *testing.T) {
	c := serve(t)
	info, err := os.Lstat(c.path)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Fatalf("the socket: %v, %v", info.Mode(), err)
	}
	c.end()
	if left, _ := os.ReadDir(filepath.Dir(c.path)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Dial(c.path, ""); err == nil || !strings.Contains(err.Error(), "no such socket") {
		t.Errorf("dialling it then: %v", err)
	}
}

// Another file that took the socket's place is not ours to remove.
func TestCloseLeavesWhatIsNotItsOwn(t *testing.T) {
	c := serve(t)
	if err := errors.Join(os.Remove(c.path), os.WriteFile(c.path, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	c.end()
	if text, err := os.ReadFile(c.path); string(text) != "x" {
		t.Errorf("the file is gone: %v", err)
	}
}

func TestListenReplacesOnlyADeadSocket(t *testing.T) {
	c := serve(t)
	dir := filepath.Dir(c.path)
	opt := Options{Feed: c.feed, Limiter: c.limiter}
	file, link, dead := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "dead")
	if err := errors.Join(os.WriteFile(file, []byte("x"), 0o600), os.Symlink(dead, link)); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	for path, want := range map[string]string{
		c.path:                           "another process listens there",
		file:                             "something else than a socket",
		link:                             "something else than a socket",
		dir:                              "something else than a socket",
		filepath.Join(dir, "no", "such"): "no such file or directory",
		filepath.Join(dir, strings.Repeat("x", 200)): "and a socket's has at most",
	} {
		if _, err := Listen(t.Context(), path, opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if target, err := os.Readlink(link); target != dead {
		t.Errorf("the link was changed: %q, %v", target, err)
	}
	again, err := Listen(t.Context(), dead, opt)
	if err != nil {
		t.Fatalf("over a dead socket: %v", err)
	}
	again.Close()
}

func TestRateLimit(t *testing.T) {
	c := serve(t)
	client := dial(t, c.path)
	if old, err := client.SetRate(t.Context(), 20_000_000); old != 5 || err != nil {
		t.Fatalf("old rate %d, %v", old, err)
	}
	if old, err := client.SetRate(t.Context(), 0); old != 20_000_000 || err != nil {
		t.Fatalf("old rate %d, %v", old, err)
	}
	if c.limiter.Rate() != 0 {
		t.Errorf("rate %d", c.limiter.Rate())
	}
}

// Two watch a transfer that warns, fails and ends; each sees all of it, and nothing twice.
func TestFollowSeesTheEnd(t *testing.T) {
	c := serve(t)
	seen := make(chan progress.Snapshot, 2)
	watching := make(chan struct{}, 2)
	for range 2 {
		client := dial(t, c.path)
		go func() {
			var last progress.Snapshot
			if err := client.Follow(t.Context(), func(s progress.Snapshot) {
				if len(s.Warnings) == 1 && len(last.Warnings) == 0 {
					watching <- struct{}{}
				}
				last = s
			}); err != nil {
				t.Error(err)
			}
			seen <- last
		}()
	}
	c.tracker.Warn(progress.Warning{Object: "public.a", Message: "looks odd"})
	<-watching
	<-watching
	c.tracker.Warn(progress.Warning{Object: "public.b", Message: "so does this"})
	c.tracker.Start(1).Done(7, nil)
	c.tracker.Start(2).Fail(errors.New("broken"))
	c.end()
	for range 2 {
		s := <-seen
		if !s.Over || len(s.Warnings) != 2 || s.Warnings[1].Message != "so does this" || len(s.Failures) != 1 ||
			s.Failures[0].Error != "broken" || s.Phases[progress.Data].Done != 1 || len(s.Finished) != 0 {
			t.Errorf("the last snapshot: %+v", s)
		}
	}
}

func TestFollowEndsWithItsContextAndWithTheProcess(t *testing.T) {
	c := serve(t)
	client := dial(t, c.path)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("detached")
	if err := client.Follow(ctx, func(progress.Snapshot) { cancel(cause) }); !errors.Is(err, cause) {
		t.Errorf("cancelled: %v", err)
	}
	c.limiter.SetRate(77)
	if s, err := client.Snapshot(t.Context()); err != nil || s.Over {
		t.Errorf("the transfer did not go on: %v", err)
	}
	err := client.Follow(t.Context(), func(progress.Snapshot) { _ = c.server.http.Close() })
	if !errors.Is(err, ErrGone) {
		t.Errorf("the server went away: %v, want %v", err, ErrGone)
	}
}

// A client that reads nothing delays nobody, and the end does not wait for it.
func TestAClientThatSleeps(t *testing.T) {
	c := serve(t)
	conn, err := net.Dial("unix", c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 20_000 { // more than a socket's buffers hold
		c.tracker.Warn(progress.Warning{Object: fmt.Sprintf("public.t%d", i), Message: strings.Repeat("x", 100)})
	}
	fmt.Fprintf(conn, "GET /snapshot?follow HTTP/1.1\r\nHost: x\r\n%s: %s\r\n\r\n", headerProtocol, protocol())
	one := make([]byte, 1)
	if _, err := io.ReadFull(conn, one); err != nil { // it is being served
		t.Fatal(err)
	}
	client := dial(t, c.path)
	snapshots := 0
	ctx, cancel := context.WithCancel(t.Context())
	_ = client.Follow(ctx, func(progress.Snapshot) {
		if snapshots++; snapshots == 5 {
			cancel()
		}
	})
	c.end() // returns
}

func TestHostileRequests(t *testing.T) {
	c := serve(t)
	ask := func(request string) (status int, body string) {
		conn, err := net.Dial("unix", c.path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, request) // it may be refused before all is written
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0, err.Error()
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(text)
	}
	head := "Host: x\r\nConnection: close\r\n" + headerProtocol + ": " + protocol() + "\r\n"
	put := func(body string) string {
		return fmt.Sprintf("PUT /rate-limit HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
	}
	for request, want := range map[string]int{
		"GET /snapshot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n": http.StatusUpgradeRequired,
		"GET /rate-limit HTTP/1.1\r\n" + head + "\r\n":                   http.StatusOK,
		"GET /../../etc/passwd HTTP/1.1\r\n" + head + "\r\n":             http.StatusTemporaryRedirect,
		"GET /etc/passwd HTTP/1.1\r\n" + head + "\r\n":                   http.StatusNotFound,
		"DELETE /rate-limit HTTP/1.1\r\n" + head + "\r\n":                http.StatusMethodNotAllowed,
		"nonsense\r\n\r\n": http.StatusBadRequest,
		"GET /" + strings.Repeat("x", 100_000) + " HTTP/1.1\r\n" + head + "\r\n": http.StatusRequestHeaderFieldsTooLarge,
		put(``):                                http.StatusBadRequest,
		put(`{}`):                              http.StatusBadRequest,
		put(`{"bytes_per_second": -1}`):        http.StatusBadRequest,
		put(`{"bytes_per_second": 1e30}`):      http.StatusBadRequest,
		put(`{"bytes_per_second": "20MB"}`):    http.StatusBadRequest,
		put(`{"bytes_per_second": 1, "x": 2}`): http.StatusBadRequest,
		put(`{"bytes_per_second": null}`):      http.StatusBadRequest,
		put(`[` + strings.Repeat(`[`, 10_000)): http.StatusBadRequest,
	} {
		if got, body := ask(request); got != want {
			t.Errorf("%.60q: %d %.80q, want %d", request, got, body, want)
		}
	}
	if c.limiter.Rate() != 5 {
		t.Errorf("one of them changed the rate to %d", c.limiter.Rate())
	}
}

func TestTooManyClientsAreTurnedAway(t *testing.T) {
	c := serve(t)
	for range mostClients {
		conn, err := net.Dial("unix", c.path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		fmt.Fprintf(conn, "GET /rate-limit HTTP/1.1\r\nHost: x\r\n%s: %s\r\n\r\n", headerProtocol, protocol())
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dial(t, c.path).SetRate(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "connection") {
		t.Errorf("one more: %v", err)
	}
}

// A program of another release is told so, and one that is something else too.
func TestVersionSkew(t *testing.T) {
	dir := filepath.Dir(serve(t).path)
	for header, want := range map[string]string{
		"1-00000000": `the copy is run by pgsluice "0.9", and this is "1.1", which differs from it: use the same program for both`,
		"":           "what listens there is not a copy of pgsluice's",
	} {
		path := filepath.Join(dir, "other"+header)
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set(headerProtocol, header)
				w.Header().Set(headerProgram, "0.9")
			}
			w.WriteHeader(http.StatusUpgradeRequired)
		})}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = s.Serve(l)
		}()
		client := dial(t, path)
		if _, err := client.Snapshot(t.Context()); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		client.Close()
		_ = s.Close()
		<-served
	}
}
