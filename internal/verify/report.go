package verify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Schema and SchemaVersion name the form of the report in JSON, described in `pgsluice help verification`. The version rises when a field
// changes its meaning or goes away.
const (
	Schema        = "pgsluice/verify"
	SchemaVersion = 1
)

// Report is all that is said of one verification at its end.
type Report struct {
	Version        string // of pgsluice
	Outcome        *Outcome
	Started, Ended time.Time
	ExitCode       int
	Error          string // why it has not come to its end, "" if it has
}

// Verdict is the result in one word.
func (r Report) Verdict() string {
	switch result := r.Outcome.Result; {
	case result == nil:
		return "failed"
	case len(result.Differences) > 0:
		return "different"
	case len(result.Unverified) > 0:
		return "unverified"
	}
	return "equal"
}

type jsonReport struct {
	Schema          string           `json:"schema"`
	Version         int              `json:"version"`
	PgsluiceVersion string           `json:"pgsluice_version"`
	Source          *jsonEndpoint    `json:"source"`
	Target          *jsonEndpoint    `json:"target"`
	PgDump          *jsonProgram     `json:"pg_dump"`
	StartedAt       time.Time        `json:"started_at"`
	EndedAt         time.Time        `json:"ended_at"`
	ElapsedSeconds  float64          `json:"elapsed_seconds"`
	Verdict         string           `json:"verdict"`
	ExitCode        int              `json:"exit_code"`
	Error           *string          `json:"error"`
	Compared        *jsonCompared    `json:"compared"`
	Differences     []jsonDifference `json:"differences"`
	Unverified      []jsonRemark     `json:"unverified"`
	Notes           []jsonRemark     `json:"notes"`
}

type jsonEndpoint struct {
	Host          string `json:"host"`
	Port          uint16 `json:"port"`
	Database      string `json:"database"`
	User          string `json:"user"`
	ServerVersion string `json:"server_version"`
}

type jsonProgram struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

type jsonCompared struct {
	Entries      int   `json:"entries"`
	Tables       int   `json:"tables"`
	Rows         int64 `json:"rows"`
	Sequences    int   `json:"sequences"`
	LargeObjects int   `json:"large_objects"`
}

type jsonDifference struct {
	Kind   Kind      `json:"kind"`
	Object string    `json:"object"`
	Text   string    `json:"text"`
	Rows   []jsonRow `json:"rows"`
}

type jsonRow struct {
	What    string    `json:"what"`
	Key     []jsonKey `json:"key"`
	CTID    *string   `json:"ctid"`
	Count   int64     `json:"count"`
	Columns []string  `json:"columns"`
}

type jsonKey struct {
	Column string `json:"column"`
	Value  string `json:"value"`
}

type jsonRemark struct {
	Object string `json:"object"`
	Text   string `json:"text"`
}

// JSON is the report as one JSON object and a line break.
func (r Report) JSON() ([]byte, error) {
	o := r.Outcome
	j := jsonReport{
		Schema: Schema, Version: SchemaVersion, PgsluiceVersion: r.Version,
		Source: o.Source.json(), Target: o.Target.json(),
		StartedAt: r.Started.UTC(), EndedAt: r.Ended.UTC(), ElapsedSeconds: r.Ended.Sub(r.Started).Round(time.Millisecond).Seconds(),
		Verdict: r.Verdict(), ExitCode: r.ExitCode,
		Differences: []jsonDifference{}, Unverified: []jsonRemark{}, Notes: []jsonRemark{},
	}
	if o.PgDumpPath != "" {
		j.PgDump = &jsonProgram{o.PgDumpPath, o.PgDumpVersion}
	}
	if r.Error != "" {
		j.Error = &r.Error
	}
	if o.Result != nil {
		o.Result.addTo(&j)
	}
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	return append(text, '\n'), nil
}

func (e Endpoint) json() *jsonEndpoint {
	if e == (Endpoint{}) {
		return nil
	}
	j := jsonEndpoint(e)
	return &j
}

func (r *Result) addTo(j *jsonReport) {
	j.Compared = &jsonCompared{r.Entries, r.Tables, r.Rows, r.Sequences, r.LargeObjects}
	for _, d := range r.Differences {
		jd := jsonDifference{Kind: d.Kind, Object: d.Object, Text: d.Text, Rows: []jsonRow{}}
		for _, row := range d.Located {
			jr := jsonRow{What: row.What, Key: []jsonKey{}, Count: row.Count, Columns: append([]string{}, row.Columns...)}
			for _, k := range row.Key {
				jr.Key = append(jr.Key, jsonKey(k))
			}
			if len(row.Key) == 0 {
				jr.CTID = &row.CTID
			}
			jd.Rows = append(jd.Rows, jr)
		}
		j.Differences = append(j.Differences, jd)
	}
	for _, u := range r.Unverified {
		j.Unverified = append(j.Unverified, jsonRemark(u))
	}
	for _, n := range r.Notes {
		j.Notes = append(j.Notes, jsonRemark(n))
	}
}

// Lines are a result for people, one string a line. Names in them may hold control characters, but no line breaks.
func (r *Result) Lines() []string {
	var lines []string
	if len(r.Differences) > 0 {
		lines = append(lines, "Differences", "")
		for _, d := range r.Differences {
			lines = append(lines, "  "+oneLine(d.Object)+": "+oneLine(d.Text))
			for _, row := range d.Located {
				lines = append(lines, "    "+oneLine(row.String()))
			}
		}
		lines = append(lines, "")
	}
	for _, part := range []struct {
		title   string
		remarks []Remark
	}{{"Could not be compared", r.Unverified}, {"Notes", r.Notes}} {
		if len(part.remarks) == 0 {
			continue
		}
		lines = append(lines, part.title, "")
		for _, m := range part.remarks {
			lines = append(lines, "  "+oneLine(m.Object)+": "+oneLine(m.Text))
		}
		lines = append(lines, "")
	}
	return lines
}

// oneLine keeps a name with a line break in it from looking like two lines of the report.
func oneLine(s string) string { return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(s) }
