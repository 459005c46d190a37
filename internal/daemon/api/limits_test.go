package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"pgsluice/internal/daemon/api"
)

// TestBodiesThatAreNone are too large, no JSON, or not what is asked for. Each answer says what is wrong, and none says again what was sent.
func TestBodiesThatAreNone(t *testing.T) {
	d := start(t, api.Options{})
	large := copyProd + strings.Repeat(" ", 64<<10)
	for _, test := range []struct {
		body             string
		status           int
		location, detail string
	}{
		{large, 413, "", "65536 bytes at most"},
		{"", 400, "", "request body is required"},
		{"{", 400, "body", "unexpected end of JSON input"},
		{"geheim", 400, "body", "invalid character"},
		{copyProd + "{}", 400, "body", "after top-level value"},
		{"[]", 422, "body", "expected object"},
		{"null", 422, "body", "expected object"},
		{`{"kind": "copy", "source": "prod"}`, 422, "body", "expected required property target to be present"},
		{`{"kind": "move", "source": "prod", "target": "staging"}`, 422, "body.kind", "expected value to be one of"},
		{`{"kind": "copy", "source": "postgres://ada:geheim@old/shop", "target": "staging"}`, 422, "body.source", "1 to 63 of a-z"},
		{`{"kind": "copy", "source": "prod", "target": "staging", "sauce": "geheim"}`, 422, "body.sauce", "unexpected property"},
		{`{"Kind": "copy", "source": "prod", "target": "staging"}`, 422, "body.Kind", "unexpected property"},
		{`{"kind": "copy", "source": "prod", "target": "staging", "KIND": "move"}`, 422, "body.KIND", "unexpected property"},
		{`{"kind": "copy", "source": "prod", "target": "staging", "options": {"jobs": -1}}`, 422, "body.options.jobs", "expected number >= 0"},
		{`{"kind": "copy", "source": "prod", "target": "staging", "options": {"jobs": 1e30}}`, 422, "", ""},
		{`{"kind": "copy", "source": "prod", "target": "staging", "options": {"rate_limit": "20MB/s"}}`, 422, "body.options.rate_limit", "expected integer"},
		{`{"kind": "copy", "source": "prod", "target": "staging", "options": {"pg_dump": "/bin/sh"}}`, 422, "body.options.pg_dump", "unexpected property"},
		{`{"kind": "dump", "source": "prod", "target": "nightly", "options": {"compress": "zstd; rm"}}`, 422, "body.options.compress", "none, gzip, lz4 or zstd"},
		{`{"kind": "copy", "source": "staging", "target": "prod"}`, 422, "body.target", "prod is never a target"},
		{strings.Repeat(`{"options":`, 5000) + strings.Repeat("}", 5000), 400, "body", ""},
	} {
		a := d.want(test.status, d.operate, "POST", "/v1/transfers", test.body)
		p := d.problem(a)
		found := test.location == ""
		for _, e := range p.Errors {
			found = found || e.Location == test.location
		}
		if !found || !strings.Contains(p.Detail, test.detail) && !strings.Contains(a.text, test.detail) || strings.Contains(a.text, "geheim") || strings.Contains(a.text, `"value"`) {
			t.Errorf("%.80s: want %s, %s: %s", test.body, test.location, test.detail, a.text)
		}
	}
	if all, err := d.Transfers(t.Context(), emptyFilter); err != nil || len(all) != 0 {
		t.Errorf("made %v", all)
	}
	exact := copyProd + strings.Repeat(" ", 64<<10-len(copyProd))
	d.want(http.StatusCreated, d.operate, "POST", "/v1/transfers", exact)
}

// TestABodyOfUnknownLength is one that says nothing of its size beforehand.
func TestABodyOfUnknownLength(t *testing.T) {
	d := start(t, api.Options{})
	r, err := http.NewRequestWithContext(t.Context(), "POST", d.url+"/v1/transfers", io.MultiReader(strings.NewReader(copyProd), strings.NewReader(strings.Repeat(" ", 1<<20))))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.operate)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%s", resp.Status)
	}
}

func TestPathsAndHeadersThatAreNone(t *testing.T) {
	d := start(t, api.Options{})
	for path, status := range map[string]int{
		"/v1":                           404,
		"/v1/":                          404,
		"/v1/nothing":                   404,
		"/v2/transfers":                 404,
		"/v1/transfers/c001/nothing":    404,
		"/v1/transfers/c001":            404,
		"/v1/transfers/x":               422,
		"/v1/transfers/c001%20":         422,
		"/v1/transfers/c001%00":         422,
		"/v1/transfers/%2e%2e%2fetc":    422,
		"/v1/transfers/c" + nines(200):  422,
		"/v1/transfers/c" + nines(1000): 414,
		"/v1/transfers?limit=0":         422,
		"/v1/transfers?limit=1001":      422,
		"/v1/transfers?limit=many":      422,
		"/v1/transfers?before=-1":       422,
		"/v1/transfers?state=done":      422,
		"/v1/transfers?database=%27":    422,
		"/v1/transfers?pages=2":         422,
		"/v1/transfers/c001/events?after=18446744073709551616": 422,
	} {
		d.problem(d.want(status, d.operate, "GET", path, ""))
	}
	a := d.want(http.StatusMethodNotAllowed, d.operate, "DELETE", "/v1/transfers", "")
	if d.problem(a); a.header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow: %s", a.header.Get("Allow"))
	}
	d.want(http.StatusRequestHeaderFieldsTooLarge, d.operate, "GET", "/v1/transfers", "", "X-Large: "+strings.Repeat("x", 32<<10))
}

func nines(n int) string { return strings.Repeat("9", n) }

// TestARequestThatIsNone is no HTTP, or HTTP that smuggles. The next one is answered.
func TestARequestThatIsNone(t *testing.T) {
	d := start(t, api.Options{})
	for _, text := range []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"GET /v1/transfers HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"POST /v1/transfers HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"POST /v1/transfers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
		"GET /v1/transfers HTTP/1.1\r\n\r\n",
		"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, text)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			if resp.StatusCode < 400 || resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented {
				t.Errorf("%q: %s", text, resp.Status)
			}
			resp.Body.Close()
		}
		conn.Close()
	}
	d.want(http.StatusOK, "", "GET", "/healthz", "")
}

// FuzzRequests: whatever is asked, the answer is ours, and no fault of ours.
func FuzzRequests(f *testing.F) {
	for _, r := range requests {
		f.Add(r.method, r.path, r.body)
	}
	f.Add("PUT", "/v1/schedules/nightly", `{"spec": {"kind": "dump", "target": "nightly", "source": "prod"}, "cron": "* * * * *", "retention": {"days": 1e9}}`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if strings.HasSuffix(path, "live") || strings.Contains(path, "live?") {
			t.Skip("it has no end")
		}
		d := &fuzzed
		d.once.Do(func() { d.start() })
		r, err := http.NewRequest(method, "http://d/", strings.NewReader(body))
		if err != nil {
			t.Skip("no request at all")
		}
		if r.URL.Path, r.RequestURI = path, path; !strings.HasPrefix(path, "/") {
			t.Skip("no path")
		}
		r.Header.Set("Authorization", "Bearer "+d.secret)
		r.Header.Set("Content-Type", "application/json")
		w := d.ask(r)
		if w.Code >= 500 {
			t.Errorf("%s %q %q: %d %s", method, path, body, w.Code, w.Body)
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %q %q: %d %v", method, path, body, w.Code, w.Header())
		}
	})
}
