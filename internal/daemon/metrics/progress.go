package metrics

// progress is what is counted of a progress or end event, as `pgsluice help progress` describes them.
type progress struct {
	At     float64 `json:"at_seconds"`
	Phases []struct {
		Name string  `json:"name"`
		Span float64 `json:"span_seconds"`
	} `json:"phases"`
	Data struct {
		Bytes float64 `json:"bytes"`
		Rows  float64 `json:"rows"`
		Rate  float64 `json:"windowed_bytes_per_second"`
		Idle  float64 `json:"idle_seconds"`
	} `json:"data"`
	Stages []stage `json:"stages"`
	Source *struct {
		Snapshot float64 `json:"snapshot_seconds"`
		Released bool    `json:"released"`
	} `json:"source"`
}

type stage struct {
	Name    string  `json:"name"`
	Busy    float64 `json:"busy_seconds"`
	WaitIn  float64 `json:"wait_in_seconds"`
	WaitOut float64 `json:"wait_out_seconds"`
}

// maxStages bounds the stages of one pipe that are counted. The longest that there is has seven.
const maxStages = 16

// span is that of the ith phase, 0 before there is one.
func (p *progress) span(i int) float64 {
	if i >= len(p.Phases) {
		return 0
	}
	return p.Phases[i].Span
}

func (p *progress) stage(name string) stage {
	for _, s := range p.Stages {
		if s.Name == name {
			return s
		}
	}
	return stage{}
}
