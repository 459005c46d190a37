package hook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/work"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "0123456789abcdef01234567"

func webhook(name, url string, events ...work.State) config.Webhook {
	if events == nil {
		events = []work.State{work.Completed, work.Failed}
	}
	return config.Webhook{Name: name, URL: config.NewSecret(url), Key: config.NewSecret(testKey), Events: events}
}

func transfer(state work.State) *work.Transfer {
	ended := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	return &work.Transfer{
		ID: "c001", Spec: work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}, State: state,
		Created: ended.Add(-time.Minute), Ended: &ended, Error: "the source is gone",
	}
}

// sender makes one with pauses for tests, whose outcomes come on the channel.
func sender(t *testing.T, opt Options) (*Sender, <-chan Outcome) {
	t.Helper()
	outcomes := make(chan Outcome, 100)
	opt.Told = func(o Outcome) { outcomes <- o }
	if opt.Pauses == nil {
		opt.Pauses = []time.Duration{time.Millisecond, time.Millisecond}
	}
	s := New(opt)
	t.Cleanup(func() { s.Close(t.Context()) })
	return s, outcomes
}

// serve runs a receiver. It is closed after the sender, whose connections would hold it up.
func serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server
}

// verify is written from the specification, beside the code that signs.
func verify(t *testing.T, r *http.Request, body []byte) {
	t.Helper()
	id, stamp := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, []byte(testKey))
	mac.Write([]byte(id + "." + stamp + "." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want {
		t.Errorf("signature %q, want %q", r.Header.Get("webhook-signature"), want)
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if age := time.Since(time.Unix(seconds, 0)); err != nil || age > time.Minute || age < -time.Minute {
		t.Errorf("timestamp %q", stamp)
	}
}

// The example of the Standard Webhooks libraries.
func TestSignIsThatOfTheSpecification(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A receiver that fails at first gets the same message again, signed anew.
func TestSendTriesAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ids, bodies []string
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verify(t, r, body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s of %s", r.Method, r.Header.Get("Content-Type"))
		}
		mu.Lock()
		defer mu.Unlock()
		ids, bodies = append(ids, r.Header.Get("webhook-id")), append(bodies, string(body))
		if len(ids) < 3 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	s, outcomes := sender(t, Options{})
	s.Send([]config.Webhook{webhook("ops", server.URL)}, transfer(work.Failed))
	if o := <-outcomes; o.Err != nil || o.Attempts != 3 || o.Webhook != "ops" || o.Transfer != "c001" {
		t.Fatalf("%+v", o)
	}
	if ids[0] != "msg_c001_1780315140000_failed" || ids[0] != ids[2] || bodies[0] != bodies[2] {
		t.Errorf("ids %q, bodies %q", ids, bodies)
	}
	var body Body
	if err := json.Unmarshal([]byte(bodies[0]), &body); err != nil {
		t.Fatal(err)
	}
	if want := transfer(work.Failed); body.Type != "transfer.failed" || !body.Timestamp.Equal(*want.Ended) || body.Data.ID != want.ID || body.Data.Error != want.Error {
		t.Errorf("%+v", body)
	}
}

func TestSendGivesUp(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, test := range []struct {
		name     string
		handle   http.HandlerFunc // nil: nobody listens
		attempts int
		err      string
	}{
		{"always fails", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, 3, "answered 503 Service Unavailable"},
		{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, 3, "answered 401 Unauthorized"},
		{"is gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, 1, "answered 410 Gone"},
		{"redirects", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, 3, "answered 307 Temporary Redirect"},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 3, "EOF"},
		{"stalls", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			<-r.Context().Done()
		}, 3, "no answer within 50ms"},
		{"is not there", nil, 3, "connection refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := "http://" + closed.Addr().String()
			if test.handle != nil {
				url = serve(t, test.handle).URL
			}
			opt := Options{}
			if test.name == "stalls" {
				opt.Timeout = 50 * time.Millisecond
			}
			s, outcomes := sender(t, opt)
			s.Send([]config.Webhook{webhook("ops", url+"/s3cret")}, transfer(work.Failed))
			o := <-outcomes
			if o.Attempts != test.attempts || o.Err == nil || !strings.Contains(o.Err.Error(), test.err) || strings.Contains(o.Err.Error(), "s3cret") {
				t.Errorf("%+v", o)
			}
		})
	}
	t.Cleanup(func() { // when all have run
		if n := elsewhere.Load(); n > 0 {
			t.Errorf("%d redirects were followed", n)
		}
	})
}

