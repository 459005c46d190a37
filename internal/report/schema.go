package report

import "time"

// Schema and SchemaVersion name the form of the JSON report, described in `pgsluice help report`.
// The version rises when a field changes its meaning or goes away; new fields don't raise it.
const (
	Schema        = "pgsluice/report"
	SchemaVersion = 1
)

type jsonReport struct {
	Schema  string `json:"schema"`
	Version int    `json:"version"`

	PgsluiceVersion string        `json:"pgsluice_version"`
	Command         string        `json:"command"`
	Source          *jsonEndpoint `json:"source"`
	Target          *jsonEndpoint `json:"target"`
	PgDump          *jsonProgram  `json:"pg_dump"`
	Output          *jsonOutput   `json:"output"`
	Jobs            int           `json:"jobs"`
	IndexJobs       *int          `json:"index_jobs"`
	Builders        *string       `json:"builders"`
	Options         []string      `json:"options"`
	SnapshotID      *string       `json:"snapshot_id"`
	Mixed           []jsonMixture `json:"mixed_snapshots"`
	ResumedTasks    int           `json:"resumed_tasks"`

	StartedAt      time.Time `json:"started_at"`
	EndedAt        time.Time `json:"ended_at"`
	ElapsedSeconds float64   `json:"elapsed_seconds"`
	Outcome        Outcome   `json:"outcome"`
	ExitCode       int       `json:"exit_code"`
	Error          *string   `json:"error"`
	Resumable      bool      `json:"resumable"`

	OutsidePhasesSeconds float64         `json:"outside_phases_seconds"`
	Steps                []jsonStep      `json:"steps"`
	Phases               []jsonPhase     `json:"phases"`
	Data                 jsonData        `json:"data"`
	Analyze              jsonAnalyze     `json:"analyze"`
	Tables               []jsonTable     `json:"tables"`
	Stages               []jsonStage     `json:"stages"`
	Bottleneck           *jsonBottleneck `json:"bottleneck"`
	SourceLoad           *eventSource    `json:"source_load"`
	RetriesTotal         int             `json:"retries_total"`
	Retries              []jsonRetry     `json:"retries"`
	Verified             *jsonVerified   `json:"verified"`
	LeftOut              []jsonLeftOut   `json:"left_out"`
	Warnings             []jsonWarning   `json:"warnings"`
	Failures             []jsonFailure   `json:"failures"`
}

type jsonEndpoint struct {
	Host          string  `json:"host"`
	Port          int     `json:"port"`
	Database      string  `json:"database"`
	User          string  `json:"user"`
	ServerVersion string  `json:"server_version"`
	Archive       *string `json:"archive"`
}

type jsonProgram struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

type jsonStep struct {
	Text            string  `json:"text"`
	StartSeconds    float64 `json:"start_seconds"`
	DurationSeconds float64 `json:"duration_seconds"`
}

type jsonPhase struct {
	Name          string     `json:"name"`
	State         string     `json:"state"`
	StartSeconds  *float64   `json:"start_seconds"`
	SpanSeconds   float64    `json:"span_seconds"`
	SummedSeconds float64    `json:"summed_seconds"`
	TasksTotal    int        `json:"tasks_total"`
	TasksDone     int        `json:"tasks_done"`
	TasksEarlier  int        `json:"tasks_earlier"`
	TasksFailed   int        `json:"tasks_failed"`
	Tasks         []jsonTask `json:"tasks"`
}

type jsonTask struct {
	Kind            string  `json:"kind"`
	Name            string  `json:"name"`
	Table           *string `json:"table"`
	Worker          *string `json:"worker"`
	SourcePID       *uint32 `json:"source_pid"`
	TargetPID       *uint32 `json:"target_pid"`
	StartSeconds    float64 `json:"start_seconds"`
	DurationSeconds float64 `json:"duration_seconds"`
	Rows            int64   `json:"rows"`
	Bytes           int64   `json:"bytes"`
	Error           *string `json:"error"`
}

type jsonOutput struct {
	Path        *string `json:"path"`
	Bytes       int64   `json:"bytes"`
	Compression string  `json:"compression"`
	Version     *string `json:"archive_version"`
}

type jsonData struct {
	Bytes                  int64   `json:"bytes"`
	ExpectedBytes          *int64  `json:"expected_bytes"`
	Rows                   int64   `json:"rows"`
	ExpectedRows           *int64  `json:"expected_rows"`
	EarlierBytes           int64   `json:"earlier_bytes"`
	EarlierRows            int64   `json:"earlier_rows"`
	RedoneBytes            int64   `json:"redone_bytes"`
	TablesTotal            int     `json:"tables_total"`
	TablesDone             int     `json:"tables_done"`
	AverageBytesPerSecond  float64 `json:"average_bytes_per_second"`
	PeakBytesPerSecond     float64 `json:"peak_bytes_per_second"`
	WindowedBytesPerSecond float64 `json:"windowed_bytes_per_second"`
	WindowSeconds          float64 `json:"window_seconds"`
}

type jsonAnalyze struct {
	TablesTotal   int     `json:"tables_total"`
	TablesDone    int     `json:"tables_done"`
	TablesFailed  int     `json:"tables_failed"`
	SummedSeconds float64 `json:"summed_seconds"`
}

type jsonTable struct {
	Name            string   `json:"name"`
	Parts           int      `json:"parts"`
	Rows            int64    `json:"rows"`
	Bytes           int64    `json:"bytes"`
	DurationSeconds float64  `json:"duration_seconds"`
	BytesPerSecond  *float64 `json:"bytes_per_second"`
	EarlierParts    int      `json:"earlier_parts"`
	EarlierRows     int64    `json:"earlier_rows"`
	EarlierBytes    int64    `json:"earlier_bytes"`
}

type jsonStage struct {
	Name           string  `json:"name"`
	ElapsedSeconds float64 `json:"elapsed_seconds"`
	BusySeconds    float64 `json:"busy_seconds"`
	WaitInSeconds  float64 `json:"wait_in_seconds"`
	WaitOutSeconds float64 `json:"wait_out_seconds"`
	Bytes          int64   `json:"bytes"`
}

type jsonBottleneck struct {
	Stage     string  `json:"stage"`
	BusyShare float64 `json:"busy_share"`
	Text      string  `json:"text"`
}

type jsonLeftOut struct {
	Object    string  `json:"object"`
	Reason    string  `json:"reason"`
	AtSeconds float64 `json:"at_seconds"`
}

type jsonWarning struct {
	Object    string  `json:"object"`
	Message   string  `json:"message"`
	AtSeconds float64 `json:"at_seconds"`
}

type jsonFailure struct {
	Phase string  `json:"phase"`
	Kind  string  `json:"kind"`
	Name  string  `json:"name"`
	Table *string `json:"table"`
	Error string  `json:"error"`
}
