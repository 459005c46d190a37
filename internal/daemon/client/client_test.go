package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/client"
	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/daemon/worktest"
)

// secret lets in everybody who has it.
const secret = "pgs_test"

type tokens struct{}

func (tokens) Check(s string) (token.Token, bool, error) {
	return token.Token{Name: "ada", Role: token.Operate}, s == secret, nil
}

// serve is a service in memory, and a server with the API over it. wrap stands before it.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) (*worktest.Service, *httptest.Server) {
	t.Helper()
	s := worktest.New()
	h := api.New(s, tokens{}, api.Options{})
	if wrap != nil {
		h = wrap(h)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.Server(h, api.Limits{})
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return s, server
}

func dial(t *testing.T, url string, o client.Options) *client.Client {
	t.Helper()
	if o.Token == "" {
		o.Token = secret
	}
	c, err := client.New(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var copyProd = work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}

// TestAServiceFarAway: over HTTP a service answers as it does without it.
func TestAServiceFarAway(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (*worktest.Service, work.Service){
		"near": func(*testing.T) (*worktest.Service, work.Service) {
			s := worktest.New()
			return s, s
		},
		"far": func(t *testing.T) (*worktest.Service, work.Service) {
			s, server := serve(t, nil)
			return s, dial(t, server.URL, client.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) { conforms(t, open) })
	}
}

// must is what was asked for.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantErr demands that an error is one of a service's.
func wantErr[E error](t *testing.T, err error, message string) {
	t.Helper()
	var e E
	if !errors.As(err, &e) || err.Error() != message {
		t.Errorf("got %T %v, want %T %s", err, err, e, message)
	}
}

func conforms(t *testing.T, open func(t *testing.T) (*worktest.Service, work.Service)) {
	memory, s := open(t)
	ctx := t.Context()
	if d := must[[]work.Database](t)(s.Databases(ctx)); len(d) != 2 || !d[0].NeverTarget || !d[0].Looked.Equal(worktest.Begin) || !d[1].Looked.IsZero() {
		t.Errorf("databases: %+v", d)
	}
	if st := must[[]work.Store](t)(s.Stores(ctx)); len(st) != 1 || st[0].Free != -1 {
		t.Errorf("stores: %+v", st)
	}
	if p := must[*work.Preview](t)(s.Plan(ctx, copyProd)); p.Tables != 212 {
		t.Errorf("plan: %+v", p)
	}
	for range 3 {
		must[*work.Transfer](t)(s.Create(ctx, copyProd, "ada"))
	}
	_, err := s.Create(ctx, work.Spec{Kind: work.Copy, Source: "staging", Target: "prod"}, "ada")
	wantErr[*work.Invalid](t, err, "prod is never a target")
	memory.Set("c002", func(t *work.Transfer) { t.State = work.Running })
	all := must[[]work.Transfer](t)(s.Transfers(ctx, work.Filter{States: []work.State{work.Pending, work.Failed}, Database: "prod", Before: 3, Limit: 5}))
	if len(all) != 1 || all[0].ID != "c001" || all[0].By != "ada" {
		t.Errorf("transfers: %+v", all)
	}
	_, err = s.Transfer(ctx, "c009")
	if !errors.Is(err, work.ErrNotFound) || err.Error() != "transfer c009: not found" {
		t.Errorf("not found: %v", err)
	}
	want, rate, jobs := work.WantPause, int64(0), 3
	if tr := must[*work.Transfer](t)(s.Change(ctx, "c002", work.Change{Want: &want, RateLimit: &rate, Jobs: &jobs}, "ada")); tr.State != work.Paused || tr.Spec.Options.Jobs != 3 {
		t.Errorf("changed: %+v", tr)
	}
	want = work.WantCancel
	must[*work.Transfer](t)(s.Change(ctx, "c002", work.Change{Want: &want}, "ada"))
	_, err = s.Change(ctx, "c002", work.Change{Want: &want}, "ada")
	wantErr[*work.Conflict](t, err, "transfer c002 is canceled already")
	if _, err := s.Report(ctx, "c002"); !errors.Is(err, work.ErrNotFound) {
		t.Errorf("report: %v", err)
	}
	memory.Reported("c002", []byte(`{"exit_code":4}`))
	if _, err := s.Report(ctx, "c002"); err != nil {
		t.Errorf("report: %v", err)
	}
	conformingStreams(t, memory, s)
	conformingSchedules(t, s)
	memory.Unready(errors.New("draining"))
	if s.Ready(ctx) == nil {
		t.Error("it is ready")
	}
}

func conformingStreams(t *testing.T, memory *worktest.Service, s work.Service) {
	t.Helper()
	var numbers []uint64
	for e, err := range s.Events(t.Context(), "c002", 1) {
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, e.Number)
	}
	if !slices.Equal(numbers, []uint64{2, 3, 4}) {
		t.Errorf("events: %v", numbers)
	}
	memory.Progress("c001", []byte(`{"event":"progress"}`))
	for l, err := range s.Live(t.Context(), "c001") {
		if err != nil || string(l.Progress) != `{"event":"progress"}` || l.Transfer.ID != "c001" {
			t.Errorf("live: %+v, %v", l, err)
		}
		break
	}
	seen := map[string]bool{}
	for tr, err := range s.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[tr.ID] = true; len(seen) == 3 {
			break
		}
	}
}