func TestSendChecksCertificates(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	s, outcomes := sender(t, Options{Pauses: []time.Duration{}})
	s.Send([]config.Webhook{webhook("ops", server.URL)}, transfer(work.Failed))
	if o := <-outcomes; o.Err == nil || !strings.Contains(o.Err.Error(), "certificate") {
		t.Errorf("an unknown authority: %+v", o)
	}
	s, outcomes = sender(t, Options{Transport: server.Client().Transport})
	s.Send([]config.Webhook{webhook("ops", server.URL)}, transfer(work.Failed))
	if o := <-outcomes; o.Err != nil {
		t.Errorf("a known one: %+v", o)
	}
}

// A receiver that stalls fills its own queue, not those of others, and holds up nobody.
func TestSendNeverBlocks(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	stalled := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	good := serve(t, func(http.ResponseWriter, *http.Request) {})
	s, outcomes := sender(t, Options{Queue: 5})
	hooks := []config.Webhook{webhook("stalled", stalled.URL), webhook("good", good.URL), webhook("quiet", good.URL, work.Canceled)}
	for range 7 {
		s.Send(hooks[:1], transfer(work.Failed))
	}
	for range 2 {
		if o := <-outcomes; o.Webhook != "stalled" || o.Err != errFull || o.Attempts != 0 {
			t.Errorf("%+v", o)
		}
	}
	for range 7 { // each is awaited: the good one's queue is as short
		s.Send(hooks[1:], transfer(work.Completed))
		if o := <-outcomes; o.Err != nil || o.Webhook != "good" {
			t.Errorf("%+v", o)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Close(ctx)
	for range 5 {
		if o := <-outcomes; o.Webhook != "stalled" || o.Err != errStopped {
			t.Errorf("%+v", o)
		}
	}
	if len(outcomes) > 0 {
		t.Errorf("and %+v", <-outcomes)
	}
}

// Close lets an attempt end, and begins none: not even that of a message that was to be tried again in an hour.
func TestCloseLetsAttemptsEnd(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	var failed atomic.Int32
	slow := serve(t, func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	})
	bad := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		failed.Add(1)
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	s, outcomes := sender(t, Options{})
	s.Send([]config.Webhook{webhook("slow", slow.URL), webhook("bad", bad.URL)}, transfer(work.Failed))
	<-arrived
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.Close(t.Context())
	}()
	if o := <-outcomes; o.Webhook != "bad" || o.Err == nil || o.Attempts > 1 || failed.Load() > 1 {
		t.Errorf("%+v after %d attempts", o, failed.Load())
	}
	s.Send([]config.Webhook{webhook("late", slow.URL)}, transfer(work.Failed))
	if o := <-outcomes; o.Err != errStopped {
		t.Errorf("%+v", o)
	}
	close(release)
	if o := <-outcomes; o.Webhook != "slow" || o.Err != nil {
		t.Errorf("%+v", o)
	}
	<-closed
}

func TestRetryAfterIsHeededWithinBounds(t *testing.T) {
	t.Parallel()
	s, _ := sender(t, Options{})
	for header, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "86400": time.Hour, "99999999999999999999": 0, "9223372036854775807": time.Hour} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		m, err := newMessage(webhook("ops", server.URL), transfer(work.Failed))
		if err != nil {
			t.Fatal(err)
		}
		if again, wait, err := s.attempt(m); !again || wait != want || err == nil {
			t.Errorf("%q: %v, %v, %v", header, again, wait, err)
		}
	}
}
