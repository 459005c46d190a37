package main

import (
	"time"

	"pgsluice/internal/transfer"
)

// statusSchema and statusVersion name the form of the status, described in `pgsluice help resume`.
const (
	statusSchema  = "pgsluice/status"
	statusVersion = 1
)

type statusJSON struct {
	Schema  string        `json:"schema"`
	Version int           `json:"version"`
	Target  statusTarget  `json:"target"`
	AtWork  *statusAtWork `json:"at_work"`
	Copy    *statusCopy   `json:"copy"`
}

type statusTarget struct {
	Host          string `json:"host"`
	Port          int    `json:"port"`
	Database      string `json:"database"`
	User          string `json:"user"`
	ServerVersion string `json:"server_version"`
}

type statusAtWork struct {
	PID           string   `json:"pid"`
	SilentSeconds *float64 `json:"silent_seconds"`
	Alive         bool     `json:"alive"`
}

type statusCopy struct {
	ID         string           `json:"id"`
	Source     string           `json:"source"`
	Options    string           `json:"options"`
	PgDump     string           `json:"pg_dump"`
	BegunAt    time.Time        `json:"begun_at"`
	LatestAt   *time.Time       `json:"latest_at"`
	TasksTotal int              `json:"tasks_total"`
	TasksDone  int              `json:"tasks_done"`
	Phases     []statusPhase    `json:"phases"`
	Tables     []statusTable    `json:"tables"`
	Failed     []statusFailure  `json:"failed"`
	Snapshots  []statusSnapshot `json:"snapshots"`
}

type statusPhase struct {
	Name       string `json:"name"`
	TasksTotal int    `json:"tasks_total"`
	TasksDone  int    `json:"tasks_done"`
	Rows       int64  `json:"rows"`
	Bytes      int64  `json:"bytes"`
}

type statusTable struct {
	Name          string `json:"name"`
	Parts         int    `json:"parts"`
	PartsDone     int    `json:"parts_done"`
	Rows          int64  `json:"rows"`
	Bytes         int64  `json:"bytes"`
	ExpectedRows  int64  `json:"expected_rows"`
	ExpectedBytes int64  `json:"expected_bytes"`
}

type statusFailure struct {
	Phase string `json:"phase"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Error string `json:"error"`
	There bool   `json:"there"`
}

type statusSnapshot struct {
	Name    string    `json:"name"`
	TakenAt time.Time `json:"taken_at"`
	Tables  []string  `json:"tables"`
}

func statusOf(s *transfer.Status) statusJSON {
	j := statusJSON{
		Schema: statusSchema, Version: statusVersion,
		Target: statusTarget{s.Target.Host, int(s.Target.Port), s.Target.Database, s.Target.User, s.Target.ServerVersion},
	}
	if w := s.AtWork; w != nil {
		j.AtWork = &statusAtWork{PID: w.PID, Alive: !w.Gone}
		if w.Seen {
			silent := w.Silent.Seconds()
			j.AtWork.SilentSeconds = &silent
		}
	}
	if s.Copy != nil {
		j.Copy = statusCopyOf(s.Copy)
	}
	return j
}

func statusCopyOf(k *transfer.Kept) *statusCopy {
	c := &statusCopy{
		ID: k.ID, Source: k.Source, Options: k.Options, PgDump: k.PgDump, BegunAt: k.Began.UTC(), TasksTotal: k.Tasks, TasksDone: k.Done,
		Phases: []statusPhase{}, Tables: []statusTable{}, Failed: []statusFailure{}, Snapshots: []statusSnapshot{},
	}
	if !k.Latest.IsZero() {
		at := k.Latest.UTC()
		c.LatestAt = &at
	}
	for _, p := range k.Phases {
		c.Phases = append(c.Phases, statusPhase{p.Name, p.Total, p.Done, p.Rows, p.Bytes})
	}
	for _, t := range k.Tables {
		c.Tables = append(c.Tables, statusTable{t.Name, t.Parts, t.Done, t.Rows, t.Bytes, t.ExpectedRows, t.Expected})
	}
	for _, f := range k.Failed {
		c.Failed = append(c.Failed, statusFailure(f))
	}
	for _, s := range k.Snapshots {
		c.Snapshots = append(c.Snapshots, statusSnapshot{s.Name, s.Taken.UTC(), append([]string{}, s.Tables...)})
	}
	return c
}