func conformingSchedules(t *testing.T, s work.Service) {
	t.Helper()
	ctx := t.Context()
	put := must[*work.Schedule](t)(s.PutSchedule(ctx, work.Schedule{
		Name: "nightly", Spec: work.Spec{Kind: work.Dump, Source: "prod", Target: "nightly"}, Cron: "30 2 * * *", TimeZone: "Europe/Berlin",
		Retention: work.Retention{Days: 7}, Suspended: true,
	}, "ada"))
	if all := must[[]work.Schedule](t)(s.Schedules(ctx)); len(all) != 1 || all[0].By != "ada" || !all[0].Suspended || all[0].Retention.Days != 7 || !all[0].Next.Equal(put.Next) {
		t.Errorf("schedules: %+v", all)
	}
	if err := s.DeleteSchedule(ctx, "nightly"); err != nil {
		t.Error(err)
	}
	if err := s.DeleteSchedule(ctx, "nightly"); !errors.Is(err, work.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestServersThatAreNone(t *testing.T) {
	for url, want := range map[string]string{
		"":                             "is not a server's URL",
		"db-tools":                     "is not a server's URL",
		"ftp://db-tools":               "is not a server's URL",
		"https://":                     "is not a server's URL",
		"https://db-tools/?x=1":        "is not a server's URL",
		"https://ada:geheim@db-tools/": "must not have a user or password",
		"https://db tools:x":           "can't be read",
	} {
		if _, err := client.New(url, client.Options{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for url, clear := range map[string]bool{
		"https://db-tools": false, "http://localhost:1": false, "http://127.0.0.1": false, "http://[::1]:8": false, "http://db-tools": true, "http://10.0.0.1": true,
	} {
		if got := dial(t, url, client.Options{}).Clear(); got != clear {
			t.Errorf("%s: the token travels in clear: %t", url, got)
		}
	}
}

// TestTheTokenGoesNowhereElse: a redirect is an answer that is none.
func TestTheTokenGoesNowhereElse(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("it was asked, with %q", r.Header.Get("Authorization"))
	}))
	defer other.Close()
	_, server := serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
		})
	})
	c := dial(t, server.URL, client.Options{})
	_, err := c.Databases(t.Context())
	var refused *client.Refused
	if !errors.As(err, &refused) || refused.Status != http.StatusTemporaryRedirect || !strings.Contains(err.Error(), "is that a pgsluice daemon?") {
		t.Errorf("databases: %v", err)
	}
	for _, err := range c.Events(t.Context(), "c001", 0) {
		if !errors.As(err, &refused) {
			t.Errorf("events: %v", err)
		}
	}
}

func TestRefusals(t *testing.T) {
	s, server := serve(t, nil)
	_, err := dial(t, server.URL, client.Options{Token: "pgs_wrong"}).Databases(t.Context())
	var refused *client.Refused
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized || !client.Reached(err) {
		t.Errorf("wrong token: %v", err)
	}
	s.Break(errors.New("geheim"))
	if _, err := dial(t, server.URL, client.Options{}).Databases(t.Context()); !errors.As(err, &refused) || strings.Contains(err.Error(), "geheim") {
		t.Errorf("broken: %v", err)
	}
	server.Close()
	if _, err := dial(t, server.URL, client.Options{}).Databases(t.Context()); err == nil || client.Reached(err) || !strings.HasPrefix(err.Error(), server.URL+": ") {
		t.Errorf("nobody there: %v", err)
	}
}
