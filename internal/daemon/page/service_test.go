package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"pgsluice/internal/daemon/work"
)

// service is a daemon without databases: its transfers move bytes that are not there, through real trackers, at a rate that can be limited.
// The page's tests can so see states that a real one passes in a moment, or never gets into.
type service struct {
	mu        sync.Mutex
	number    uint64
	transfers map[string]*running
	schedules map[string]work.Schedule
	databases []work.Database
	changed   chan struct{} // closed and made anew at each change
	ctx       context.Context
	wait      sync.WaitGroup
}

type running struct {
	work.Transfer
	progress json.RawMessage
	report   json.RawMessage
	events   []work.Event
	stop     context.CancelFunc
}

func newService(ctx context.Context) *service {
	hours := func(n int) time.Time { return time.Now().Add(-time.Duration(n) * time.Hour) }
	return &service{
		ctx: ctx, changed: make(chan struct{}), transfers: map[string]*running{}, schedules: map[string]work.Schedule{},
		databases: []work.Database{
			{Name: "prod", NeverTarget: true, MaxStreams: 8, RateLimit: 200_000_000, WindowOpen: true, Bytes: 48_300_000_000, Version: "15.18", Looked: hours(1)},
			{Name: "staging", WindowOpen: true, Bytes: 47_100_000_000, Version: "17.11", Looked: hours(1)},
			{Name: "small", WindowOpen: true, Bytes: 8_120_000, Version: "17.11", Looked: hours(1)},
			{Name: "reports", Window: "22:00-05:00 Europe/Berlin", Looked: hours(2), Error: "connect: host db7: connection refused"},
		},
	}
}

// set changes a transfer and tells of it.
func (s *service) set(id string, change func(t *running)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.transfers[id]
	before := t.Transfer
	change(t)
	if before.State != t.State || before.Want != t.Want || before.Waits != t.Waits || before.Error != t.Error {
		t.tell("state", encode(t.Transfer))
	}
	s.notify()
}

func (t *running) tell(name string, data json.RawMessage) {
	t.events = append(t.events, work.Event{Number: uint64(len(t.events) + 1), At: time.Now(), Name: name, Data: data})
}

func (s *service) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// Write takes the lines of FollowJSON for one transfer.
type lines struct {
	s  *service
	id string
}

func (l lines) Write(p []byte) (int, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	t := l.s.transfers[l.id]
	for line := range bytes.Lines(p) {
		var head struct{ Event string }
		if err := json.Unmarshal(line, &head); err != nil {
			return 0, err
		}
		if head.Event == "progress" || head.Event == "end" {
			t.progress = bytes.Clone(line)
		} else {
			t.tell(head.Event, bytes.Clone(line))
		}
	}
	l.s.notify()
	return len(p), nil
}

func (s *service) Databases(context.Context) ([]work.Database, error) { return s.databases, nil }

func (s *service) Stores(context.Context) ([]work.Store, error) {
	return []work.Store{{Name: "nightly", Bytes: 93_000_000_000, Files: 41, Free: 512_000_000_000}}, nil
}

func (s *service) database(name string) *work.Database {
	i := slices.IndexFunc(s.databases, func(d work.Database) bool { return d.Name == name })
	if i < 0 {
		return nil
	}
	return &s.databases[i]
}

func (s *service) check(spec work.Spec) error {
	target := s.database(spec.Target)
	switch {
	case spec.Kind != work.Restore && s.database(spec.Source) == nil:
		return &work.Invalid{Field: "spec.source", Message: fmt.Sprintf("there is no database %q", spec.Source)}
	case spec.Kind == work.Dump:
		return nil
	case target == nil:
		return &work.Invalid{Field: "spec.target", Message: fmt.Sprintf("there is no database %q", spec.Target)}
	case target.NeverTarget && spec.Kind != work.Verify:
		return &work.Invalid{Field: "spec.target", Message: spec.Target + " is never_target"}
	}
	return nil
}

