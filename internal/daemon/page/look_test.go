package page_test

import (
	"testing"

	"pgsluice/internal/browsertest"
	"pgsluice/internal/daemon/work"
)

// Every view fits its screen, in its empty, busy and failed states. PGSLUICE_SCREENSHOTS names a directory for pictures of them.
func TestLooks(t *testing.T) {
	browser := browsertest.Start(t)
	for _, screen := range []browsertest.Screen{desktop, dark, phone} {
		t.Run(screen.Name, func(t *testing.T) {
			d := serve(t)
			look := func(name, path string, until ...string) {
				b := signIn(t, browser, d, path, screen)
				defer b.Close()
				for _, u := range until {
					b.Until(u)
				}
				b.Fits()
				b.Picture(name + "-" + screen.Name)
			}
			look("empty", "/", says("Nothing is waiting or running."))
			begin := func(source, target, schedule string) string {
				return d.begin(work.Spec{Kind: work.Copy, Source: source, Target: target}, "owner", schedule).ID
			}
			busy, failed, waiting := begin("prod", "staging", ""), begin("small", "small", ""), begin("reports", "staging", "")
			begin("small", "staging", "nightly")
			look("list", "/", says("Finished with 1 warning"), says(" MB/s"))
			look("failed", "/transfers/"+failed, says("No space left on device"), `document.querySelectorAll('.log li').length > 6`)
			look("waiting", "/transfers/"+waiting, says("It has not begun."), `document.querySelectorAll('.log li').length > 0`)
			look("new", "/new", `document.querySelectorAll('select option').length > 8`)
			look("busy", "/transfers/"+busy, says("4711"), `document.querySelector('.u-over')`)
			look("missing", "/transfers/c999", says("No such transfer"))
		})
	}
}
