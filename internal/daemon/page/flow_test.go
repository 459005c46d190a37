package page_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"pgsluice/internal/browsertest"
	"pgsluice/internal/daemon/work"
)

const (
	word = `document.querySelector('.outcome .word')?.innerText`
	rate = `[...document.querySelectorAll('.facts div')].find(d => d.firstChild.textContent === 'now')?.lastChild.textContent ?? ''`
)

// choose sets a field of a form, as its user does.
func choose(b *browsertest.Tab, label, value string) {
	b.T.Helper()
	const field = `[...document.querySelectorAll('label')].find(l => l.checkVisibility() && l.innerText.startsWith(%))`
	find := strings.Replace(field, "%", quoted(label), 1)
	b.Until(find)
	browsertest.Ask[bool](b, `(() => {
		const label = `+find+`, input = document.getElementById(label.htmlFor) ?? label.querySelector('input');
		if (input.type === 'checkbox' || input.type === 'radio') { input.click(); return true; }
		input.focus();
		input.value = `+quoted(value)+`;
		input.dispatchEvent(new Event('input', {bubbles: true}));
		input.dispatchEvent(new Event('change', {bubbles: true}));
		return input.value === `+quoted(value)+`;
	})()`)
}

// A copy that wipes its target is begun only when its name was typed; it is then watched, throttled, paused, resumed and canceled.
func TestCopyFromBeginningToEnd(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	b := signIn(t, browser, d, "/new", desktop)
	b.Allow(func(c string) bool { return strings.Contains(c, "422") })
	b.Until(`document.querySelectorAll('select option').length > 8`)
	choose(b, "From", "prod")
	choose(b, "To", "staging")
	press(b, "Show the plan")
	b.Until(says("staging holds 37 tables"))
	b.Until(says("It would not begin"))
	b.Fits()
	b.Picture("plan-refused")
	choose(b, "Remove first", "")
	press(b, "Show the plan")
	b.Until(says("Wipe staging and begin"))
	if got := browsertest.Ask[string](b, `document.activeElement.innerText`); got != "The plan" {
		t.Errorf("the focus is on %q", got)
	}
	b.Picture("plan-wipe")
	begin := `[...document.querySelectorAll('button')].find(e => e.innerText === 'Wipe staging and begin')`
	choose(b, "All that staging holds", "stagin")
	if !browsertest.Ask[bool](b, begin+`.disabled`) {
		t.Error("a name that is not the target's was taken")
	}
	choose(b, "All that staging holds", "staging")
	press(b, "Wipe staging and begin")
	b.Until(`location.pathname === '/transfers/c001'`)
	b.Until(word + ` === 'Running'`)
	b.Until(rate + `.endsWith(' MB/s')`)
	b.Until(`document.querySelectorAll('.tasks tbody tr').length === 3`)
	b.Until(`document.querySelector('.u-over')`)

	choose(b, "Rate limit", "fast")
	b.Do(chromedp.SendKeys(chromedp.CSS(`#limit`), "\r"))
	b.Until(says("“fast” is no rate"))
	choose(b, "Rate limit", "900 kB/s")
	b.Do(chromedp.SendKeys(chromedp.CSS(`#limit`), "\r"))
	b.Until(`/^[0-9.]+ kB\/s$/.test(` + rate + `)`)
	b.Until(`document.getElementById('said').textContent.includes('900 kB/s')`)
	if got := d.spec("c001").Options.RateLimit; got != 900_000 {
		t.Errorf("the rate limit is %d", got)
	}
	press(b, "Pause")
	b.Until(word + ` === 'Paused'`)
	b.Picture("paused")
	press(b, "Resume")
	b.Until(word + ` === 'Running'`)

	press(b, "Cancel …")
	b.Until(`document.querySelector('dialog[open]')`)
	if got := browsertest.Ask[string](b, `document.activeElement.innerText`); got != "Let it go on" {
		t.Errorf("the dialog's focus is on %q", got)
	}
	b.Picture("cancel")
	press(b, "Let it go on")
	b.Until(`!document.querySelector('dialog')`)
	if got := browsertest.Ask[string](b, `document.activeElement.innerText`); got != "Cancel …" {
		t.Errorf("after the dialog the focus is on %q", got)
	}
	press(b, "Cancel …")
	press(b, "Cancel the transfer")
	b.Until(word + ` === 'Canceled'`)
	b.Until(`document.querySelector('.controls').hidden`)
	b.Picture("canceled")
	press(b, "All transfers")
	b.Until(says("c001"))
	b.Until(`document.activeElement.tagName === 'H1'`)
}

func TestFailedSaysWhy(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	id := d.begin(work.Spec{Kind: work.Copy, Source: "small", Target: "small"}, "owner", "").ID
	b := signIn(t, browser, d, "/", desktop)
	press(b, id)
	b.Until(word + ` === 'Failed'`)
	b.Until(`document.querySelector('.outcome .error').innerText.includes('No space left on device')`)
	b.Until(`[...document.querySelectorAll('.log .bad')].some(l => l.innerText.includes('HINT: Check free disk space.'))`)
	b.Until(`document.querySelectorAll('.task.failed').length === 1`)
	// Names that would be markup are text.
	if n := browsertest.Ask[int](b, `document.querySelectorAll('main img, main script').length`); n != 0 {
		t.Errorf("%d elements were made of names", n)
	}
}

func TestScheduleFires(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	b := signIn(t, browser, d, "/schedules", desktop)
	b.Allow(func(c string) bool { return strings.Contains(c, "422") })
	b.Until(says("There is no schedule."))
	b.Picture("schedules-empty")
	press(b, "New schedule")
	b.Until(`document.querySelectorAll('select option').length > 4`)
	choose(b, "Name", "nightly")
	choose(b, "When", "nonsense")
	choose(b, "From", "small")
	choose(b, "Newest dumps", "7")
	b.Fits()
	b.Picture("schedules-form")
	press(b, "Make the schedule")
	b.Until(says("is not a cron expression"))
	choose(b, "When", "* * * * *")
	press(b, "Make the schedule")
	b.Until(says("It has made nothing yet."))
	b.Until(says("Keeps the newest 7."))
	d.tick("nightly")
	b.Until(`document.querySelector('main a[href="/transfers/a001"]')`)
	press(b, "Suspend")
	b.Until(says("Suspended: it makes nothing."))
	b.Picture("schedules")
	press(b, "a001")
	b.Until(says("by schedule nightly"))
	b.Do(chromedp.NavigateBack())
	press(b, "Delete …")
	press(b, "Delete the schedule")
	b.Until(says("There is no schedule."))
}

func TestDatabases(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	for _, s := range []browsertest.Screen{desktop, phone} {
		b := signIn(t, browser, d, "/databases", s)
		for _, words := range []string{"48.3 GB", "never a target", "connection refused", "closed now", "nightly", "512 GB"} {
			b.Until(says(words))
		}
		b.Fits()
		b.Picture("databases-" + s.Name)
	}
}

// Who may only look is offered nothing else.
func TestReader(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	d.operate = d.read
	id := d.begin(work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}, "owner", "").ID
	b := signIn(t, browser, d, "/transfers/"+id, desktop)
	b.Until(word + ` === 'Running'`)
	b.Until(says("Log"))
	if browsertest.Ask[bool](b, `[...document.querySelectorAll('.operate')].some(e => e.checkVisibility())`) {
		t.Error("controls are offered")
	}
}
