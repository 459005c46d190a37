package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Screen is how a page is looked at: its name, its width in CSS pixels, and light or dark.
type Screen struct {
	Name   string
	Width  int64
	Scheme string
}

// Screens are those that every page is looked at with.
var Screens = []Screen{{"1280-light", 1280, "light"}, {"1280-dark", 1280, "dark"}, {"390-light", 390, "light"}, {"390-dark", 390, "dark"}}

// Tab is a page in the browser, and what the browser said about it.
type Tab struct {
	T   *testing.T
	Ctx context.Context // of the tab, for chromedp

	close      context.CancelFunc
	mu         sync.Mutex
	complaints []string
	requests   []string
	allowed    func(string) bool
}

// Open loads a page in a new tab. What the browser complains about fails the test at its end.
func Open(t *testing.T, browser context.Context, url string, s Screen) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	b := &Tab{T: t, Ctx: ctx, close: cancel, allowed: func(string) bool { return false }}
	t.Cleanup(func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			if !b.allowed(c) {
				t.Errorf("the browser complains: %s", c)
			}
		}
	})
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	Command(b, log.Enable, cdp.Empty{})
	Command(b, network.Enable, network.EnableParams{})
	Command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.Scheme}},
	})
	b.Do(chromedp.EmulateViewport(s.Width, 900), chromedp.Navigate(url))
	return b
}

// Allow says which complaints are meant to come.
func (b *Tab) Allow(allowed func(complaint string) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = allowed
}

// Close closes the tab before the test ends: a browser opens only six connections to one host, for all tabs.
func (b *Tab) Close() { b.close() }

// Requests are the URLs that the page has asked for, in order.
func (b *Tab) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

func (b *Tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		b.complaints = append(b.complaints, text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprintf("console: %v", e.Type))
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text+" "+e.Entry.URL)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// Do runs actions, and ends the test where one can't be run.
func (b *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	if err := chromedp.Do(b.Ctx, actions...); err != nil {
		b.T.Fatal(err)
	}
}

// Command runs a command of the browser's protocol.
func Command[P, R any](b *Tab, c cdp.Command[P, R], params P) {
	b.T.Helper()
	if _, err := chromedp.Call(b.Ctx, c, params); err != nil {
		b.T.Fatal(err)
	}
}

// Ask evaluates an expression of JavaScript; of a promise, what it is fulfilled with.
func Ask[T any](b *Tab, expression string) T {
	b.T.Helper()
	value, err := chromedp.Run(b.Ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.T.Fatal(err)
	}
	return value
}

// Until waits until an expression of JavaScript is true, at most half a minute.
func (b *Tab) Until(expression string) {
	b.T.Helper()
	b.UntilWithin(30*time.Second, expression)
}

// UntilWithin is Until with another patience.
func (b *Tab) UntilWithin(patience time.Duration, expression string) {
	b.T.Helper()
	deadline := time.Now().Add(patience)
	for !Ask[bool](b, `!!(`+expression+`)`) {
		if time.Now().After(deadline) {
			b.T.Fatalf("never true: %s\nthe page says: %s", expression, Ask[string](b, `document.body.innerText`))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Fits fails the test where the page is wider than the screen, or something of it stands beyond the right edge. What is in .unseen or .plot may.
func (b *Tab) Fits() {
	b.T.Helper()
	if wide, room := Ask[int64](b, `document.documentElement.scrollWidth`), Ask[int64](b, `innerWidth`); wide > room {
		b.T.Errorf("the page is %d pixels wide on a screen of %d", wide, room)
	}
	out := Ask[[]string](b, `[...document.querySelectorAll('body *')].filter(e => !e.closest('.unseen, .plot, defs') &&
		e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 200))`)
	if len(out) > 0 {
		b.T.Errorf("beyond the right edge: %q", out)
	}
}

// Picture writes the whole page as NAME.png to the directory that PGSLUICE_SCREENSHOTS names, if there is one.
func (b *Tab) Picture(name string) {
	b.T.Helper()
	dir := os.Getenv("PGSLUICE_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.Ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.T.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.T.Fatal(err)
	}
}
