package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/daemon/config"
)

// What a server's or a driver's words say of its place and of passwords is not shown, and nothing else is touched.
func TestHider(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"url": "postgres://app:s%23cret%22x@db7.example.com,10.1.2.3/shop", "words": `host=source password='two words' dbname=shop`,
		"pgsluice.yaml": "databases: {prod: {url_file: url}, old: {url_file: words}}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Read(filepath.Join(dir, "pgsluice.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	h := newHider(c)
	for text, want := range map[string]string{
		"shop at db7.example.com port 5432":                              "shop at prod port 5432",
		"postgres://app:s%23cret%22x@db7.example.com,10.1.2.3/shop":      "prod",
		"dial tcp 10.1.2.3:5432: refused":                                "dial tcp prod:5432: refused",
		`password "s#cret"x" or s%23cret%22x`:                            `password "*****" or *****`,
		"lookup source: no such host; shop at source port 5; two words.": "lookup old: no such host; shop at old port 5; *****.",
		"table public.source, source: it is as it was":                   "table public.source, source: it is as it was",
	} {
		if got := h.text(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	got, err := h.json([]byte(`{"source":{"a":[1.50,"s#cret\"x at 10.1.2.3"]},"n":12345678901234567890}`))
	if err != nil || strings.Contains(string(got), "cret") || string(got) != `{"n":12345678901234567890,"source":{"a":[1.50,"***** at prod"]}}` {
		t.Errorf("%s, %v", got, err)
	}
	same := `{ "source" : 1 }`
	if got, err := h.json([]byte(same)); err != nil || string(got) != same {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := h.json([]byte("{")); err == nil {
		t.Error("half a text is JSON")
	}
}
