package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"pgsluice/internal/cluster"
)

// browserProgram finds a Chromium. Where there is none it is installed, but only where that is asked of the
// distribution's own package manager by root, as on a machine made for tests.
func browserProgram(t *testing.T) string {
	t.Helper()
	find := func() string {
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless_shell"} {
			if path, err := exec.LookPath(name); err == nil {
				return path
			}
		}
		return ""
	}
	if path := find(); path != "" {
		return path
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		t.Skip("no Chromium on PATH, and none can be installed: that takes apt-get and root")
	}
	// apt works for one at a time: first what the tests of other packages may be installing now
	if _, err := cluster.Ensure(t.Context(), t.Output()); err != nil {
		t.Skipf("no Chromium on PATH, and apt can't be used: %v", err)
	}
	for _, args := range [][]string{{"-q", "update"}, {"-q", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends", "install", "chromium"}} {
		cmd := exec.CommandContext(t.Context(), "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("no Chromium on PATH, and installing it: apt-get %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	path := find()
	if path == "" {
		t.Skip("the package chromium brought no program that is known here")
	}
	return path
}

// startBrowser returns the context of a running browser, in which tabs are opened.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{chromedp.Headless, chromedp.NoFirstRun, chromedp.ExecPath(browserProgram(t)), chromedp.UserDataDir(t.TempDir())}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	// Not of the test's context, which ends before the browser is asked to close.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, shut := chromedp.NewContext(ctx)
	t.Cleanup(shut)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("stop the browser: %v", err)
		}
	})
	return ctx
}

// screen is how a page is looked at.
type screen struct {
	name   string
	width  int64
	scheme string
}

var screens = []screen{{"1280-light", 1280, "light"}, {"1280-dark", 1280, "dark"}, {"390-light", 390, "light"}, {"390-dark", 390, "dark"}}

// tab is a page in the browser, and what the browser said about it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// openTab loads a report in a new tab. What the browser complains about fails the test at its end.
func openTab(t *testing.T, browser context.Context, r Report, s screen) *tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := WriteFile(path, r); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	b := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Errorf("the browser complains: %s", c)
		}
		if len(b.requests) != 1 {
			t.Errorf("the page made requests: %q", b.requests)
		}
	})
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	command(b, log.Enable, cdp.Empty{})
	command(b, network.Enable, network.EnableParams{})
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}},
	})
	b.do(chromedp.EmulateViewport(s.width, 900), chromedp.Navigate("file://"+path))
	return b
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprintf("console: %v", e.Type))
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func command[P, R any](b *tab, c cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, c, params); err != nil {
		b.t.Fatal(err)
	}
}

// ask evaluates an expression of JavaScript.
func ask[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}
