package page_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"pgsluice/internal/browsertest"
	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/page"
	"pgsluice/internal/daemon/token"
)

var (
	desktop = browsertest.Screens[0]
	dark    = browsertest.Screens[1]
	phone   = browsertest.Screen{Name: "360-light", Width: 360, Scheme: "light"}
)

// served is a page with its API.
type served struct {
	*service
	url           string
	server        *httptest.Server // of one that is not real
	operate, read string           // secrets of tokens
	source        string           // of a real one
	down          atomic.Bool      // it answers nothing
}

// serve starts the page over a service.
func serve(t *testing.T) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := newService(ctx)
	tokens := token.In(t.TempDir())
	d := &served{service: s, operate: secret(t, tokens, "owner", token.Operate), read: secret(t, tokens, "guest", token.Read)}
	handler := api.New(s, tokens, api.Options{Page: page.Handler(), Failed: func(r *http.Request, err error) {
		if !d.down.Load() { // else its connection was cut
			t.Errorf("%s: %v", r.URL.Path, err)
		}
	}})
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	d.url = d.server.URL
	t.Cleanup(func() {
		cancel()
		d.server.CloseClientConnections()
		d.server.Close()
		s.wait.Wait()
	})
	return d
}

func secret(t *testing.T, tokens *token.File, name string, role token.Role) string {
	t.Helper()
	s, err := tokens.Add(name, role)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signIn opens the page and signs in by hand.
func signIn(t *testing.T, browser context.Context, d *served, path string, s browsertest.Screen) *browsertest.Tab {
	t.Helper()
	b := browsertest.Open(t, browser, d.url+path, s)
	b.Allow(func(c string) bool { return strings.Contains(c, "404") && strings.Contains(c, "c999") })
	b.Do(chromedp.SendKeys(chromedp.CSS(`input[type=password]`), d.operate+"\r"))
	b.Until(`document.querySelector('nav:not([hidden])')`)
	return b
}

func says(words string) string {
	return `document.querySelector('main').innerText.includes(` + quoted(words) + `)`
}

func quoted(s string) string { return string(encode(s)) }

// press clicks on what has a text, as its user sees it.
func press(b *browsertest.Tab, words string) {
	b.T.Helper()
	b.Until(`[...document.querySelectorAll('button, a')].some(e => e.checkVisibility() && !e.disabled && e.innerText.trim().startsWith(` + quoted(words) + `))`)
	browsertest.Ask[bool](b, `(() => {
		const e = [...document.querySelectorAll('button, a')].find(e => e.checkVisibility() && !e.disabled && e.innerText.trim().startsWith(`+quoted(words)+`));
		e.focus();
		e.click();
		return true;
	})()`)
}

func TestSignIn(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	b := browsertest.Open(t, browser, d.url+"/databases", desktop)
	b.Allow(func(c string) bool { return strings.Contains(c, "401") })
	if got := browsertest.Ask[string](b, `document.activeElement.type`); got != "password" {
		t.Errorf("the focus is in %q", got)
	}
	b.Picture("login")
	b.Do(chromedp.SendKeys(chromedp.CSS(`input[type=password]`), "wrong\r"))
	b.Until(says("This token is not known to the daemon"))
	b.Do(chromedp.SendKeys(chromedp.CSS(`input[type=password]`), d.operate+"\r"))
	b.Until(`document.title.startsWith('Databases')`)
	press(b, "Sign out")
	b.Until(`document.title.startsWith('Sign in')`)
	if n := browsertest.Ask[int](b, `sessionStorage.length`); n != 0 {
		t.Errorf("%d things are left in the tab's store", n)
	}
}
