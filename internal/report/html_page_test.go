package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// PGSLUICE_SCREENSHOTS names a directory for pictures of what the tests look at.
const screenshots = "PGSLUICE_SCREENSHOTS"

func TestHTMLInBrowser(t *testing.T) {
	browser := startBrowser(t)
	for name, r := range samples() {
		for i, s := range screens {
			if name == "many" && i != 2 {
				continue // it takes long, and is about numbers, not about colours
			}
			t.Run(name+"-"+s.name, func(t *testing.T) {
				b := openTab(t, browser, r, s)
				if wide := ask[int64](b, `document.documentElement.scrollWidth`); wide > s.width {
					t.Errorf("the page is %d pixels wide on a screen of %d", wide, s.width)
				}
				out := ask[[]string](b, `[...document.querySelectorAll('body *')].filter(e => !e.closest('.unseen, .plot, defs') &&
					e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 200))`)
				if len(out) > 0 {
					t.Errorf("beyond the right edge: %q", out)
				}
				ground := ask[string](b, `getComputedStyle(document.body).backgroundColor`)
				if want := map[string]string{"light": "rgb(247, 248, 249)", "dark": "rgb(18, 21, 24)"}[s.scheme]; ground != want {
					t.Errorf("ground %s, want %s", ground, want)
				}
				if dir := os.Getenv(screenshots); dir != "" {
					b.picture(filepath.Join(dir, name+"-"+s.name+".png"))
				}
			})
		}
	}
}

func TestHTMLSorts(t *testing.T) {
	browser := startBrowser(t)
	b := openTab(t, browser, samples()["complete"], screens[0])
	const names = `[...document.querySelectorAll('#tables ~ table tbody tr')].map(r => r.cells[0].textContent)`
	const keys = `[...document.querySelectorAll('#tables ~ table tbody tr')].map(r => Number(r.cells[2].dataset.key))`
	click := func(column string) {
		b.do(chromedp.Click(`//section[@aria-labelledby="tables"]//button[text()="` + column + `"]`))
	}
	if n := len(ask[[]string](b, names)); n != 90 {
		t.Fatalf("%d tables", n)
	}
	if n := ask[int](b, `[...document.querySelectorAll('#tables ~ table tbody tr')].filter(r => r.checkVisibility()).length`); n != 25 {
		t.Errorf("%d rows are shown of a long table", n)
	}
	click("bytes")
	for i, got := 1, ask[[]float64](b, keys); i < len(got); i++ {
		if got[i] > got[i-1] {
			t.Fatalf("row %d: %v after %v", i, got[i], got[i-1])
		}
	}
	click("bytes")
	if got := ask[[]float64](b, keys); got[0] > got[len(got)-1] {
		t.Errorf("not turned round: %v", got)
	}
	if got := ask[string](b, `document.querySelector('#tables ~ table th[aria-sort]').textContent`); got != "bytes" {
		t.Errorf("sorted by %s", got)
	}
	click("table")
	if got := ask[[]string](b, names); got[0] != printable(longName) {
		t.Errorf("first by name: %q", got[0])
	}
	b.do(chromedp.Click(chromedp.CSS(`.more`)))
	if n := ask[int](b, `[...document.querySelectorAll('#tables ~ table tbody tr')].filter(r => r.checkVisibility()).length`); n != 90 {
		t.Errorf("%d rows are shown after a click", n)
	}
}

func TestHTMLTimelineByKeyboard(t *testing.T) {
	browser := startBrowser(t)
	b := openTab(t, browser, samples()["failed"], screens[2])
	lanes := ask[[]string](b, `[...document.querySelectorAll('.lane .label')].map(l => l.textContent)`)
	want := []string{"steps", "schema", "copy 1", "copy 2", "copy 3", "copy 4", "build 1", "build 2"}
	if len(lanes) < len(want) {
		t.Fatalf("lanes %q", lanes)
	}
	for i := range want {
		if lanes[i] != want[i] {
			t.Fatalf("lanes %q", lanes)
		}
	}
	if n := ask[int](b, `document.querySelectorAll('.task.open').length`); n == 0 {
		t.Error("nothing is shown as cut off")
	}
	if n := ask[int](b, `document.querySelectorAll('.task.bad + .over').length`); n != 1 {
		t.Errorf("%d tasks are hatched", n)
	}
	if n := ask[int](b, `document.querySelectorAll('.task[tabindex="0"]').length`); n != len(lanes) {
		t.Errorf("%d stops of the Tab key in %d lanes", n, len(lanes))
	}
	const detail = `document.querySelector('.detail').textContent`
	b.do(chromedp.Focus(chromedp.CSS(`.lane:nth-of-type(4) .task`)), chromedp.KeyEvent(kb.ArrowRight))
	first := ask[string](b, detail)
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	second := ask[string](b, detail)
	if first == second || first == "" {
		t.Errorf("the keys don't move: %q, %q", first, second)
	}
	if dir := os.Getenv(screenshots); dir != "" {
		b.picture(filepath.Join(dir, "focus.png"))
	}
	if focused := ask[string](b, `document.activeElement.querySelector('title').textContent`); focused != second {
		t.Errorf("%q is told, %q has the focus", second, focused)
	}
}

// picture writes the whole page as PNG.
func (b *tab) picture(path string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
