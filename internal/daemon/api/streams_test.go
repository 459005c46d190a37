package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/work"
)

// event is one of a stream, as it came.
type event struct{ id, name, data string }

// stream is one that is being read.
type stream struct {
	t    *testing.T
	resp *http.Response
	text *bufio.Scanner
	stop context.CancelFunc
}

func (d *daemon) open(path string, header ...string) *stream {
	d.t.Helper()
	ctx, stop := context.WithCancel(d.t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.read)
	r.Header.Set("Accept", "text/event-stream")
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r) //nolint:bodyclose // the stream's close does that
	if err != nil {
		d.t.Fatal(err)
	}
	s := &stream{t: d.t, resp: resp, text: bufio.NewScanner(resp.Body), stop: stop}
	s.text.Buffer(nil, 4<<20)
	d.t.Cleanup(s.close)
	return s
}

func (s *stream) close() {
	s.stop()
	s.resp.Body.Close()
}

// next is the next event; false at the stream's end.
func (s *stream) next() (e event, ok bool) {
	s.t.Helper()
	for s.text.Scan() {
		field, value, _ := strings.Cut(s.text.Text(), ": ")
		switch {
		case field == "id":
			e.id = value
		case field == "event":
			e.name = value
		case field == "data":
			e.data = value
		case field == "" && e.name != "":
			return e, true
		}
	}
	return e, false
}

// want demands events with these names, and returns the last.
func (s *stream) want(names ...string) (e event) {
	s.t.Helper()
	for _, name := range names {
		var ok bool
		if e, ok = s.next(); !ok || e.name != name {
			s.t.Fatalf("got %+v, %t (%v), want %s", e, ok, s.text.Err(), name)
		}
	}
	return e
}

func (s *stream) wantEnd() {
	s.t.Helper()
	if e, ok := s.next(); ok {
		s.t.Fatalf("got %+v, want the end", e)
	}
}

func (d *daemon) made() string {
	d.t.Helper()
	return decoded[work.Transfer](d.t, d.want(http.StatusCreated, d.operate, "POST", "/v1/transfers", copyProd)).ID
}

func become(state work.State) func(*work.Transfer) {
	return func(t *work.Transfer) { t.State = state }
}

// TestALogGoesOnBehindTheLastEvent, for a client that comes again, until the final state.
func TestALogGoesOnBehindTheLastEvent(t *testing.T) {
	d := start(t, api.Options{})
	id := d.made()
	d.Log(id, "step", []byte("{\n\"text\": \"connecting\"}"))
	d.Set(id, become(work.Running))
	first := d.open("/v1/transfers/" + id + "/events")
	if got := first.resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type: %s", got)
	}
	e := first.want("state", "step")
	var told work.Event
	if err := json.Unmarshal([]byte(e.data), &told); err != nil || e.id != "2" || told.Number != 2 || string(told.Data) != `{"text":"connecting"}` {
		t.Errorf("step: %+v, %v", e, err)
	}
	first.close()
	var open []*stream
	for _, header := range []string{"Last-Event-ID: 2", "X-Nothing: 1"} {
		path := "/v1/transfers/" + id + "/events"
		if !strings.HasPrefix(header, "Last") {
			path += "?after=2"
		}
		again := d.open(path, header)
		if e := again.want("state"); e.id != "3" {
			t.Errorf("%s: %+v", header, e)
		}
		open = append(open, again)
	}
	d.problem(d.want(http.StatusUnprocessableEntity, d.read, "GET", "/v1/transfers/"+id+"/events", "", "Last-Event-ID: two"))
	d.problem(d.want(http.StatusNotFound, d.read, "GET", "/v1/transfers/c099/events", "", "Accept: text/event-stream"))
	d.problem(d.want(http.StatusNotFound, d.read, "GET", "/v1/transfers/c099/live", ""))
	d.Set(id, become(work.Completed))
	for _, again := range open {
		again.want("state")
		again.wantEnd()
	}
}

