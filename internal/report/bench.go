package report

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
)

// The name and version of the JSON that [Bench.JSON] writes; `pgsluice help bench-results` documents it.
const (
	BenchSchema  = "pgsluice/bench"
	BenchVersion = 1
)

// Bench is what `pgsluice bench` has found: its fields are the documented JSON. It is a struct of report's own, and the verb
// fills it in, because report draws pages and tables and knows no room that measures.
type Bench struct {
	Schema          string    `json:"schema"`
	Version         int       `json:"version"`
	PgsluiceVersion string    `json:"pgsluice_version"`
	Started         time.Time `json:"started_at"`
	Ended           time.Time `json:"ended_at"`
	// Outcome is complete, incomplete (a measurement failed), interrupted or failed.
	Outcome  string  `json:"outcome"`
	ExitCode int     `json:"exit_code"`
	Error    *string `json:"error"`

	Jobs            int     `json:"jobs"`
	DurationSeconds float64 `json:"duration_seconds"`
	BytesLimit      int64   `json:"bytes_limit"`

	Source BenchSide  `json:"source"`
	Target *BenchSide `json:"target"`

	Tables       []BenchTable       `json:"tables"`
	TablesTotal  int                `json:"tables_total"`
	BytesTotal   int64              `json:"estimated_bytes_total"`
	Sample       *BenchSample       `json:"sample"`
	Measurements []BenchMeasurement `json:"measurements"`
	Compressions []BenchCompression `json:"compressions"`
	Verdict      BenchVerdict       `json:"verdict"`
	Notes        []string           `json:"notes"`
}

// BenchSide is one of the servers. Times are those of an empty query.
type BenchSide struct {
	Host             string  `json:"host"`
	Port             int     `json:"port"`
	Database         string  `json:"database"`
	User             string  `json:"user"`
	ServerVersion    string  `json:"server_version"`
	Standby          bool    `json:"standby"`
	TLS              bool    `json:"tls"`
	RoundTripSeconds float64 `json:"round_trip_seconds"`
	RoundTripLow     float64 `json:"round_trip_low_seconds"`
	RoundTripHigh    float64 `json:"round_trip_high_seconds"`
}

// BenchTable is a table that was read.
type BenchTable struct {
	Name  string `json:"name"`
	Bytes int64  `json:"estimated_bytes"`
}

// BenchSample is the rows that were written and compressed.
type BenchSample struct {
	Table       string `json:"table"` // "" for generated rows
	Rows        int64  `json:"rows"`
	TextBytes   int64  `json:"text_bytes"`
	BinaryBytes int64  `json:"binary_bytes"`
}

// BenchMeasurement is one rate.
type BenchMeasurement struct {
	Kind           string    `json:"kind"`
	Format         string    `json:"format"`
	Streams        int       `json:"streams"`
	Bytes          int64     `json:"bytes"`
	Rows           int64     `json:"rows"`
	Seconds        float64   `json:"seconds"`
	BytesPerSecond float64   `json:"bytes_per_second"`
	Low            float64   `json:"low_bytes_per_second"`
	High           float64   `json:"high_bytes_per_second"`
	RowsPerSecond  float64   `json:"rows_per_second"`
	Intervals      []float64 `json:"interval_bytes_per_second"`
	SourceBusy     *float64  `json:"source_busy_share"`
	TargetBusy     *float64  `json:"target_busy_share"`
	Error          *string   `json:"error"`
}

// BenchCompression is what a method made of the sample.
type BenchCompression struct {
	Method         string  `json:"method"`
	Format         string  `json:"format"`
	BytesPerSecond float64 `json:"bytes_per_second"`
	Ratio          float64 `json:"ratio"`
}

// BenchVerdict is what the figures mean for a copy.
type BenchVerdict struct {
	Bound            *string  `json:"bound_by"`
	Format           *string  `json:"format"`
	Jobs             *int     `json:"jobs"`
	Flags            *string  `json:"copy_flags"`
	BytesPerSecond   *float64 `json:"text_bytes_per_second"`
	DataPhaseSeconds *float64 `json:"data_phase_seconds"`
	Lines            []string `json:"lines"`
}

// The kinds of measurements, in the order in which they are shown.
const (
	kindSourceLink  = "source-link"
	kindSourceRead  = "source-read"
	kindTargetLink  = "target-link"
	kindTargetWrite = "target-write"
	kindThrough     = "source-to-target"
)

// JSON is the result as one object and a line break. Lists are never null.
func (b Bench) JSON() ([]byte, error) {
	b.Schema, b.Version = BenchSchema, BenchVersion
	b.Started, b.Ended = b.Started.UTC(), b.Ended.UTC()
	b.Tables, b.Compressions = convert(b.Tables, same[BenchTable]), convert(b.Compressions, same[BenchCompression])
	b.Notes, b.Verdict.Lines = orEmpty(b.Notes), orEmpty(b.Verdict.Lines)
	b.Measurements = convert(b.Measurements, func(m BenchMeasurement) BenchMeasurement {
		m.Intervals = convert(m.Intervals, math.Round)
		m.BytesPerSecond, m.Low, m.High = math.Round(m.BytesPerSecond), math.Round(m.Low), math.Round(m.High)
		m.RowsPerSecond = math.Round(m.RowsPerSecond)
		m.SourceBusy, m.TargetBusy = inThousandths(m.SourceBusy), inThousandths(m.TargetBusy)
		return m
	})
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode bench: %w", err)
	}
	return append(text, '\n'), nil
}

// IsPage says whether a file's name is that of a page for a browser.
func IsPage(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".html" || ext == ".htm"
}

// inThousandths rounds a share, if there is one.
func inThousandths(share *float64) *float64 {
	if share == nil {
		return nil
	}
	rounded := math.Round(1000**share) / 1000
	return &rounded
}

func same[T any](v T) T { return v }
