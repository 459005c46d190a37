package transfer

import (
	"cmp"
	"slices"
	"time"

	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// Forecast is how a plan would be carried out, if each task took as long as its cost says. The costs were measured on one
// machine, whose cores were free: servers and networks are a few times faster or slower.
type Forecast struct {
	// Took is the sum of what is done one by one and of the part that is done in parallel.
	Took time.Duration
	// Phases are in the order of their beginnings.
	Phases []ForecastPhase
	// Tables are those whose rows are copied, the largest first.
	Tables []ForecastTable
	// Path is the longest chain of tasks, the first first: no number of jobs makes a copy shorter than it.
	Path     []*plan.Task
	PathTook time.Duration
	// Rows and Bytes are of all tables, bytes as COPY text; IndexBytes are what their indexes take on the source.
	Rows, Bytes, IndexBytes int64
	LargeObjects            int
}

// ForecastPhase is a phase of the copy: from the beginning of its first task to the end of the last.
type ForecastPhase struct {
	Phase      plan.Phase
	Tasks      int
	Begin, End time.Duration
	First      []*plan.Task // the first ones in work
}

// ForecastTable is a table whose rows are copied.
type ForecastTable struct {
	Name                    string
	Rows, Bytes, IndexBytes int64
	Parts                   int    // that it is copied in; 0 if it is copied whole
	Whole                   string // why it is copied whole, large as it is; else ""
	// Binary is the format of its rows; AsText says why it is not, where that was not asked for.
	Binary bool
	AsText string
	// Begin is its place among the tables, from 1 on, by the time they begin.
	Begin int
}

// firstTasks of a phase are named.
const firstTasks = 3

func forecast(p *plan.Plan, s *catalog.Source, jobs, indexJobs, totalJobs int) *Forecast {
	f := &Forecast{}
	begins := make([]time.Duration, len(p.Tasks))
	order := f.simulate(p, begins, jobs, indexJobs, totalJobs)
	f.tables(s, order)
	f.path(p)
	f.phases(order, begins)
	return f
}

func took(t *plan.Task) time.Duration { return time.Duration(t.Cost) }

// simulate gives the tasks in the order in which they begin.
func (f *Forecast) simulate(p *plan.Plan, begins []time.Duration, jobs, indexJobs, totalJobs int) []*plan.Task {
	var order []*plan.Task
	var now time.Duration
	serial := func(o plan.Order) {
		for _, t := range p.Tasks {
			if t.Order == o {
				begins[t.ID] = now
				order = append(order, t)
				now += took(t)
			}
		}
	}
	serial(plan.Before)
	b := newBoard(p, totalJobs, false, func(*plan.Task) bool { return false })
	b.idle = [2]int{jobs, indexJobs}
	type running struct {
		task *plan.Task
		end  time.Duration
	}
	var work []running
	for {
		for given := true; given; {
			given = false
			for _, pool := range []pool{copiers, builders} {
				if b.idle[pool] == 0 {
					continue
				}
				if tasks := b.give(pool); tasks != nil {
					t := tasks[0] // alone: this board gives no shares
					b.idle[pool]--
					begins[t.ID] = now
					order = append(order, t)
					work, given = append(work, running{t, now + took(t)}), true
				}
			}
		}
		if len(work) == 0 {
			break
		}
		i := 0
		for j := range work {
			if work[j].end < work[i].end {
				i = j
			}
		}
		next := work[i]
		work = slices.Delete(work, i, i+1)
		now = next.end
		b.end([]*plan.Task{next.task})
		b.idle[poolOf(next.task)]++
	}
	serial(plan.After)
	f.Took = now
	return order
}

func (f *Forecast) tables(s *catalog.Source, order []*plan.Task) {
	indexes := map[uint32]int64{}
	for _, i := range s.Indexes {
		indexes[i.Table] += i.Bytes
	}
	place := map[uint32]int{}
	for _, t := range order {
		f.LargeObjects += len(t.OIDs)
		if t.Kind != plan.Rows {
			continue
		}
		i, known := place[t.Relation]
		if !known {
			i = len(f.Tables)
			place[t.Relation] = i
			f.Tables = append(f.Tables, ForecastTable{
				Name: t.Name, IndexBytes: indexes[t.Relation], Parts: t.Parts, Whole: t.Whole, Binary: t.Binary, AsText: t.AsText, Begin: i + 1,
			})
			f.IndexBytes += indexes[t.Relation]
		}
		f.Tables[i].Rows, f.Tables[i].Bytes = f.Tables[i].Rows+t.Rows, f.Tables[i].Bytes+t.Bytes
		f.Rows, f.Bytes = f.Rows+t.Rows, f.Bytes+t.Bytes
	}
	slices.SortStableFunc(f.Tables, func(x, y ForecastTable) int {
		return cmp.Or(cmp.Compare(y.Bytes, x.Bytes), cmp.Compare(y.IndexBytes, x.IndexBytes))
	})
}

// path follows from the parallel task with the longest path behind it to the next on that path.
func (f *Forecast) path(p *plan.Plan) {
	rank := p.Chains()
	longest := func(among func(*plan.Task) bool) (best *plan.Task) {
		for _, t := range p.Tasks {
			if t.Order == plan.Parallel && among(t) && (best == nil || rank[t.ID] > rank[best.ID]) {
				best = t
			}
		}
		return best
	}
	t := longest(func(*plan.Task) bool { return true })
	if t == nil {
		return
	}
	f.PathTook = time.Duration(rank[t.ID])
	for t != nil {
		f.Path = append(f.Path, t)
		last := t
		t = longest(func(next *plan.Task) bool {
			return slices.Contains(next.Needs, last.ID) || slices.Contains(next.Follows, last.ID) || next.AfterData && last.Phase == plan.Data
		})
	}
}

func (f *Forecast) phases(order []*plan.Task, begins []time.Duration) {
	for phase := plan.Schema; phase <= plan.Finish; phase++ {
		one := ForecastPhase{Phase: phase}
		for _, t := range order {
			if t.Phase != phase {
				continue
			}
			if one.Tasks == 0 {
				one.Begin = begins[t.ID]
			}
			one.Tasks++
			if worth := phase != plan.Data || t.Kind != plan.SQL; worth && len(one.First) < firstTasks && t.Part < 2 { // a sequence's value says nothing
				one.First = append(one.First, t)
			}
			one.End = max(one.End, begins[t.ID]+took(t))
		}
		if one.Tasks > 0 {
			f.Phases = append(f.Phases, one)
		}
	}
}
