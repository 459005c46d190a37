package page_test

import (
	"os"
	"regexp"
	"testing"

	"pgsluice/internal/browsertest"
)

// Colours are legible in both schemes: WCAG 2 asks 4.5 of text and 3 of shapes and of the edges of what can be used.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("site/base.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`:root \{[^}]*\}`).FindAllString(string(css), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d schemes", len(blocks))
	}
	for i, block := range blocks {
		color := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z]+): (#[0-9a-f]+);`).FindAllStringSubmatch(block, -1) {
			color[m[1]] = m[2]
		}
		for _, ground := range []string{"ground", "sheet", "faint"} {
			for name, least := range map[string]float64{
				"ink": 4.5, "muted": 4.5, "ok": 4.5, "warn": 4.5, "bad": 4.5, "stop": 4.5, "run": 4.5, "act": 4.5,
				"edge": 3, "focus": 3, "schema": 3, "data": 3, "indexes": 3, "constraints": 3, "finish": 3,
			} {
				if c := browsertest.Contrast(t, color[name], color[ground]); c < least {
					t.Errorf("scheme %d: %s on %s has a contrast of %.2f", i, name, ground, c)
				}
			}
		}
		if c := browsertest.Contrast(t, color["on"], color["act"]); c < 4.5 {
			t.Errorf("scheme %d: the words of a button have a contrast of %.2f", i, c)
		}
	}
}
