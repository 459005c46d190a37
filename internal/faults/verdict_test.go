package faults

import (
	"context"
	"regexp"
	"strings"
	"time"

	"pgsluice/internal/pgtest"

	"github.com/jackc/pgx/v5"
)

// explained demands that what stands last, which is for people, says words and what the fault is known by.
func (p *play) explained(words ...string) {
	p.Helper()
	p.mentions(append(words, p.fault.says...)...)
}

func (p *play) mentions(words ...string) {
	p.Helper()
	said := tail(p.last())
	for _, w := range words {
		if !regexp.MustCompile(`(?i)` + w).MatchString(said) {
			p.Errorf("it does not say %q:\n%s", w, said)
		}
	}
}

// tail is what stands behind the last event.
func tail(output string) string {
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	from := len(lines)
	for from > 0 && !strings.HasPrefix(lines[from-1], "{") {
		from--
	}
	said := strings.Join(lines[from:], "\n")
	if len(said) > 3000 {
		said = said[:1500] + " … " + said[len(said)-1500:]
	}
	return said
}

// unchanged demands that the target has nothing but what every database has.
func (p *play) unchanged() {
	p.Helper()
	p.nothingRuns()
	if p.fault.filled {
		return
	}
	n := pgtest.Scalar[int](p, p.lane.url(target, p.lane.targetName()),
		"SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384) + (SELECT count(*) FROM pg_namespace WHERE oid >= 16384) + (SELECT count(*) FROM pg_largeobject_metadata)")
	if n > 0 {
		p.Errorf("nothing was to be changed, but the target has %d objects:\n%s", n, tail(p.last()))
	}
}

// complete demands that source and target are equal, and that nothing is left that was not to be copied.
func (p *play) complete() {
	p.Helper()
	p.nothingRuns()
	if p.hasLedger() {
		p.Error("schema _pgsluice is still on the target")
	}
	want := []contents{p.expected}
	if p.writers != nil {
		want = append(p.testimonies(), p.previous...)
		if len(want) == 0 {
			p.Fatal("no snapshot was seen")
		}
		if n, err := p.writers.stop(); err != nil || n == 0 {
			p.Errorf("the writers did %d transactions: %v", n, err)
		}
	}
	got, err := readFrom(context.Background(), p.lane.url(target, p.lane.targetName()))
	if err != nil {
		p.Fatal(err)
	}
	var except []string
	if p.blurred {
		except = []string{"sales.cache"}
	}
	if p.fault.filled {
		got.schema, want[0].schema = nil, nil // it was there before
		except = append(except, "sales.totals")
	}
	if d := p.compare(got, want, except); len(d) > 0 {
		p.Errorf("the databases differ:\n%.4000s", strings.Join(d, "\n"))
	}
	if p.writers == nil && !p.blurred && !p.fault.filled && p.lane.cases%(4+min(*cases, 16)) == 1 {
		pgtest.DBDiff(p, p.lane.url(source, "shop"), p.lane.url(target, p.lane.targetName()), "-S")
	}
}

// compare gives the differences from the moment of want that got is nearest to.
func (p *play) compare(got contents, want []contents, except []string) []string {
	if p.ofSeveral {
		return differences(got, want, except, true)
	}
	var least []string
	for i := range want {
		if d := differences(got, want[i:i+1], except, p.writers != nil); i == 0 || len(d) < len(least) {
			least = d
		}
	}
	return least
}

// nothingRuns demands that no backend of the program is left. A server looks every two seconds whether its client is there.
func (p *play) nothingRuns() {
	p.Helper()
	for s := range p.lane.clusters {
		conn, err := pgx.Connect(context.Background(), p.lane.url(s, "postgres"))
		if err != nil {
			p.Fatal(err)
		}
		var left string
		if !poll(10*time.Second, func() bool {
			err = conn.QueryRow(context.Background(), "SELECT coalesce(string_agg(application_name || ': ' || state || ': ' || query, E'\n'), '') FROM pg_stat_activity WHERE usename = 'mover'").Scan(&left)
			return err != nil || left == ""
		}) || err != nil {
			p.Errorf("backends are left on the %s: %s %v", s, left, err)
		}
		conn.Close(context.Background())
	}
}
