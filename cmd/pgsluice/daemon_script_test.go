package main

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/daemon/worktest"
)

// daemonInMemory: starts a daemon's API over a service in memory, at $PGSLUICE_SERVER, with $PGSLUICE_TOKEN that may operate and $READER that may
// not. What becomes of its transfers, the command happens says.
func daemonInMemory(ts *testscript.TestScript, _ bool, _ []string) {
	s, tokens := worktest.New(), token.In(ts.MkAbs("."))
	for name, role := range map[string]token.Role{"PGSLUICE_TOKEN": token.Operate, "READER": token.Read} {
		secret, err := tokens.Add(strings.ToLower(name), role)
		ts.Check(err)
		ts.Setenv(name, secret)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.Server(api.New(s, tokens, api.Options{}), api.Limits{})
	server.Start()
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	ts.Setenv("PGSLUICE_SERVER", server.URL)
	stateOf(ts).service = s
}

// happens ID [STATE] [NAME=VALUE...]: changes a transfer of the daemon in memory, once it is there. The names are waits, error, warnings (any), moved
// (any), progress, report and the names of events, with JSON as their values.
func happens(ts *testscript.TestScript, _ bool, args []string) {
	s, id := stateOf(ts).service, args[0]
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for ctx := stateOf(ts).test.Context(); ; {
		if _, err := s.Transfer(ctx, id); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("there is no %s", id)
		case <-look.C:
		}
	}
	for _, word := range args[1:] {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			s.Set(id, func(t *work.Transfer) { become(t, work.State(word)) })
			continue
		}
		switch name {
		case "waits":
			s.Set(id, func(t *work.Transfer) { t.Waits = value })
		case "error":
			s.Set(id, func(t *work.Transfer) { t.Error = value })
		case "warnings":
			s.Set(id, func(t *work.Transfer) { t.Warnings = len(value) })
		case "moved":
			s.Set(id, func(t *work.Transfer) {
				t.Totals = work.Totals{Bytes: 48_300_000_000, Rows: 120_000_000, Tables: 212, Seconds: 611}
			})
		case "equal":
			s.Set(id, func(t *work.Transfer) { equal := value == "yes"; t.Equal = &equal })
		case "progress":
			s.Progress(id, json.RawMessage(value))
		case "report":
			s.Reported(id, json.RawMessage(value))
		default:
			s.Log(id, name, json.RawMessage(value))
		}
	}
}

// become changes a transfer's state as a daemon does.
func become(t *work.Transfer, state work.State) {
	t.State, t.Waits = state, ""
	if t.Started == nil && state != work.Pending {
		at := worktest.Begin
		t.Started, t.Attempts = &at, 1
	}
	if state.Final() {
		at := worktest.Begin.Add(611 * time.Second)
		t.Ended = &at
	}
}

// followed waits until somebody follows a transfer of the daemon in memory, or ended is closed.
func followed(ts *testscript.TestScript, id string, ended <-chan struct{}) {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for stateOf(ts).service.Readers(id) == 0 {
		select {
		case <-ended:
			return
		case <-look.C:
		}
	}
}