func (s *service) Plan(_ context.Context, spec work.Spec) (*work.Preview, error) {
	if err := s.check(spec); err != nil {
		return nil, err
	}
	p := &work.Preview{Tables: 11, Bytes: 1_313_153_657, Rows: 9_859_287, Indexes: 5, Keys: 7, Seconds: 94, Findings: []work.Finding{}}
	switch {
	case spec.Kind == work.Copy && spec.Target == "staging" && !spec.Options.Clean:
		p.Refused = true
		p.Findings = append(p.Findings, work.Finding{Severity: "error", Text: "staging holds 37 tables", Advice: "choose to remove what it holds, or an empty database"})
	case spec.Options.Clean:
		p.Removes = true
		p.Findings = append(p.Findings, work.Finding{Severity: "warning", Text: "all that staging holds is removed: 37 tables, 47.1 GB"})
	}
	p.Findings = append(p.Findings, work.Finding{Severity: "note", Text: "subscription orders_from_eu is left out", Advice: "create it by hand"})
	return p, nil
}

func (s *service) Create(_ context.Context, spec work.Spec, by string) (*work.Transfer, error) {
	if err := s.check(spec); err != nil {
		return nil, err
	}
	if spec.Options.Clean && spec.Confirm != spec.Target {
		return nil, &work.Invalid{Field: "spec.confirm", Message: "what " + spec.Target + " holds would be removed: confirm that by its name"}
	}
	return s.begin(spec, by, ""), nil
}

func (s *service) begin(spec work.Spec, by, schedule string) *work.Transfer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	t := &running{Transfer: work.Transfer{
		ID: work.ID(spec.Kind, s.number, schedule != ""), Number: s.number, Spec: spec, Schedule: schedule, Created: time.Now(), By: by,
		State: work.Pending, Want: work.WantRun,
	}}
	t.tell("state", encode(t.Transfer))
	s.transfers[t.ID] = t
	ctx, stop := context.WithCancel(s.ctx)
	t.stop = stop
	if spec.Source == "reports" || spec.Target == "reports" {
		t.Waits = "waits for the window of reports, which opens at 22:00"
	} else {
		s.wait.Go(func() { s.run(ctx, t.ID) })
	}
	s.notify()
	copied := t.Transfer
	return &copied
}

func (s *service) Transfers(context.Context, work.Filter) ([]work.Transfer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []work.Transfer
	for _, t := range s.transfers {
		all = append(all, t.Transfer)
	}
	slices.SortFunc(all, func(a, b work.Transfer) int { return int(b.Number) - int(a.Number) })
	return all, nil
}

func (s *service) Transfer(_ context.Context, id string) (*work.Transfer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.transfers[id]
	if t == nil {
		return nil, work.ErrNotFound
	}
	copied := t.Transfer
	return &copied, nil
}

func (s *service) Change(ctx context.Context, id string, c work.Change, _ string) (*work.Transfer, error) {
	if _, err := s.Transfer(ctx, id); err != nil {
		return nil, err
	}
	s.set(id, func(t *running) {
		if c.RateLimit != nil {
			t.Spec.Options.RateLimit = *c.RateLimit
		}
		if c.Jobs != nil {
			t.Spec.Options.Jobs = *c.Jobs
		}
		if c.Want == nil {
			return
		}
		t.Want = *c.Want
		if t.Want == work.WantCancel {
			t.stop()
			if t.State == work.Pending {
				t.State = work.Canceled
			}
		}
	})
	return s.Transfer(ctx, id)
}

func (s *service) Report(ctx context.Context, id string) (json.RawMessage, error) {
	t, err := s.Transfer(ctx, id)
	if err != nil || t.Ended == nil {
		return nil, work.ErrNotFound
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.transfers[id].report; r != nil {
		return r, nil
	}
	return json.RawMessage(`{"schema":"pgsluice/report"}`), nil
}

func (s *service) Ready(context.Context) error { return nil }
