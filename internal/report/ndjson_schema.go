package report

import "time"

// eventHead is what all events begin with.
type eventHead struct {
	Schema    string  `json:"schema"`
	Version   int     `json:"version"`
	Event     string  `json:"event"`
	AtSeconds float64 `json:"at_seconds"`
}

type eventStart struct {
	eventHead
	StartedAt     time.Time `json:"started_at"`
	WindowSeconds float64   `json:"window_seconds"`
}

type eventPlan struct {
	eventHead
	Phases        []eventPlanned `json:"phases"`
	TablesTotal   int            `json:"tables_total"`
	AnalyzeTotal  int            `json:"analyze_total"`
	ExpectedBytes *int64         `json:"expected_bytes"`
	ExpectedRows  *int64         `json:"expected_rows"`
}

type eventPlanned struct {
	Name       string `json:"name"`
	TasksTotal int    `json:"tasks_total"`
}

type eventStep struct {
	eventHead
	Text string `json:"text"`
}

type eventLeftOut struct {
	eventHead
	Object string `json:"object"`
	Reason string `json:"reason"`
}

type eventWarning struct {
	eventHead
	Object  string `json:"object"`
	Message string `json:"message"`
}

// eventTask is which task an event is about, and who does it.
type eventTask struct {
	ID        int     `json:"id"`
	Phase     string  `json:"phase"`
	Kind      string  `json:"kind"`
	Name      string  `json:"name"`
	Table     *string `json:"table"`
	Worker    *string `json:"worker"`
	SourcePID *uint32 `json:"source_pid"`
	TargetPID *uint32 `json:"target_pid"`
}

type eventTaskStarted struct {
	eventHead
	eventTask
	EstimatedBytes *int64 `json:"estimated_bytes"`
	EstimatedRows  *int64 `json:"estimated_rows"`
}

type eventTaskEnded struct {
	eventHead
	eventTask
	Outcome         string  `json:"outcome"`
	StartSeconds    float64 `json:"start_seconds"`
	DurationSeconds float64 `json:"duration_seconds"`
	Rows            int64   `json:"rows"`
	Bytes           int64   `json:"bytes"`
	Error           *string `json:"error"`
}

type eventFailure struct {
	eventHead
	eventTask
	Error string `json:"error"`
}

type eventBlocked struct {
	eventHead
	eventTask
	BlockedBy []eventBlocker `json:"blocked_by"`
}

type eventBlocker struct {
	Server         string     `json:"server"`
	PID            uint32     `json:"pid"`
	Application    *string    `json:"application"`
	User           *string    `json:"user"`
	State          *string    `json:"state"`
	QueryStartedAt *time.Time `json:"query_started_at"`
	Ours           bool       `json:"ours"`
}

// eventHoldsUp is also the event of the end of the wait.
type eventHoldsUp struct {
	eventHead
	eventHeldUp
}

type eventHeldUp struct {
	PID           uint32  `json:"pid"`
	Application   *string `json:"application"`
	User          *string `json:"user"`
	Wants         string  `json:"wants"`
	WaitedSeconds float64 `json:"waited_seconds"`
	Behind        int     `json:"behind"`
}

// eventSource is what the transfer costs its source.
type eventSource struct {
	SnapshotSeconds float64       `json:"snapshot_seconds"`
	Released        bool          `json:"released"`
	XIDAge          int64         `json:"xid_age"`
	DatabaseXIDAge  int64         `json:"database_xid_age"`
	FreezeMaxAge    int64         `json:"freeze_max_age"`
	HeldUp          []eventHeldUp `json:"held_up"`
}

type eventStalled struct {
	eventHead
	IdleSeconds float64       `json:"idle_seconds"`
	Waiting     []eventWaiter `json:"waiting"`
}

type eventWaiter struct {
	eventTask
	SourceWait *string `json:"source_wait"`
	TargetWait *string `json:"target_wait"`
}

// eventState is the state of everything at one moment.
type eventState struct {
	Phases     []eventPhase    `json:"phases"`
	Data       eventData       `json:"data"`
	Analyze    eventCount      `json:"analyze"`
	Stages     []jsonStage     `json:"stages"`
	Bottleneck *jsonBottleneck `json:"bottleneck"`
}

type eventProgress struct {
	eventHead
	eventState
	Source  *eventSource   `json:"source"`
	Step    *string        `json:"step"`
	Paused  bool           `json:"paused"`
	Running []eventRunning `json:"running"`
}

type eventEnd struct {
	eventHead
	eventState
	Over     bool `json:"over"`
	LeftOut  int  `json:"left_out"`
	Warnings int  `json:"warnings"`
	Failures int  `json:"failures"`
	Retries  int  `json:"retries"`
}

type eventPhase struct {
	Name         string   `json:"name"`
	State        string   `json:"state"`
	StartSeconds *float64 `json:"start_seconds"`
	SpanSeconds  float64  `json:"span_seconds"`
	Total        int      `json:"total"`
	Done         int      `json:"done"`
	Earlier      int      `json:"earlier"`
	Failed       int      `json:"failed"`
	Running      int      `json:"running"`
}

type eventCount struct {
	Total  int `json:"total"`
	Done   int `json:"done"`
	Failed int `json:"failed"`
}

type eventData struct {
	Bytes                  int64    `json:"bytes"`
	ExpectedBytes          *int64   `json:"expected_bytes"`
	Rows                   int64    `json:"rows"`
	ExpectedRows           *int64   `json:"expected_rows"`
	EarlierBytes           int64    `json:"earlier_bytes"`
	EarlierRows            int64    `json:"earlier_rows"`
	RedoneBytes            int64    `json:"redone_bytes"`
	WrittenBytes           int64    `json:"written_bytes"`
	WindowedBytesPerSecond float64  `json:"windowed_bytes_per_second"`
	AverageBytesPerSecond  float64  `json:"average_bytes_per_second"`
	RemainingSeconds       *float64 `json:"remaining_seconds"`
	IdleSeconds            float64  `json:"idle_seconds"`
	TablesTotal            int      `json:"tables_total"`
	TablesDone             int      `json:"tables_done"`
}

type eventRunning struct {
	eventTask
	ElapsedSeconds  float64        `json:"elapsed_seconds"`
	Bytes           int64          `json:"bytes"`
	ExpectedBytes   *int64         `json:"expected_bytes"`
	Rows            int64          `json:"rows"`
	Activity        *string        `json:"activity"`
	Done            int64          `json:"done"`
	Total           *int64         `json:"total"`
	Unit            *string        `json:"unit"`
	Percent         *float64       `json:"percent"`
	ParallelWorkers int            `json:"parallel_workers"`
	SourceWait      *string        `json:"source_wait"`
	TargetWait      *string        `json:"target_wait"`
	BlockedBy       []eventBlocker `json:"blocked_by"`
	RetryCause      *string        `json:"retry_cause"`
}
