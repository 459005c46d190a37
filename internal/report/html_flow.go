package report

import (
	"fmt"
	"strings"

	"pgsluice/internal/progress"
)

// flowView is the data phase over time: a chart of rates, and under it one band a stage that shows how
// busy the stage was.
type flowView struct {
	Sentence string // instead of a chart, if there is nothing to draw
	Summary  string
	Label    string // for those who can't see the chart
	Unit     string
	Levels   []rateLevel
	Ticks    []tick
	In, Area string // paths in a box of 1000 by 1000
	InName   string
	Out      string // "" if there is no second stage
	OutName  string
	Hits     []flowHit
	Bands    []stageBand
}

type rateLevel struct{ Y, Label string }

// flowHit is a stretch of the chart that tells its figures when pointed at.
type flowHit struct{ X, W, Title string }

type stageBand struct {
	Name, Share string
	Area        string // how busy it was
	Solid       string // the same where it was the busiest: there it held the others back
}

func htmlFlow(r Report) flowView {
	s := r.Progress
	all := intervals(s.History)
	peak := 0.0
	for _, iv := range all {
		peak = max(peak, iv.in, iv.out)
	}
	switch {
	case s.Data.Bytes == 0:
		return flowView{Sentence: "No rows were moved."}
	case peak == 0:
		return flowView{Sentence: "The data phase was too short to be measured over time."}
	}
	x := scale{all[0].from + shift(r), all[len(all)-1].to + shift(r)}
	marks := rateLevels(peak)
	top := marks[len(marks)-1]
	v := flowView{Unit: x.unit(), Ticks: x.ticks(), InName: "moved"}
	for _, m := range marks {
		v.Levels = append(v.Levels, rateLevel{Y: percent(1 - m/top), Label: levelLabel(m)})
	}
	in, out := stepPath{scale: x}, stepPath{scale: x}
	stages := s.History[len(s.History)-1].Stages
	areas, solids := make([]stepPath, len(stages)), make([]stepPath, len(stages))
	for _, iv := range all {
		from, to := iv.from+shift(r), iv.to+shift(r)
		in.step(from, to, iv.in/top)
		out.step(from, to, iv.out/top)
		title := fmt.Sprintf("%s to %s", clockAt(from, x), clockAt(to, x))
		if len(stages) == 0 {
			title += ": " + formatRate(iv.in)
		}
		for i := range stages {
			areas[i].scale, solids[i].scale = x, x
			areas[i].step(from, to, iv.busy[i])
			if i == iv.busiest {
				solids[i].step(from, to, iv.busy[i])
			}
			title += fmt.Sprintf("\n%s", printable(stages[i].Name))
			switch i {
			case 0:
				title += " " + formatRate(iv.out) + ","
			case len(stages) - 1:
				title += " " + formatRate(iv.in) + ","
			}
			title += fmt.Sprintf(" %.0f %% busy", 100*iv.busy[i])
		}
		h := flowHit{Title: title}
		h.X, h.W = x.box(from, to-from)
		v.Hits = append(v.Hits, h)
	}
	v.In, v.Area = in.line(), in.area()
	for i, st := range stages {
		busy := 0.0
		if whole := stageAt(progress.Point{Stages: s.Stages}, stages, i); whole.Elapsed > 0 {
			st = whole
		}
		if st.Elapsed > 0 {
			busy = float64(st.Busy) / float64(st.Elapsed)
		}
		v.Bands = append(v.Bands, stageBand{
			Name: printable(st.Name), Share: fmt.Sprintf("%.0f %%", 100*min(busy, 1)),
			Area: areas[i].area(), Solid: solids[i].area(),
		})
	}
	if n := len(stages); n > 0 {
		v.InName = printable(stages[n-1].Name)
	}
	switch n := len(stages); {
	case n > 1 && coincide(all, peak):
		v.InName = printable(stages[0].Name) + " and " + v.InName
	case n > 1:
		v.Out, v.OutName = out.line(), printable(stages[0].Name)
	}
	v.Summary = flowSummary(s)
	v.Label = "Bytes per second over time. " + v.Summary
	return v
}

func flowSummary(s progress.Snapshot) string {
	average, peak := formatRate(s.Data.Average), formatRate(s.Data.Peak)
	parts := []string{average + " on average"}
	if peak != average { // as they are where the phase was shorter than the window
		parts[0] += fmt.Sprintf(", %s in the best %s", peak, plural(int(progress.Window.Seconds()), "second", "seconds"))
	}
	if s.Bottleneck.Text != "" {
		parts = append(parts, "bottleneck: "+printable(s.Bottleneck.Text))
	}
	return strings.Join(parts, "; ") + "."
}
