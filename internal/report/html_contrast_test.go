package report

import (
	"testing"

	"pgsluice/internal/browsertest"
)

// Colours are legible in both schemes: WCAG 2 asks 4.5 of text and 3 of shapes.
func TestHTMLContrast(t *testing.T) {
	css, err := htmlFiles.ReadFile("html/page.css")
	if err != nil {
		t.Fatal(err)
	}
	browsertest.Legible(t, string(css), 3, map[string]float64{
		"ink": 4.5, "muted": 4.5, "ok": 4.5, "warn": 4.5, "bad": 4.5, "stop": 4.5,
		"schema": 3, "data": 3, "indexes": 3, "constraints": 3, "finish": 3,
	})
}
