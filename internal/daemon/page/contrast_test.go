package page_test

import (
	"os"
	"testing"

	"pgsluice/internal/browsertest"
)

// Colours are legible in both schemes: WCAG 2 asks 4.5 of text and 3 of shapes and of the edges of what can be used.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("site/base.css")
	if err != nil {
		t.Fatal(err)
	}
	colors := browsertest.Legible(t, string(css), 2, map[string]float64{
		"ink": 4.5, "muted": 4.5, "ok": 4.5, "warn": 4.5, "bad": 4.5, "stop": 4.5, "run": 4.5, "act": 4.5,
		"edge": 3, "focus": 3, "schema": 3, "data": 3, "indexes": 3, "constraints": 3, "finish": 3,
	})
	for i, color := range colors {
		if c := browsertest.Contrast(t, color["on"], color["act"]); c < 4.5 {
			t.Errorf("scheme %d: the words of a button have a contrast of %.2f", i, c)
		}
	}
}
