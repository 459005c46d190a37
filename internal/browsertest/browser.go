// Package browsertest looks at our pages in a real browser, Debian's Chromium, for the tests of the rooms that make pages. What the browser
// complains about fails the test: errors of scripts, console lines, violations of a page's policy.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pgsluice/internal/cluster"
)

// program finds a Chromium. Where there is none it is installed, but only where that is asked of the distribution's own package manager by
// root, as on a machine made for tests.
func program(t *testing.T) string {
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

// Start returns the context of a running browser, in which tabs are opened. The browser ends with the test, after at most five minutes.
// Without a Chromium the test is skipped.
func Start(t *testing.T) context.Context {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{chromedp.Headless, chromedp.NoFirstRun, chromedp.ExecPath(program(t)), chromedp.UserDataDir(t.TempDir())}
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
