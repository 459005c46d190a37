package progress

import (
	"fmt"
	"slices"
	"time"
)

// StageTime is what a pipeline measured for one stage: of one part, or summed over parts.
type StageTime struct {
	Name    string        // as in the pipeline: copy-out, copy-in
	Elapsed time.Duration // how long the stage ran
	WaitIn  time.Duration // of it, waiting for bytes to read
	WaitOut time.Duration // of it, waiting for room to write
	Busy    time.Duration // of it, neither
	Bytes   int64         // bytes that went through it
}

// addStages adds part to sum, stage by stage, the second of a name to the second of that name. A stage
// that sum lacks is put where it stands in part, so that the sum stays in pipe order.
func addStages(sum, part []StageTime) []StageTime {
	at := 0
	for _, s := range part {
		i := slices.IndexFunc(sum[at:], func(t StageTime) bool { return t.Name == s.Name })
		if i < 0 {
			sum = slices.Insert(sum, at, StageTime{Name: s.Name})
			i = 0
		}
		i += at
		sum[i].Elapsed += s.Elapsed
		sum[i].WaitIn += s.WaitIn
		sum[i].WaitOut += s.WaitOut
		sum[i].Busy += s.Busy
		sum[i].Bytes += s.Bytes
		at = i + 1
	}
	return sum
}

// Bottleneck names the stage that holds the others back. The zero value means that nothing
// was measured.
type Bottleneck struct {
	Stage string  // the stage that was busy for the largest share of its time
	Busy  float64 // that share, 0 to 1
	Text  string  // in words: copy-in 94 % busy, copy-out waits 71 %
}

// bottleneckOf picks the busiest stage and, to set it off, the stage that waited most.
func bottleneckOf(stages []StageTime) Bottleneck {
	busiest, busy := -1, 0.0
	for i, s := range stages {
		if b := share(s.Busy, s.Elapsed); b > busy {
			busiest, busy = i, b
		}
	}
	if busiest < 0 {
		return Bottleneck{}
	}
	waiter, waits := -1, 0.0
	for i, s := range stages {
		if w := share(s.WaitIn+s.WaitOut, s.Elapsed); i != busiest && w > waits {
			waiter, waits = i, w
		}
	}
	name := stages[busiest].Name
	text := fmt.Sprintf("%s %.0f %% busy", name, 100*busy)
	if waiter >= 0 {
		text += fmt.Sprintf(", %s waits %.0f %%", stages[waiter].Name, 100*waits)
	}
	return Bottleneck{Stage: name, Busy: busy, Text: text}
}

func share(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(float64(part)/float64(whole), 0), 1)
}
