package report

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pgsluice/internal/browsertest"
)

func TestHTMLInBrowser(t *testing.T) {
	browser := browsertest.Start(t)
	for name, r := range samples() {
		for i, s := range browsertest.Screens {
			if name == "many" && i != 2 {
				continue // it takes long, and is about numbers, not about colours
			}
			t.Run(name+"-"+s.Name, func(t *testing.T) {
				b := openReport(t, browser, r, s)
				b.Fits()
				ground := browsertest.Ask[string](b, `getComputedStyle(document.body).backgroundColor`)
				if want := map[string]string{"light": "rgb(247, 248, 249)", "dark": "rgb(18, 21, 24)"}[s.Scheme]; ground != want {
					t.Errorf("ground %s, want %s", ground, want)
				}
				b.Picture(name + "-" + s.Name)
			})
		}
	}
}

func TestHTMLSorts(t *testing.T) {
	browser := browsertest.Start(t)
	b := openReport(t, browser, samples()["complete"], browsertest.Screens[0])
	const names = `[...document.querySelectorAll('#tables ~ table tbody tr')].map(r => r.cells[0].textContent)`
	const keys = `[...document.querySelectorAll('#tables ~ table tbody tr')].map(r => Number(r.cells[2].dataset.key))`
	click := func(column string) {
		b.Do(chromedp.Click(`//section[@aria-labelledby="tables"]//button[text()="` + column + `"]`))
	}
	if n := len(browsertest.Ask[[]string](b, names)); n != 90 {
		t.Fatalf("%d tables", n)
	}
	if n := browsertest.Ask[int](b, `[...document.querySelectorAll('#tables ~ table tbody tr')].filter(r => r.checkVisibility()).length`); n != 25 {
		t.Errorf("%d rows are shown of a long table", n)
	}
	click("bytes")
	for i, got := 1, browsertest.Ask[[]float64](b, keys); i < len(got); i++ {
		if got[i] > got[i-1] {
			t.Fatalf("row %d: %v after %v", i, got[i], got[i-1])
		}
	}
	click("bytes")
	if got := browsertest.Ask[[]float64](b, keys); got[0] > got[len(got)-1] {
		t.Errorf("not turned round: %v", got)
	}
	if got := browsertest.Ask[string](b, `document.querySelector('#tables ~ table th[aria-sort]').textContent`); got != "bytes" {
		t.Errorf("sorted by %s", got)
	}
	click("table")
	if got := browsertest.Ask[[]string](b, names); got[0] != printable(longName) {
		t.Errorf("first by name: %q", got[0])
	}
	b.Do(chromedp.Click(chromedp.CSS(`.more`)))
	if n := browsertest.Ask[int](b, `[...document.querySelectorAll('#tables ~ table tbody tr')].filter(r => r.checkVisibility()).length`); n != 90 {
		t.Errorf("%d rows are shown after a click", n)
	}
}

func TestHTMLTimelineByKeyboard(t *testing.T) {
	browser := browsertest.Start(t)
	b := openReport(t, browser, samples()["failed"], browsertest.Screens[2])
	lanes := browsertest.Ask[[]string](b, `[...document.querySelectorAll('.lane .label')].map(l => l.textContent)`)
	want := []string{"steps", "schema", "copy 1", "copy 2", "copy 3", "copy 4", "build 1", "build 2"}
	if len(lanes) < len(want) {
		t.Fatalf("lanes %q", lanes)
	}
	for i := range want {
		if lanes[i] != want[i] {
			t.Fatalf("lanes %q", lanes)
		}
	}
	if n := browsertest.Ask[int](b, `document.querySelectorAll('.task.open').length`); n == 0 {
		t.Error("nothing is shown as cut off")
	}
	if n := browsertest.Ask[int](b, `document.querySelectorAll('.task.bad + .over').length`); n != 1 {
		t.Errorf("%d tasks are hatched", n)
	}
	if n := browsertest.Ask[int](b, `document.querySelectorAll('.task[tabindex="0"]').length`); n != len(lanes) {
		t.Errorf("%d stops of the Tab key in %d lanes", n, len(lanes))
	}
	const detail = `document.querySelector('.detail').textContent`
	b.Do(chromedp.Focus(chromedp.CSS(`.lane:nth-of-type(4) .task`)), chromedp.KeyEvent(kb.ArrowRight))
	first := browsertest.Ask[string](b, detail)
	b.Do(chromedp.KeyEvent(kb.ArrowDown))
	second := browsertest.Ask[string](b, detail)
	if first == second || first == "" {
		t.Errorf("the keys don't move: %q, %q", first, second)
	}
	b.Picture("focus")
	if focused := browsertest.Ask[string](b, `document.activeElement.querySelector('title').textContent`); focused != second {
		t.Errorf("%q is told, %q has the focus", second, focused)
	}
}
