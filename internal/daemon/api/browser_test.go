package api_test

import (
	"net/http"
	"strings"
	"testing"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/work"
)

var emptyFilter work.Filter

// TestAnotherSiteCanDoNothing: a page of another site makes a browser ask us, and a rebound name makes it think that we are that site.
func TestAnotherSiteCanDoNothing(t *testing.T) {
	d := start(t, api.Options{})
	for name, header := range map[string][]string{
		"fetch metadata": {"Sec-Fetch-Site: cross-site"},
		"same site":      {"Sec-Fetch-Site: same-site"},
		"origin":         {"Origin: https://evil.example"},
		"no origin":      {"Origin: null"},
	} {
		for _, r := range requests {
			if r.method == http.MethodGet {
				continue
			}
			a := d.want(http.StatusForbidden, d.operate, r.method, r.path, r.body, header...)
			if p := d.problem(a); p.Detail != "requests that another site has made are refused" {
				t.Errorf("%s: %s %s: %+v", name, r.method, r.path, p)
			}
		}
	}
	// what a form can send without asking first
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json+x", "application/cbor"} {
		d.problem(d.want(http.StatusUnsupportedMediaType, d.operate, "POST", "/v1/transfers", copyProd, "Content-Type: "+media))
	}
	if all, err := d.Transfers(t.Context(), emptyFilter); err != nil || len(all) != 0 {
		t.Errorf("another site has made %v", all)
	}
	d.want(http.StatusCreated, d.operate, "POST", "/v1/transfers", copyProd, "Sec-Fetch-Site: same-origin", "Origin: "+d.url, "Content-Type: application/json; charset=utf-8")
}

// TestNoOtherSiteMayRead: there is no CORS, asked for or not.
func TestNoOtherSiteMayRead(t *testing.T) {
	d := start(t, api.Options{})
	for _, a := range []answer{
		d.call(d.operate, "OPTIONS", "/v1/transfers", "", "Origin: https://evil.example", "Access-Control-Request-Method: POST"),
		d.call(d.operate, "GET", "/v1/transfers", "", "Origin: https://evil.example"),
	} {
		for name := range a.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: %s", name, a.header.Get(name))
			}
		}
		if len(a.header.Values("Set-Cookie")) > 0 {
			t.Error("a cookie was set")
		}
	}
}

// TestAnswersAreSafeInABrowser looks at answers of all kinds.
func TestAnswersAreSafeInABrowser(t *testing.T) {
	d := start(t, api.Options{})
	for _, a := range []answer{
		d.call("", "GET", "/v1/transfers", ""),
		d.call(d.operate, "GET", "/v1/transfers", ""),
		d.call(d.operate, "POST", "/v1/transfers", "{"),
		d.call(d.operate, "DELETE", "/v1/transfers", ""),
		d.call("", "GET", "/nothing", ""),
		d.call("", "GET", "/openapi.json", ""),
		d.call("", "GET", "/"+strings.Repeat("x", 1000), ""),
	} {
		for name, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cache-Control":                "no-store",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%d: %s: %q", a.status, name, got)
			}
		}
		if media := a.header.Get("Content-Type"); !strings.Contains(media, "json") {
			t.Errorf("%d: %s", a.status, media)
		}
	}
}
