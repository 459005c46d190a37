package worktest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"pgsluice/internal/daemon/work"
)

// Service is a daemon's service without a daemon. Its databases are prod, which is never a target, and staging; its store is nightly. The zero
// value is none: use New. Its methods may be called from several goroutines.
type Service struct {
	mu        sync.Mutex
	changed   chan struct{} // closed and made anew at each change
	transfers []*transfer   // by number
	schedules map[string]work.Schedule
	readers   map[string]int // of logs, by id
	notReady  error
	broken    error
}

// transfer is one with what happened to it.
type transfer struct {
	work.Transfer
	events   []work.Event
	progress json.RawMessage
	report   json.RawMessage
}

// New is a service without transfers.
func New() *Service {
	return &Service{changed: make(chan struct{}), schedules: map[string]work.Schedule{}, readers: map[string]int{}}
}

// Begin is the time at which all things of a Service happen, so that answers can be compared.
var Begin = time.Date(2026, 1, 15, 2, 30, 0, 0, time.UTC)

// Break lets all that is asked from now on fail with err; nil mends it.
func (s *Service) Break(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

// Unready is what Ready says from now on.
func (s *Service) Unready(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notReady = err
}

// Set changes a transfer and logs its state. It panics if there is none.
func (s *Service) Set(id string, change func(t *work.Transfer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(id)
	change(&t.Transfer)
	s.logged(t, "state", encoded(t.Transfer))
}

// Log adds an event to a transfer's log. It panics if there is none.
func (s *Service) Log(id, name string, data json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logged(s.find(id), name, data)
}

// Progress is the latest progress of a transfer. It panics if there is none.
func (s *Service) Progress(id string, progress json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(id).progress = progress
	s.notify()
}

// Reported is the report of a transfer. It panics if there is none.
func (s *Service) Reported(id string, report json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(id).report = report
}

func (s *Service) find(id string) *transfer {
	i := slices.IndexFunc(s.transfers, func(t *transfer) bool { return t.ID == id })
	if i < 0 {
		return nil
	}
	return s.transfers[i]
}

func (s *Service) logged(t *transfer, name string, data json.RawMessage) {
	t.events = append(t.events, work.Event{Number: uint64(len(t.events) + 1), At: Begin, Name: name, Data: data})
	s.notify()
}

func (s *Service) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func encoded(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// Databases is work.Service's.
func (s *Service) Databases(context.Context) ([]work.Database, error) {
	return []work.Database{
		{Name: "prod", NeverTarget: true, MaxStreams: 8, WindowOpen: true, Bytes: 48_300_000_000, Version: "15.18", Looked: Begin},
		{Name: "staging", WindowOpen: true},
	}, s.fails()
}

// Stores is work.Service's.
func (s *Service) Stores(context.Context) ([]work.Store, error) {
	return []work.Store{{Name: "nightly", Bytes: 93_000_000_000, Files: 41, Free: -1}}, s.fails()
}

// Plan is work.Service's.
func (s *Service) Plan(_ context.Context, spec work.Spec) (*work.Preview, error) {
	if err := cmp.Or(s.fails(), check(spec)); err != nil {
		return nil, err
	}
	p := &work.Preview{Findings: []work.Finding{}, Tables: 212, Bytes: 48_300_000_000, Rows: 120_000_000, Indexes: 340, Keys: 95, Seconds: 600}
	if spec.Options.Clean {
		p.Removes = true
		p.Findings = append(p.Findings, work.Finding{Severity: "warning", Text: "staging holds 3 tables, which will be removed"})
	}
	return p, nil
}

func (s *Service) fails() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// Ready is work.Service's.
func (s *Service) Ready(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notReady
}

// check is what a daemon refuses, as far as tests need it.
func check(spec work.Spec) error {
	target := []string{"staging"}
	if spec.Kind == work.Dump {
		target = []string{"nightly"}
	}
	switch {
	case spec.Kind != work.Restore && spec.Source != "prod" && spec.Source != "staging":
		return &work.Invalid{Field: "spec.source", Message: fmt.Sprintf("no database %q in the configuration", spec.Source)}
	case spec.Target == "prod":
		return &work.Invalid{Field: "spec.target", Message: "prod is never a target"}
	case !slices.Contains(target, spec.Target):
		return &work.Invalid{Field: "spec.target", Message: fmt.Sprintf("no %q in the configuration", spec.Target)}
	case spec.Options.Clean && spec.Confirm != spec.Target:
		return &work.Invalid{Field: "spec.confirm", Message: "must be the target's name, " + spec.Target}
	}
	return nil
}
