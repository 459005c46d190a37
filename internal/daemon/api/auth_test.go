package api_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"pgsluice/internal/daemon/api"
)

// requests are one of each operation under /v1, with a body that is granted.
var requests = []struct{ method, path, body string }{
	{"GET", "/v1/databases", ""},
	{"GET", "/v1/stores", ""},
	{"GET", "/v1/token", ""},
	{"GET", "/v1/transfers", ""},
	{"GET", "/v1/transfers/c001", ""},
	{"GET", "/v1/transfers/c001/report", ""},
	{"GET", "/v1/transfers/c001/events", ""},
	{"GET", "/v1/transfers/c001/live", ""},
	{"GET", "/v1/live", ""},
	{"GET", "/v1/schedules", ""},
	{"GET", "/metrics", ""},
	{"POST", "/v1/transfers", copyProd},
	{"POST", "/v1/plan", copyProd},
	{"PATCH", "/v1/transfers/c001", `{"jobs": 2}`},
	{"PUT", "/v1/schedules/nightly", `{"spec": ` + copyProd + `, "cron": "30 2 * * *"}`},
	{"DELETE", "/v1/schedules/nightly", ""},
}

// TestNobodyGetsInWithoutAToken asks each operation as a stranger does. Nothing is changed by it.
func TestNobodyGetsInWithoutAToken(t *testing.T) {
	d := start(t, api.Options{Metrics: http.NotFoundHandler()})
	right := d.operate
	for name, header := range map[string]string{
		"none":              "X-Nothing: 1",
		"empty":             "Authorization: Bearer ",
		"unknown":           "Authorization: Bearer pgs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"cut":               "Authorization: Bearer " + right[:len(right)-1],
		"longer":            "Authorization: Bearer " + right + "A",
		"another case":      "Authorization: Bearer " + strings.ToUpper(right),
		"another scheme":    "Authorization: Basic " + right,
		"as a cookie":       "Cookie: token=" + right,
		"as another header": "X-Token: " + right,
		"its hash":          "Authorization: Bearer " + hashOf(t, d),
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range requests {
				a := d.want(http.StatusUnauthorized, "", r.method, r.path, r.body, header)
				d.problem(a)
				if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Bearer realm="pgsluice"`) {
					t.Errorf("%s %s: no challenge", r.method, r.path)
				}
			}
		})
	}
	d.want(http.StatusUnauthorized, "", "GET", "/v1/transfers?token="+right, "")
	if all, err := d.Transfers(t.Context(), emptyFilter); err != nil || len(all) != 0 {
		t.Errorf("a stranger has made %v", all)
	}
}

// hashOf is what the file has of a token: who can read the file must not get in with it.
func hashOf(t *testing.T, d *daemon) string {
	t.Helper()
	text, err := os.ReadFile(d.tokens.Path())
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), `"sha256": "`)
	if !ok || strings.Contains(string(text), d.operate) {
		t.Fatalf("the file is %s", text)
	}
	return after[:64]
}

func TestWhoMayReadChangesNothing(t *testing.T) {
	d := start(t, api.Options{Metrics: http.NotFoundHandler()})
	for _, r := range requests {
		if r.method == http.MethodGet {
			continue
		}
		if p := d.problem(d.want(http.StatusForbidden, d.read, r.method, r.path, r.body)); p.Detail != "this token may read only" {
			t.Errorf("%s %s: %+v", r.method, r.path, p)
		}
	}
	if all, err := d.Transfers(t.Context(), emptyFilter); err != nil || len(all) != 0 {
		t.Errorf("who may only read has made %v", all)
	}
	for _, path := range []string{"/v1/databases", "/v1/stores", "/v1/transfers", "/v1/schedules"} {
		d.want(http.StatusOK, d.read, "GET", path, "")
	}
	who := d.want(http.StatusOK, d.read, "GET", "/v1/token", "").text
	if !strings.Contains(who, `"name":"bob","role":"read"`) || strings.Contains(who, d.read) {
		t.Errorf("who: %s", who)
	}
}

// TestATokenThatIsRemovedOpensNothing: at once, and without a restart.
func TestATokenThatIsRemovedOpensNothing(t *testing.T) {
	d := start(t, api.Options{})
	d.want(http.StatusOK, d.read, "GET", "/v1/transfers", "")
	if err := d.tokens.Remove("bob"); err != nil {
		t.Fatal(err)
	}
	d.want(http.StatusUnauthorized, d.read, "GET", "/v1/transfers", "")
	d.want(http.StatusOK, d.operate, "GET", "/v1/transfers", "")
}

// TestTokensThatCantBeRead: a daemon that does not know its tokens lets nobody in, and its owner learns why.
func TestTokensThatCantBeRead(t *testing.T) {
	d := start(t, api.Options{})
	if err := os.WriteFile(d.tokens.Path(), []byte("[{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := d.problem(d.want(http.StatusInternalServerError, d.operate, "GET", "/v1/transfers", ""))
	if strings.Contains(p.Detail, d.tokens.Path()) {
		t.Errorf("the answer names a file: %s", p.Detail)
	}
	if err := <-d.failed; !strings.Contains(err.Error(), d.tokens.Path()) {
		t.Errorf("failed: %v", err)
	}
}

// TestWhatIsOpen: supervisors and readers of the document have no token.
func TestWhatIsOpen(t *testing.T) {
	d := start(t, api.Options{Page: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("page")) })})
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json", "/", "/transfers/c001"} {
		d.want(http.StatusOK, "", "GET", path, "")
	}
	d.Unready(os.ErrClosed)
	d.want(http.StatusOK, "", "GET", "/healthz", "")
	if p := d.problem(d.want(http.StatusServiceUnavailable, "", "GET", "/readyz", "")); strings.Contains(p.Detail, "closed") {
		t.Errorf("a stranger learns %s", p.Detail)
	}
}
