package main

import (
	"encoding/json"
	"io"

	"pgsluice/internal/preflight"
	"pgsluice/internal/transfer"
)

// planFormat is raised when a program that reads the JSON would have to change.
const planFormat = 1

// planJSON is an outlook for programs. Sizes are in bytes, times in seconds.
type planJSON struct {
	Format   int                 `json:"format"`
	Version  string              `json:"pgsluice"`
	Source   *planServer         `json:"source,omitempty"`
	Target   *planServer         `json:"target,omitempty"`
	Findings []preflight.Finding `json:"findings"`
	Plan     *plannedCopy        `json:"plan,omitempty"` // left out where the source can't be read
}

type planServer struct {
	Host     string `json:"host"`
	Port     uint16 `json:"port"`
	Database string `json:"database"`
	User     string `json:"user"`
	Version  string `json:"server_version"`
	Encoding string `json:"encoding"`
}

type plannedCopy struct {
	PgDump      string         `json:"pg_dump"`
	Jobs        int            `json:"jobs"`
	IndexJobs   int            `json:"index_jobs"`
	Objects     []objectKind   `json:"objects"`
	Tables      []plannedTable `json:"tables"` // the largest first
	Rows        int64          `json:"rows"`
	Bytes       int64          `json:"bytes"`
	IndexBytes  int64          `json:"index_bytes"`
	Phases      []plannedPhase `json:"phases"`
	Seconds     float64        `json:"seconds"`
	LongestPath []string       `json:"longest_path"`
	LeftOut     []plannedLoss  `json:"left_out"`
}

type plannedTable struct {
	Name       string `json:"name"`
	Rows       int64  `json:"rows"`
	Bytes      int64  `json:"bytes"`
	IndexBytes int64  `json:"index_bytes"`
	Turn       int    `json:"turn"`
	Parts      int    `json:"parts"`            // that it is copied in
	Whole      string `json:"whole,omitempty"`  // why it is copied in one, large as it is
	Format     string `json:"format"`           // binary or text
	AsText     string `json:"reason,omitempty"` // why it is text, where that was not asked for
}

type plannedPhase struct {
	Phase string  `json:"phase"`
	Tasks int     `json:"tasks"`
	Begin float64 `json:"begin"`
	End   float64 `json:"end"`
}

type plannedLoss struct {
	Object string `json:"object"`
	Reason string `json:"reason"`
}

func writePlanJSON(w io.Writer, o *transfer.Outlook) error {
	j := planJSON{
		Format: planFormat, Version: version, Findings: o.Findings,
		Source: serverJSON(o.Source, o.SourceEncoding), Target: serverJSON(o.Target, o.TargetEncoding),
	}
	if j.Findings == nil {
		j.Findings = []preflight.Finding{}
	}
	if f := o.Forecast; f != nil {
		p := &plannedCopy{
			PgDump: o.PgDumpVersion, Jobs: o.Jobs, IndexJobs: o.IndexJobs, Objects: objectKinds(o.Plan), Rows: f.Rows, Bytes: f.Bytes,
			IndexBytes: f.IndexBytes, Seconds: f.Took.Seconds(), Tables: []plannedTable{}, LongestPath: []string{}, LeftOut: []plannedLoss{},
		}
		for _, t := range f.Tables {
			p.Tables = append(p.Tables, plannedTable{Name: t.Name, Rows: t.Rows, Bytes: t.Bytes, IndexBytes: t.IndexBytes, Turn: t.Begin, Parts: max(t.Parts, 1), Whole: t.Whole, Format: rowFormat(t), AsText: t.AsText})
		}
		for _, phase := range f.Phases {
			p.Phases = append(p.Phases, plannedPhase{phaseNames[phase.Phase], phase.Tasks, phase.Begin.Seconds(), phase.End.Seconds()})
		}
		for _, t := range f.Path {
			p.LongestPath = append(p.LongestPath, taskName(t))
		}
		for _, l := range o.Plan.LeftOut {
			p.LeftOut = append(p.LeftOut, plannedLoss(l))
		}
		j.Plan = p
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(j)
}

// rowFormat is the value of --format that would have a table's rows travel as they do.
func rowFormat(t transfer.ForecastTable) string {
	if t.Binary {
		return formatBinary
	}
	return formatText
}

func serverJSON(e transfer.Endpoint, encoding string) *planServer {
	if e.ServerVersion == "" {
		return nil
	}
	return &planServer{e.Host, e.Port, e.Database, e.User, e.ServerVersion, encoding}
}
