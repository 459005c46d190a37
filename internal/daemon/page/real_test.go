package page_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"pgsluice/internal/browsertest"
	"pgsluice/internal/daemon"
	"pgsluice/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// serveReal starts a daemon with two databases, of which the first is filled by SQL.
func serveReal(t *testing.T, fill string) *served {
	t.Helper()
	dir := t.TempDir()
	source, target := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, source, fill)
	for name, text := range map[string]string{"prod": source, "staging": target, "pgsluice.yaml": fmt.Sprintf(`
databases:
  prod:
    url_file: prod
    never_target: true
  staging:
    url_file: staging
stores:
  nightly: %s
`, filepath.Join(dir, "dumps"))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	d := &served{source: source}
	started, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- daemon.Serve(ctx, daemon.Options{
			Data: filepath.Join(dir, "data"), Config: filepath.Join(dir, "pgsluice.yaml"), Listen: "127.0.0.1:0", Version: "test",
			Log:     zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)),
			Started: func(url, secret string) { d.url, d.operate = url, secret; close(started) },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the daemon: %v", err)
		}
	})
	select {
	case <-started:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return d
}

// A real copy is made, watched, throttled, paused, resumed and canceled; another one has its cause of failure on the page; and a schedule
// makes a dump.
func TestRealDaemon(t *testing.T) {
	browser := browsertest.Start(t)
	d := serveReal(t, `
CREATE TABLE big (id int PRIMARY KEY, filler text);
INSERT INTO big SELECT i, repeat('x', 10000) FROM generate_series(1, 2000) i;
`)
	b := signIn(t, browser, d, "/new", desktop)
	b.Until(`document.querySelectorAll('select option').length > 4`)
	choose(b, "From", "prod")
	choose(b, "To", "staging")
	choose(b, "Rate limit", "1 MB/s")
	press(b, "Show the plan")
	b.Until(says("The plan"))
	b.Until(says("to move"))
	b.Picture("real-plan")
	press(b, "Begin")
	b.Until(`location.pathname === '/transfers/c001'`)
	b.Until(word + ` === 'Running'`)
	b.Until(`document.querySelector('.tasks tbody tr th')?.innerText.includes('public.big')`)
	b.Until(`document.querySelector('.u-over')`)
	choose(b, "Rate limit", "500 kB/s")
	b.Do(chromedp.SendKeys(chromedp.CSS(`#limit`), "\r"))
	b.Until(`/^[1-6][0-9][0-9] kB\/s$/.test(` + rate + `)`)
	b.Until(`[...document.querySelectorAll('.log li')].some(l => l.innerText.includes('the rate limit is 500 kB/s'))`)
	b.Picture("real-busy")
	// Who comes later sees what was before.
	b.Do(chromedp.Reload())
	b.Until(`document.querySelector('.u-over')`)
	press(b, "Pause")
	b.Until(word + ` === 'Paused'`)
	press(b, "Resume")
	b.Until(word + ` === 'Running'`)
	press(b, "Cancel …")
	press(b, "Cancel the transfer")
	b.Until(word + ` === 'Canceled'`)
	b.Picture("real-canceled")

	// Rows that the target can't take; and what the first one has left there must be removed.
	pgtest.Exec(t, d.source, `
DO $$ BEGIN
	EXECUTE format('CREATE FUNCTION here() RETURNS bool IMMUTABLE LANGUAGE sql AS $f$ SELECT current_database() = %L $f$', current_database());
END $$;
CREATE TABLE bound (id int CHECK (here()));
INSERT INTO bound VALUES (4711);
`)
	press(b, "New transfer")
	b.Until(`document.querySelectorAll('select option').length > 4`)
	choose(b, "From", "prod")
	choose(b, "To", "staging")
	choose(b, "Remove first", "")
	press(b, "Show the plan")
	b.Until(says("Type its name to confirm that."))
	choose(b, "All that staging holds", "staging")
	press(b, "Wipe staging and begin")
	b.Until(word + ` === 'Failed'`)
	b.Until(`document.querySelector('.outcome .error').innerText.includes('violates check constraint')`)
	b.Until(`[...document.querySelectorAll('.log .bad')].some(l => l.innerText.includes('TABLE DATA public.bound'))`)
	b.Picture("real-failed")
}

func TestRealScheduleFires(t *testing.T) {
	browser := browsertest.Start(t)
	d := serveReal(t, `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 50);`)
	b := signIn(t, browser, d, "/schedules", desktop)
	b.Allow(func(c string) bool { return strings.Contains(c, "422") })
	press(b, "New schedule")
	b.Until(`document.querySelectorAll('select option').length > 4`)
	choose(b, "Name", "nightly")
	choose(b, "When", "61 * * * *")
	choose(b, "From", "prod")
	press(b, "Make the schedule")
	b.Until(`document.querySelector('form .wrong:not(:empty)')`)
	b.Picture("real-schedule-wrong")
	choose(b, "When", "* * * * *")
	press(b, "Make the schedule")
	b.Until(says("Next "))
	// It takes up to a minute.
	b.UntilWithin(75*time.Second, `document.querySelector('main a[href^="/transfers/a"]')`)
	press(b, "a0")
	b.Until(word + ` === 'Completed'`)
	b.Until(says("size of the dump"))
	b.Picture("real-dump")
}
