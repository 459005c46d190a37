package page_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"pgsluice/internal/daemon/page"
)

// answer is what came of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

func get(t *testing.T, server *httptest.Server, method, path string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	got, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(b)}
}

func TestRoutes(t *testing.T) {
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	for path, want := range map[string]int{
		"/": 200, "/new": 200, "/schedules": 200, "/databases": 200, "/transfers/c001": 200, "/transfers/%3Cscript%3E": 200,
		"/transfers": 404, "/transfers/": 404, "/transfers/c001/x": 404, "/news": 404, "/assets/": 404, "/assets/x/app.js": 404, "/page.go": 404,
		"/../page.go": 404, "/index.html": 404, "/v1/transfers": 404,
	} {
		got := get(t, server, "GET", path, nil)
		if got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		} {
			if value := got.header.Get(name); !strings.HasPrefix(value, want) {
				t.Errorf("%s: %s: %q", path, name, value)
			}
		}
	}
	if got := get(t, server, "POST", "/", nil); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, %v", got.status, got.header)
	}
	if got := get(t, server, "HEAD", "/", nil); got.status != http.StatusOK || got.body != "" {
		t.Errorf("HEAD: %d, %q", got.status, got.body)
	}
}

// The document is asked for again each time, and costs nothing where it is the same; files are kept.
func TestCaches(t *testing.T) {
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	got := get(t, server, "GET", "/", nil)
	etag := got.header.Get("ETag")
	if got.header.Get("Cache-Control") != "no-cache" || etag == "" {
		t.Errorf("document: %v", got.header)
	}
	if got := get(t, server, "GET", "/new", http.Header{"If-None-Match": {etag}}); got.status != http.StatusNotModified || got.body != "" {
		t.Errorf("the same document again: %d", got.status)
	}
	files := regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(got.body, -1)
	if len(files) < 4 {
		t.Fatalf("files: %q", files)
	}
	for _, m := range files {
		got := get(t, server, "GET", m[1], nil)
		if got.status != http.StatusOK || got.body == "" || !strings.Contains(got.header.Get("Cache-Control"), "immutable") || got.header.Get("Content-Type") == "" {
			t.Errorf("%s: %d, %v", m[1], got.status, got.header)
		}
	}
}

// Scripts and styles stand in files of their own: the policy would refuse others.
func TestNothingInline(t *testing.T) {
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	document := get(t, server, "GET", "/", nil).body
	if m := regexp.MustCompile(`(?i)<style|<script[^>]*>[^<]|\sstyle=|\son\w+=`).FindString(document); m != "" {
		t.Errorf("inline: %q", m)
	}
}
