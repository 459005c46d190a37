package report

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// Colours are legible in both schemes: WCAG 2 asks 4.5 of text and 3 of shapes.
func TestHTMLContrast(t *testing.T) {
	css, err := htmlFiles.ReadFile("html/page.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`:root \{[^}]*\}`).FindAllString(string(css), -1)
	if len(blocks) != 3 {
		t.Fatalf("%d schemes", len(blocks))
	}
	for i, block := range blocks {
		color := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z]+): (#[0-9a-f]+);`).FindAllStringSubmatch(block, -1) {
			color[m[1]] = luminance(t, m[2])
		}
		for _, ground := range []string{"ground", "sheet", "faint"} {
			for name, least := range map[string]float64{
				"ink": 4.5, "muted": 4.5, "ok": 4.5, "warn": 4.5, "bad": 4.5, "stop": 4.5,
				"schema": 3, "data": 3, "indexes": 3, "constraints": 3, "finish": 3,
			} {
				a, b := color[name]+0.05, color[ground]+0.05
				if c := max(a, b) / min(a, b); c < least {
					t.Errorf("scheme %d: %s on %s has a contrast of %.2f", i, name, ground, c)
				}
			}
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = hex[1:]
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
