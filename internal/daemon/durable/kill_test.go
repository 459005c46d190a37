package durable

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// shop is a source of a few megabytes, with something of each phase.
const shop = `
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO customers SELECT g, 'customer ' || g FROM generate_series(1, 5000) g;
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, note text);
INSERT INTO orders SELECT g, 1 + g % 5000, repeat(md5(g::text), 4) FROM generate_series(1, 10000) g;
CREATE INDEX ON orders (note);
CREATE TABLE log (at timestamptz, line text);
INSERT INTO log SELECT '2026-01-01'::timestamptz + g * interval '1 s', md5(g::text) FROM generate_series(1, 10000) g;
CREATE MATERIALIZED VIEW sums AS SELECT customer, count(*) FROM orders GROUP BY 1;
SELECT lo_from_bytea(7, '\x0102');`

const (
	sources = 3
	atOnce  = 2 // transfers of one source
	width   = 2 // copy streams of one transfer
)

// TestKilled kills the daemon while transfers run between two servers, at counted moments that it can't know, and starts it again.
func TestKilled(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(*seed, 7))
	urls, keys := map[string]string{}, map[string]string{}
	from, into := pgtest.Server(t), pgtest.Second(t)
	for i := range sources {
		name := fmt.Sprint("source", i)
		urls[name] = pgtest.Database(t)
		keys[name] = fmt.Sprintf(", never_target: true, max_transfers: %d, rate_limit: 2MB/s, max_streams: %d", atOnce, width)
		pgtest.Exec(t, urls[name], fmt.Sprintf("%s UPDATE customers SET name = name || ' of %d'", shop, i))
	}
	urls["small"] = pgtest.Database(t)
	pgtest.Exec(t, urls["small"], "CREATE TABLE s AS SELECT 1 AS n")
	specs := make([]work.Spec, *transfers)
	for i := range specs {
		specs[i] = work.Spec{Kind: work.Copy, Source: fmt.Sprint("source", i%sources), Target: fmt.Sprint("target", i)}
		if i%4 == 3 {
			specs[i].Kind, specs[i].Target = work.Dump, "disk"
			continue
		}
		urls[specs[i].Target] = pgtest.DatabaseOn(t, into)
		keys[specs[i].Target] = fmt.Sprintf(", max_streams: %d", width)
		if i%8 == 5 { // of the first dump, whose id is not known yet
			specs[i].Kind, specs[i].Source = work.Restore, ""
		}
	}
	disk := t.TempDir()
	var bytes counter
	throughFrom, throughInto := bytes.relay(t, from), bytes.relay(t, into)
	relayed := map[string]string{}
	for name, url := range urls {
		relayed[name] = throughInto(throughFrom(url))
	}
	d := newDaemon(t, configured(t, relayed, keys, fmt.Sprintf("stores: {disk: %s}\nlimits: {transfers: 4}\n", disk)))
	since := time.Now()
	schedule, err := d.PutSchedule(bounded(t), work.Schedule{Name: "minutely", Cron: "* * * * *", Spec: work.Spec{Kind: work.Dump, Source: "small", Target: "disk"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	first := d.create(work.Spec{Kind: work.Dump, Source: "source0", Target: "disk"})
	d.completed(first)
	var begun atomic.Pointer[time.Time]
	now := time.Now()
	begun.Store(&now)
	present := func() time.Time { return *begun.Load() }
	stopFrom, stopInto := streams(t, from, "testkilled", atOnce*width, present), streams(t, into, "testkilled", width, present)
	var ids []string
	for _, s := range specs {
		if s.Kind == work.Restore {
			s.Dump = first
		}
		ids = append(ids, d.create(s))
	}
	for i := range *kills {
		switch i % 4 {
		case 1:
			d.ready()
			d.killedAtChange(1 + random.IntN(3))
		case 3: // it has hardly begun
			d.killedAt(&bytes, random.Int64N(20_000))
		default:
			d.killedAt(&bytes, random.Int64N(3_000_000))
		}
		now := time.Now()
		begun.Store(&now)
		d.start()
	}
	d.ready()

	attempts := 0
	var history []change
	files := map[string]bool{d.completed(first).File: true}
	for i, id := range ids {
		done := d.completed(id)
		attempts += done.Attempts
		history = append(history, d.history(id)...)
		if specs[i].Kind != work.Dump {
			pgtest.DBDiff(t, urls[cmp.Or(specs[i].Source, "source0")], urls[specs[i].Target])
			continue
		}
		files[done.File] = true
		restored := pgtest.Database(t)
		pgtest.Restore(t, restored, filepath.Join(disk, done.File))
		pgtest.DBDiff(t, urls[specs[i].Source], restored)
	}
	stopFrom()
	stopInto()
	if attempts == len(ids) && *kills > 1 {
		t.Error("no transfer was taken up again: the kills have hit none")
	}
	t.Logf("%d kills, %d transfers, %d attempts", *kills, len(ids), attempts)
	neverMore(t, history)
	for _, file := range d.ticked(schedule, since) {
		files[file] = true
	}
	left, err := os.ReadDir(disk)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		if !files[file.Name()] {
			t.Errorf("%s is left in the store, and belongs to no transfer", file.Name())
		}
	}
	if len(left) < len(files) {
		t.Errorf("%d files are in the store, want %d", len(left), len(files))
	}
}

// change is a state that a transfer has got, in the order of all of them.
type change struct {
	number uint64
	work.Transfer
}

// history reads a transfer's log, which ends with its one final state.
func (d *daemon) history(id string) []change {
	d.t.Helper()
	var all []change
	finals := 0
	for e, err := range d.Events(bounded(d.t), id, 0) {
		if err != nil {
			d.t.Fatal(err)
		}
		if e.Name != "state" {
			continue
		}
		c := change{number: e.Number}
		if err := json.Unmarshal(e.Data, &c.Transfer); err != nil {
			d.t.Fatal(err)
		}
		if c.State.Final() {
			finals++
		}
		all = append(all, c)
	}
	if finals != 1 {
		d.t.Errorf("the log of %s has %d final states, want one", id, finals)
	}
	return all
}

// neverMore replays the states of all transfers and counts how many use a source at a time.
func neverMore(t *testing.T, history []change) {
	t.Helper()
	slices.SortFunc(history, func(a, b change) int { return cmp.Compare(a.number, b.number) })
	busy := map[string]map[string]bool{}
	most := 0
	for _, c := range history {
		if c.Spec.Source == "" {
			continue
		}
		use := busy[c.Spec.Source]
		if use == nil {
			use = map[string]bool{}
			busy[c.Spec.Source] = use
		}
		delete(use, c.ID)
		if c.State == work.Running || c.State == work.Paused {
			use[c.ID] = true
		}
		most = max(most, len(use))
		if len(use) > atOnce {
			t.Fatalf("%d transfers use %s at event %d, want %d at most", len(use), c.Spec.Source, c.number, atOnce)
		}
	}
	if most < atOnce {
		t.Errorf("no source was used by %d transfers at a time: the limit was not tested", atOnce)
	}
}

// ticked suspends the schedule and counts its transfers: one for each minute that has begun since it was made. It returns their files.
func (d *daemon) ticked(s *work.Schedule, since time.Time) (files []string) {
	d.t.Helper()
	// not while a minute begins
	wait(d.t, "time between two ticks", func() bool { second := time.Now().Second(); return second > 5 && second < 55 })
	until := time.Now()
	want := int(until.Truncate(time.Minute).Sub(since.Truncate(time.Minute)) / time.Minute)
	mine := func() []work.Transfer {
		all, err := d.Transfers(bounded(d.t), work.Filter{Database: "small", Limit: 100})
		if err != nil {
			d.t.Fatal(err)
		}
		return all
	}
	wait(d.t, fmt.Sprintf("%d transfers of ticks", want), func() bool { return len(mine()) >= want })
	s.Suspended = true
	if _, err := d.PutSchedule(bounded(d.t), *s, ""); err != nil {
		d.t.Fatal(err)
	}
	for _, t := range mine() {
		files = append(files, d.completed(t.ID).File)
	}
	if len(files) != want {
		d.t.Errorf("%d ticks have made transfers, want %d from %s to %s", len(files), want, since, until)
	}
	d.t.Logf("%d ticks", want)
	return files
}
