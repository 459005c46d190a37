package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Flow is what a pipeline measured, or the sum over several (see Add). The zero Flow is empty.
type Flow struct {
	Elapsed time.Duration // from the start of Run to the end of its last stage
	Stages  []StageFlow   // stages and taps, left to right
}

// StageFlow is what one stage or tap moved and how it spent its time.
//
// A stage lives from the start of Run until its own return: that is WaitIn + WaitOut + Busy. If it reads
// and writes in two goroutines, its waits overlap and may exceed its life; Busy is 0 then. A tap has no
// waits: its Busy is the time spent inside it, and the same time is part of the WaitOut of the stage in
// whose goroutine it rides.
type StageFlow struct {
	Name     string
	BytesIn  int64         // bytes read; of a tap, bytes let through
	BytesOut int64         // bytes that the next stage took; of a tap, the same as BytesIn
	WaitIn   time.Duration // its Reads waited for bytes
	WaitOut  time.Duration // its Writes waited for taps and room
	Busy     time.Duration // the rest of its life: its own work
}

// Bottleneck returns the stage or tap that was busy for the largest share of Elapsed, the left one of
// equals: the one to make faster. ok is false if nothing was busy.
func (f Flow) Bottleneck() (s StageFlow, ok bool) {
	for _, c := range f.Stages {
		if c.Busy > s.Busy {
			s = c
		}
	}
	return s, s.Busy > 0
}

// Add returns the sum of f and other, neither of which is changed: Elapsed adds up, and so do stages
// of the same name (the second of a name with the second of that name). Stages that f does
// not have are appended.
func (f Flow) Add(other Flow) Flow {
	sum := Flow{Elapsed: f.Elapsed + other.Elapsed, Stages: slices.Clone(f.Stages)}
	taken := make([]bool, len(f.Stages))
	for _, s := range other.Stages {
		i := 0
		for i < len(taken) && (taken[i] || sum.Stages[i].Name != s.Name) {
			i++
		}
		if i == len(taken) {
			sum.Stages = append(sum.Stages, s)
			continue
		}
		taken[i] = true
		t := &sum.Stages[i]
		t.BytesIn += s.BytesIn
		t.BytesOut += s.BytesOut
		t.WaitIn += s.WaitIn
		t.WaitOut += s.WaitOut
		t.Busy += s.Busy
	}
	return sum
}

// String names the bottleneck, then how much the others waited, in shares of Elapsed: "copy-in 94 % busy,
// copy-out waits 71 %". Stages that hardly waited, and taps, are left out. An empty Flow gives "".
func (f Flow) String() string {
	var parts []string
	slow, ok := f.Bottleneck()
	if ok {
		parts = append(parts, fmt.Sprintf("%s %d %% busy", slow.Name, f.percent(slow.Busy)))
	}
	for _, s := range f.Stages {
		if wait := f.percent(s.WaitIn + s.WaitOut); wait > 0 && s != slow {
			parts = append(parts, fmt.Sprintf("%s waits %d %%", s.Name, wait))
		}
	}
	return strings.Join(parts, ", ")
}

// percent is the share of d in Elapsed, rounded.
func (f Flow) percent(d time.Duration) int64 {
	if f.Elapsed <= 0 {
		return 0
	}
	return int64((200*d + f.Elapsed) / (2 * f.Elapsed))
}

// flow reads the counters, in a pipeline that may be running.
func (l *line) flow() Flow {
	read := func(s *stopwatch) time.Duration {
		ns := s.ns.Load()
		if ns < 0 {
			ns += l.now()
		}
		return time.Duration(ns)
	}
	until := func(ended int64) time.Duration {
		if ended == 0 {
			ended = l.now()
		}
		return time.Duration(ended - 1) // line.now is 1 ns ahead
	}

	f := Flow{Stages: make([]StageFlow, len(l.nodes))}
	for i, n := range l.nodes {
		s := StageFlow{
			Name:     n.stage.Name,
			BytesIn:  n.bytesIn.Load(),
			BytesOut: n.bytesOut.Load(),
			WaitIn:   read(&n.waitIn),
			WaitOut:  read(&n.waitOut),
		}
		if n.stage.Tap != nil {
			s.Busy = read(&n.tapping)
		} else {
			s.Busy = max(0, until(n.ended.Load())-s.WaitIn-s.WaitOut)
		}
		f.Stages[i] = s
	}
	f.Elapsed = until(l.ended.Load())
	return f
}
