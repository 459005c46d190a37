package browsertest

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// Contrast is that of two colours, #rgb or #rrggbb, as WCAG 2 defines it: 1 to 21.
func Contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a)+0.05, luminance(t, b)+0.05
	return max(x, y) / min(x, y)
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

// Legible checks that the colours of a page's schemes, each a :root of css with colours as --name: #rrggbb, have a contrast of at least so much on each
// of its grounds, and returns the colours by scheme and name.
func Legible(t *testing.T, css string, schemes int, least map[string]float64) []map[string]string {
	t.Helper()
	blocks := regexp.MustCompile(`:root \{[^}]*\}`).FindAllString(css, -1)
	if len(blocks) != schemes {
		t.Fatalf("%d schemes, not %d", len(blocks), schemes)
	}
	colors := make([]map[string]string, len(blocks))
	for i, block := range blocks {
		colors[i] = map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z]+): (#[0-9a-f]+);`).FindAllStringSubmatch(block, -1) {
			colors[i][m[1]] = m[2]
		}
		for _, ground := range []string{"ground", "sheet", "faint"} {
			for name, contrast := range least {
				if c := Contrast(t, colors[i][name], colors[i][ground]); c < contrast {
					t.Errorf("scheme %d: %s on %s has a contrast of %.2f", i, name, ground, c)
				}
			}
		}
	}
	return colors
}
