package page_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pgsluice/internal/browsertest"
	"pgsluice/internal/daemon/work"
)

// The Tab key goes through all that can be used, in the order in which it is read, shows where it is, and gets out again.
func TestTabOrder(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	id := d.begin(work.Spec{Kind: work.Copy, Source: "small", Target: "staging"}, "owner", "").ID
	busy := d.begin(work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}, "owner", "").ID
	b := signIn(t, browser, d, "/transfers/"+id, desktop)
	b.Until(word + ` === 'Finished with 1 warning'`)
	b.Until(`document.querySelectorAll('.task').length > 2`)
	want := []string{"Skip to the content", "pgsluice", "Transfers", "Schedules", "Databases", "New transfer", "Sign out", "All transfers", "build 1", "build 2", "Save the report as JSON", "each table and index, too", "log"}
	if got := tabs(b, len(want)+1); !slices.Equal(got[:len(want)], want) || slices.Contains(want[1:], got[len(want)]) {
		t.Errorf("the Tab key goes through %q", got)
	}
	b.Close()

	b = signIn(t, browser, d, "/transfers/"+busy, desktop)
	b.Until(word + ` === 'Running'`)
	want = []string{"Skip to the content", "pgsluice", "Transfers", "Schedules", "Databases", "New transfer", "Sign out", "All transfers", "Pause", "Cancel …", "Rate limit", "Set the rate limit", "Streams", "Set the streams"}
	if got := tabs(b, len(want)); !slices.Equal(got, want) {
		t.Errorf("the Tab key goes through %q", got)
	}
	browsertest.Ask[bool](b, `(document.querySelector('.skip').focus(), true)`)
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.Until(`document.activeElement.id === 'main'`)
}

// tabs presses the Tab key n times, from the beginning of the document, and returns what had the focus.
func tabs(b *browsertest.Tab, n int) (names []string) {
	b.T.Helper()
	// The focus of the last view's heading is given up.
	browsertest.Ask[bool](b, `(document.activeElement.blur(), document.querySelector('.skip').focus(), true)`)
	for i := range n {
		if i > 0 {
			b.Do(chromedp.KeyEvent(kb.Tab))
		}
		names = append(names, browsertest.Ask[string](b, `(() => {
			const e = document.activeElement;
			if (e.matches('.task')) return e.closest('.lane').querySelector('.label').textContent;
			return (e.labels?.[0] ?? e).textContent.trim() === '' || e.matches('.log') ? e.id || e.className : (e.labels?.[0] ?? e).textContent.trim();
		})()`))
		if browsertest.Ask[bool](b, `document.activeElement !== document.body && getComputedStyle(document.activeElement).outlineStyle === 'none'`) {
			b.T.Errorf("%q does not show that it has the focus", names[i])
		}
	}
	return names
}

// All that can be used has a name, each view one heading of the first rank and the landmarks, and ids are there once.
func TestNames(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	d.begin(work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}, "owner", "")
	if _, err := d.PutSchedule(t.Context(), work.Schedule{Name: "nightly", Cron: "0 3 * * *", Spec: work.Spec{Kind: work.Dump, Source: "prod", Target: "nightly"}}, "owner"); err != nil {
		t.Fatal(err)
	}
	b := signIn(t, browser, d, "/", desktop)
	for link, there := range map[string]string{
		"Transfers": says("Running"), "Schedules": says("Suspend"), "Databases": says("512 GB"), "New transfer": `document.querySelectorAll('option').length > 8`, "c001": `document.querySelector('.tasks tr')`,
	} {
		if link == "c001" {
			press(b, "Transfers")
		}
		press(b, link)
		b.Until(there)
		if link == "Schedules" {
			press(b, "New schedule")
		}
		if n := browsertest.Ask[int](b, `document.querySelectorAll('h1').length`); n != 1 {
			t.Errorf("%s: %d headings of the first rank", link, n)
		}
		if twice := browsertest.Ask[[]string](b, `[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) < i)`); len(twice) > 0 {
			t.Errorf("%s: ids that are there twice: %q", link, twice)
		}
		if missing := browsertest.Ask[[]string](b, `['aria-labelledby', 'aria-describedby', 'for'].flatMap(a => [...document.querySelectorAll('[' + a + ']')].flatMap(e => e.getAttribute(a).split(' ')).filter(id => !document.getElementById(id)))`); len(missing) > 0 {
			t.Errorf("%s: ids that are referred to and missing: %q", link, missing)
		}
		tree, err := chromedp.Call(b.Ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, node := range tree.Nodes {
			role := string(node.Role.Value)
			seen[strings.Trim(role, `"`)]++
			switch strings.Trim(role, `"`) {
			case "button", "link", "textbox", "combobox", "checkbox", "radio", "spinbutton", "progressbar", "image", "region", "table":
				if !node.Ignored && (node.Name == nil || strings.Trim(string(node.Name.Value), `" `) == "") {
					t.Errorf("%s: a %s has no name", link, role)
				}
			}
		}
		for _, landmark := range []string{"banner", "navigation", "main"} {
			if seen[landmark] != 1 {
				t.Errorf("%s: %d landmarks %s", link, seen[landmark], landmark)
			}
		}
	}
}

// A browser that draws nothing keeps the latest state, and no queue of older ones.
func TestStalledBrowser(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	id := d.begin(work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}, "owner", "").ID
	b := signIn(t, browser, d, "/transfers/"+id, desktop)
	b.Until(`document.querySelectorAll('.tasks tbody tr').length === 3`)
	const moved = `document.querySelector('.facts dd').innerText`
	browsertest.Ask[bool](b, `(window.held = [], window.real = requestAnimationFrame, window.requestAnimationFrame = f => held.push(f), true)`)
	before := browsertest.Ask[string](b, moved)
	from := d.liveBytes(id)
	for d.liveBytes(id) < from+40_000_000 { // some dozen states
		browsertest.Ask[int](b, `held.length`)
	}
	if n := browsertest.Ask[int](b, `held.length`); n == 0 || n > 3 {
		t.Errorf("%d pictures wait to be drawn", n)
	}
	if now := browsertest.Ask[string](b, moved); now != before {
		t.Errorf("it draws while it can't: %s, then %s", before, now)
	}
	browsertest.Ask[bool](b, `(window.requestAnimationFrame = real, held.forEach(f => f()), true)`)
	b.Until(moved + ` !== ` + quoted(before))
}
