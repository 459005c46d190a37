package report

import (
	"context"
	"path/filepath"
	"testing"

	"pgsluice/internal/browsertest"
)

// openReport looks at a report in a new tab of the browser. It must need nothing but its one file.
func openReport(t *testing.T, browser context.Context, r Report, s browsertest.Screen) *browsertest.Tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := WriteFile(path, r); err != nil {
		t.Fatal(err)
	}
	b := browsertest.Open(t, browser, "file://"+path, s)
	t.Cleanup(func() {
		if requests := b.Requests(); len(requests) != 1 {
			t.Errorf("the page made requests: %q", requests)
		}
	})
	return b
}
