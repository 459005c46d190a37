package metrics

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/worktest"
)

// Behind the API as the daemon puts them together: metrics are for those who have a token, and streams are counted while they are open.
func TestMetricsBehindTheAPI(t *testing.T) {
	t.Parallel()
	s := worktest.New()
	m := New(s, "1.2.3")
	tokens := token.In(t.TempDir())
	secret, err := tokens.Add("prometheus", token.Read)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.New(s, tokens, api.Options{Metrics: m.Handler(), Streams: m.Streams}))
	defer server.Close()
	client := server.Client()
	get := func(path, secret string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if secret != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	for given, want := range map[string]int{"": http.StatusUnauthorized, secret: http.StatusOK} {
		answer := get("/metrics", given)
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("with token %q: %s", given, answer.Status)
		}
	}
	stream := get("/v1/live", secret)
	wants(t, m, "pgsluice_event_streams 1")
	stream.Body.Close()
	wants(t, m, "pgsluice_event_streams 0")
}
