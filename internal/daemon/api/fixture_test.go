package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/worktest"
)

// daemon is the API over a service in memory, on a real server.
type daemon struct {
	*worktest.Service
	t             *testing.T
	url           string
	operate, read string // secrets
	tokens        *token.File
	failed        chan error
}

func start(t *testing.T, o api.Options) *daemon {
	t.Helper()
	d := &daemon{Service: worktest.New(), t: t, tokens: token.In(t.TempDir()), failed: make(chan error, 100)}
	for name, role := range map[string]token.Role{"ada": token.Operate, "bob": token.Read} {
		secret, err := d.tokens.Add(name, role)
		if err != nil {
			t.Fatal(err)
		}
		if role == token.Operate {
			d.operate = secret
		} else {
			d.read = secret
		}
	}
	o.Failed = func(_ *http.Request, err error) { d.failed <- err }
	d.url = listen(t, api.New(d.Service, d.tokens, o))
	return d
}

// listen is a server of h, until the test's end.
func listen(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.Server(h, api.Limits{})
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return server.URL
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
}

// call asks with a secret, "" being none. header holds further fields, as Name: value.
func (d *daemon) call(secret, method, path, body string, header ...string) answer {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// want asks and demands a status.
func (d *daemon) want(status int, secret, method, path, body string, header ...string) answer {
	d.t.Helper()
	a := d.call(secret, method, path, body, header...)
	if a.status != status {
		d.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.text)
	}
	return a
}

func decoded[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		t.Fatalf("%v: %s", err, a.text)
	}
	return v
}

// told is a problem, which every error must be.
type told struct {
	Title, Detail string
	Status        int
	Errors        []struct{ Location, Message, Value string }
}

func (d *daemon) problem(a answer) told {
	d.t.Helper()
	p := decoded[told](d.t, a)
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" || p.Status != a.status || p.Title == "" || p.Detail == "" {
		d.t.Fatalf("no problem, but %s: %s", ct, a.text)
	}
	return p
}

const copyProd = `{"kind": "copy", "source": "prod", "target": "staging"}`
