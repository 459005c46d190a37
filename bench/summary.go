package main

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
)

// suite writes the result: a summary, a table for each data set, a plot and the raw figures.
func (r *result) suite(sets []set, left []string) {
	r.line("Runs in turns; every figure is a median. CPU is user and system time; of the servers with all of their sessions, of")
	r.line("the copier with its children. The least wall possible with that CPU time is CPU of all ÷ %d cores.", runtime.NumCPU())
	r.line("")
	r.line("| data set | copier | wall | fastest peer | of it | of pg_dump \\| pg_restore | wall ÷ (CPU ÷ %d) | copier's share of CPU | CPU, of the least of the peers |", runtime.NumCPU())
	r.line("|---|---|---|---|---|---|---|---|---|")
	for _, s := range sets {
		r.summarize(s)
	}
	for _, s := range sets {
		r.line("")
		r.line("## %s", s.name)
		r.line("")
		r.line("%s.", s.size)
		r.line("")
		r.table(s)
	}
	r.line("")
	r.line("VmHWM is that of the copier's processes that the harness starts, added where two run side by side, without their children.")
	r.line("`psql` takes the schema by `pg_dump --section=pre-data`, the rows of all tables through one pair of psql in text format, and")
	r.line("then `--section=post-data`. What a copier does besides copying is in brackets.")
	for _, reason := range left {
		r.line("Left out: %s.", reason)
	}
	r.files = map[string][]byte{"svg": plot(sets), "json": raw(sets)}
}

// summarize adds a line for every pgsluice of a set.
func (r *result) summarize(s set) {
	var fastest, dump *peer
	cheapest := 0.0
	for _, p := range s.peers {
		if p.ours || len(p.costs) == 0 {
			continue
		}
		if fastest == nil || p.of(wall).median() < fastest.of(wall).median() {
			fastest = p
		}
		if cpu := p.of(all).median(); cheapest == 0 || cpu < cheapest {
			cheapest = cpu
		}
		if p.name == "dump" {
			dump = p
		}
	}
	for _, p := range s.peers {
		if !p.ours || len(p.costs) == 0 {
			continue
		}
		name, of, ofDump := "none", "", ""
		if fastest != nil {
			name = fmt.Sprintf("%s, %.2f s", fastest.name, fastest.of(wall).median())
			of = fmt.Sprintf("**%.2f**", ratio(p.of(wall).median(), fastest.of(wall).median()))
		}
		if dump != nil {
			ofDump = fmt.Sprintf("%.2f", ratio(p.of(wall).median(), dump.of(wall).median()))
		}
		r.line("| %s | %s | **%.2f s** | %s | %s | %s | %.2f | %.1f %% | %.2f |", s.name, p.name, p.of(wall).median(), name, of, ofDump,
			p.of(idle(runtime.NumCPU())).median(), 100*p.of(share).median(), ratio(p.of(all).median(), cheapest))
	}
}

// table has a line for every peer of a set.
func (r *result) table(s set) {
	r.line("| copier | | wall | min to max | pgsluice is, of it | CPU: copier | source | target | all | copier's share | wall ÷ (CPU ÷ %d) | VmHWM | WAL |", runtime.NumCPU())
	r.line("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, p := range s.peers {
		if len(p.costs) == 0 {
			continue
		}
		title := p.title
		if p.note != "" {
			title += " (" + p.note + ")"
		}
		of := "" // the default's wall over this one's
		if first := s.peers[0]; first.ours && len(first.costs) > 0 && first != p {
			of = fmt.Sprintf("%.2f", ratio(first.of(wall).median(), p.of(wall).median()))
		}
		r.line("| %s | %s | **%.2f s** | %.2f to %.2f s | %s | %.2f s | %.2f s | %.2f s | %.2f s | %.1f %% | %.2f | %.1f MiB | %.0f MB |",
			p.name, title, p.of(wall).median(), p.of(wall).min(), p.of(wall).max(), of,
			p.of(copier).median(), p.of(source).median(), p.of(target).median(), p.of(all).median(), 100*p.of(share).median(),
			p.of(idle(runtime.NumCPU())).median(), p.of(hwm).median(), p.of(wal).median())
	}
	for _, p := range s.peers {
		if p.err != nil {
			r.line("")
			r.line("%s failed after %d runs: %s", p.name, len(p.costs), oneLine(p.err.Error()))
		}
		if len(p.costs) == 0 || p.costs[0].phases == nil {
			continue
		}
		var words []string
		for _, phase := range slices.Sorted(maps.Keys(p.costs[0].phases)) {
			words = append(words, fmt.Sprintf("%s %.2f s", phase, p.of(func(c cost) float64 { return c.phases[phase] }).median()))
		}
		r.line("")
		r.line("Phases of %s (spans, which may overlap): %s.", p.name, strings.Join(words, ", "))
	}
}

// oneLine is a text that can stand in a line of Markdown.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 400 {
		text = string(runes[:400]) + "…"
	}
	return strings.ReplaceAll(text, "|", `\|`)
}