// TestALogInPages: what has happened, at once, of a transfer that runs on.
func TestALogInPages(t *testing.T) {
	d := start(t, api.Options{})
	id := d.made()
	for i := range 5 {
		d.Log(id, "step", fmt.Appendf(nil, `{"text":"%d"}`, i))
	}
	path := "/v1/transfers/" + id + "/events"
	page := decoded[[]work.Event](t, d.want(http.StatusOK, d.read, "GET", path+"?limit=4", ""))
	if len(page) != 4 || page[3].Number != 4 {
		t.Errorf("first page: %+v", page)
	}
	page = decoded[[]work.Event](t, d.want(http.StatusOK, d.read, "GET", path+"?limit=4&after=4", ""))
	if len(page) != 2 || page[1].Number != 6 {
		t.Errorf("second page: %+v", page)
	}
	if got := d.want(http.StatusOK, d.read, "GET", path+"?after=6", "").text; strings.TrimSpace(got) != "[]" {
		t.Errorf("third page: %s", got)
	}
}

// TestLive: the latest state of one, and of all, as they change.
func TestLive(t *testing.T) {
	d := start(t, api.Options{})
	id := d.made()
	all := d.open("/v1/live")
	all.want("transfer")
	one := d.open("/v1/transfers/" + id + "/live")
	if e := one.want("live"); !strings.Contains(e.data, `"progress":null`) || e.id != "" {
		t.Errorf("live: %+v", e)
	}
	d.Progress(id, []byte(`{"event":"progress"}`))
	if e := one.want("live"); !strings.Contains(e.data, `"progress":{"event":"progress"}`) {
		t.Errorf("live: %+v", e)
	}
	other := d.made()
	if e := all.want("transfer"); !strings.Contains(e.data, `"id":"`+other+`"`) {
		t.Errorf("all: %+v", e)
	}
	d.Set(id, become(work.Failed))
	for last := ""; !strings.Contains(last, `"state":"failed"`); {
		last = one.want("live").data
	}
	one.wantEnd()
	if e := all.want("transfer"); !strings.Contains(e.data, `"state":"failed"`) {
		t.Errorf("all: %+v", e)
	}
}

// TestAStreamWithoutNewsSaysThatItIsThere, so that no proxy gives it up.
func TestAStreamWithoutNewsSaysThatItIsThere(t *testing.T) {
	d := start(t, api.Options{Heartbeat: time.Millisecond})
	s := d.open("/v1/live")
	for beats := 0; beats < 3; {
		if !s.text.Scan() {
			t.Fatal("it ended")
		}
		if s.text.Text() == ":" {
			beats++
		}
	}
}

// TestTooManyStreams: one more is refused for now; one that ends makes room.
func TestTooManyStreams(t *testing.T) {
	d := start(t, api.Options{MaxStreams: 2})
	first := d.open("/v1/live")
	d.open("/v1/live")
	a := d.want(http.StatusServiceUnavailable, d.read, "GET", "/v1/live", "")
	if d.problem(a); a.header.Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	}
	d.want(http.StatusOK, d.read, "GET", "/v1/transfers", "")
	first.close()
	for {
		if s := d.open("/v1/live"); s.resp.StatusCode == http.StatusOK {
			return
		}
	}
}

// TestAReaderWhoDoesNotReadIsCutOff, and holds nothing of the daemon's until then but what the kernel keeps.
func TestAReaderWhoDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	gone := make(chan int, 10)
	d := start(t, api.Options{StallTimeout: 2 * time.Second, Streams: func(by int) { gone <- by }})
	id := d.made()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /v1/transfers/%s/events HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", id, d.read)
	if by := <-gone; by != 1 {
		t.Fatalf("streams changed by %d", by)
	}
	large, err := json.Marshal(strings.Repeat("x", 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	reading := d.open("/v1/transfers/" + id + "/live")
	<-gone
	for cut := false; !cut; {
		d.Log(id, "warning", large)
		reading.want("live") // the others go on
		select {
		case by := <-gone:
			cut = by == -1
		default:
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).WriteTo(discard{}); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("it was not cut off: %v", err)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
