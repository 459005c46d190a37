package transfer

import (
	"testing"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// forecastPlan has two tables, an index on each, a foreign key between them, and something before and after.
func forecastPlan() *plan.Plan {
	second := float64(time.Second)
	entries := make([]archive.Entry, 8)
	task := func(id int, t plan.Task) *plan.Task { t.ID, t.Entry = id, &entries[id]; return &t }
	return &plan.Plan{Tasks: []*plan.Task{
		task(0, plan.Task{Name: "s", Order: plan.Before, Phase: plan.Schema, Cost: second}),
		task(1, plan.Task{Name: "small", Kind: plan.Rows, Order: plan.Parallel, Phase: plan.Data, Cost: 2 * second, Bytes: 20, Rows: 2, Relation: 11}),
		task(2, plan.Task{Name: "big", Kind: plan.Rows, Order: plan.Parallel, Phase: plan.Data, Cost: 6 * second, Bytes: 60, Rows: 6, Relation: 12}),
		task(3, plan.Task{Name: "seq", Kind: plan.SQL, Order: plan.Parallel, Phase: plan.Data}),
		task(4, plan.Task{Name: "small_idx", Desc: "INDEX", Order: plan.Parallel, Phase: plan.Indexes, Needs: []int{1}, Cost: 3 * second}),
		task(5, plan.Task{Name: "big_idx", Desc: "INDEX", Order: plan.Parallel, Phase: plan.Indexes, Needs: []int{2}, Cost: 4 * second}),
		task(6, plan.Task{Name: "fk", Desc: "FK CONSTRAINT", Order: plan.Parallel, Phase: plan.Constraints, Needs: []int{4, 5}, Cost: second}),
		task(7, plan.Task{Name: "acl", Order: plan.After, Phase: plan.Finish, Cost: second}),
	}}
}

// The forecast takes the tasks as the board gives them out, and as long as they cost.
func TestForecast(t *testing.T) {
	t.Parallel()
	source := &catalog.Source{Indexes: map[uint32]*catalog.Index{1: {Table: 12, Bytes: 7}, 2: {Table: 12, Bytes: 1}, 3: {Table: 11, Bytes: 5}}}
	for _, tt := range []struct {
		jobs, indexJobs, total int
		want                   time.Duration
	}{
		{2, 2, 4, 13 * time.Second}, // as long as the longest chain, with what is before and after
		{1, 1, 2, 16 * time.Second}, // big, then small beside the index of big, and that of small last
		{2, 2, 1, 18 * time.Second}, // one after the other
	} {
		if f := forecast(forecastPlan(), source, tt.jobs, tt.indexJobs, tt.total); f.Took != tt.want {
			t.Errorf("%d and %d jobs, %d in all: %s, want %s", tt.jobs, tt.indexJobs, tt.total, f.Took, tt.want)
		}
	}
	f := forecast(forecastPlan(), source, 1, 1, 2)
	if len(f.Tables) != 2 || f.Tables[0] != (ForecastTable{Name: "big", Rows: 6, Bytes: 60, IndexBytes: 8, Begin: 1}) || f.Tables[1].Begin != 2 {
		t.Errorf("tables %+v", f.Tables)
	}
	if f.Rows != 8 || f.Bytes != 80 || f.IndexBytes != 13 {
		t.Errorf("together %d rows, %d bytes, %d of indexes", f.Rows, f.Bytes, f.IndexBytes)
	}
	path := ""
	for _, t := range f.Path {
		path += t.Name + " "
	}
	if path != "big big_idx fk " || f.PathTook != 11*time.Second {
		t.Errorf("the longest path is %s, %s", path, f.PathTook)
	}
	if len(f.Phases) != 5 || f.Phases[1].Tasks != 3 || f.Phases[1].First[0].Name != "big" || len(f.Phases[1].First) != 2 {
		t.Errorf("phases %+v", f.Phases)
	}
	if f.Phases[2].Begin != 7*time.Second || f.Phases[2].End != 14*time.Second {
		t.Errorf("indexes from %s to %s", f.Phases[2].Begin, f.Phases[2].End)
	}
	if f := forecast(&plan.Plan{}, &catalog.Source{}, 1, 1, 2); f.Took != 0 || len(f.Path) != 0 {
		t.Errorf("of nothing: %+v", f)
	}
}
