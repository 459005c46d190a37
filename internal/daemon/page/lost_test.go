package page_test

import (
	"strings"
	"testing"

	"pgsluice/internal/browsertest"
	"pgsluice/internal/daemon/work"
)

// A connection that is lost is spoken of, and opened again; the log goes on behind its last line.
func TestConnectionLost(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	id := d.begin(work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}, "owner", "").ID
	b := signIn(t, browser, d, "/transfers/"+id, desktop)
	b.Allow(func(c string) bool { return strings.Contains(c, "ERR_") || strings.Contains(c, "503") })
	b.Until(`document.querySelectorAll('.tasks tbody tr').length === 3`)
	lines := browsertest.Ask[int](b, `document.querySelectorAll('.log li').length`)
	d.down.Store(true)
	d.server.CloseClientConnections()
	b.Until(`document.getElementById('lost').innerText.includes('Connection lost, retrying')`)
	b.Picture("lost")
	if !browsertest.Ask[bool](b, `document.querySelectorAll('.tasks tbody tr').length === 3`) {
		t.Error("what was known is shown no more")
	}
	d.down.Store(false)
	b.Until(`document.getElementById('lost').hidden`)
	want := work.WantCancel
	if _, err := d.Change(t.Context(), id, work.Change{Want: &want}, "owner"); err != nil {
		t.Fatal(err)
	}
	b.Until(word + ` === 'Canceled'`)
	b.Until(`[...document.querySelectorAll('.log li')].filter(l => l.innerText.includes('Canceled')).length === 1`)
	if got := browsertest.Ask[int](b, `[...document.querySelectorAll('.log li')].filter(l => l.innerText.includes('planned:')).length`); got != 1 || lines == 0 {
		t.Errorf("the plan is told %d times, %d lines before", got, lines)
	}
}
