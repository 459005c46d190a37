package plan_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// Whatever is chosen, of whatever part of an archive, the plan can be carried out: no task needs a later one, nothing
// waits in a circle, and all rows are copied once.
func TestPlansCanBeCarriedOut(t *testing.T) {
	names := append([]string{regression}, shapes...)
	whole := map[string]*archive.TOC{}
	sources := map[string]*catalog.Source{}
	for _, name := range names {
		whole[name] = readTOC(t, name)
		sources[name] = sourceOf(t, whole[name])
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "archive")
		flag := rapid.Bool()
		choices := plan.Choices{
			NoOwner: flag.Draw(t, "no-owner"), NoACL: flag.Draw(t, "no-acl"), NoComments: flag.Draw(t, "no-comments"),
			NoTablespaces: flag.Draw(t, "no-tablespaces"), NoPublications: flag.Draw(t, "no-publications"),
			NoDBSettings: flag.Draw(t, "no-db-settings"), Subscriptions: flag.Draw(t, "subscriptions"), TargetDatabase: "target",
		}
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 1:
			choices.SchemaOnly = true
		case 2:
			choices.DataOnly = true
		}
		toc := &archive.TOC{Header: whole[name].Header, Entries: slices.Clone(whole[name].Entries)}
		// dependencies may name what the archive does not have
		for range rapid.IntRange(0, 20).Draw(t, "how many are missing") {
			i := rapid.IntRange(0, len(toc.Entries)-1).Draw(t, "missing")
			if toc.Entries[i].Desc != "BLOB METADATA" { // without it the group's ACL is an error
				toc.Entries = slices.Delete(toc.Entries, i, i+1)
			}
		}
		// nor need they make sense
		for range rapid.IntRange(0, 20).Draw(t, "how many are odd") {
			e := &toc.Entries[rapid.IntRange(0, len(toc.Entries)-1).Draw(t, "odd")]
			other := toc.Entries[rapid.IntRange(0, len(toc.Entries)-1).Draw(t, "depends on")]
			e.Dependencies = append(slices.Clone(e.Dependencies), other.DumpID)
		}
		p, err := plan.Build(toc, sources[name], choices)
		if err != nil {
			t.Fatal(err)
		}
		checkOrder(t, p)
		checkCoverage(t, toc, p, choices)
	})
}

// checkOrder carries the plan out on paper.
func checkOrder(t *rapid.T, p *plan.Plan) {
	data := 0
	for id, task := range p.Tasks {
		if task.ID != id {
			t.Fatalf("task %d is at %d", task.ID, id)
		}
		if task.Order == plan.Parallel && task.Phase == plan.Data {
			data++
		}
		for _, waited := range [][]int{task.Needs, task.Follows} {
			if !slices.IsSorted(waited) || len(slices.Compact(slices.Clone(waited))) != len(waited) {
				t.Fatalf("task %d waits for %v", id, waited)
			}
			for _, other := range waited {
				if p.Tasks[other].Order > task.Order || other >= id {
					t.Fatalf("%s task %d %s waits for the later %s task %d %s",
						orders[task.Order], id, task.Name, orders[p.Tasks[other].Order], other, p.Tasks[other].Name)
				}
			}
		}
	}
	done := map[int]bool{}
	left := p.Tasks
	for len(left) > 0 {
		var stuck []*plan.Task
		for _, task := range left {
			ready := (!task.AfterData || data == 0) && !slices.ContainsFunc(slices.Concat(task.Needs, task.Follows), func(id int) bool {
				return p.Tasks[id].Order == plan.Parallel && !done[id]
			})
			if !ready && task.Order == plan.Parallel {
				stuck = append(stuck, task)
				continue
			}
			done[task.ID] = true
			if task.Order == plan.Parallel && task.Phase == plan.Data {
				data--
			}
		}
		if len(stuck) == len(left) {
			t.Fatalf("%d tasks wait for each other, among them %s %s", len(stuck), stuck[0].Entry.Desc, stuck[0].Name)
		}
		left = stuck
	}
	last := slices.IndexFunc(p.Tasks, func(t *plan.Task) bool { return t.Order == plan.After })
	if last >= 0 && slices.ContainsFunc(p.Tasks[last:], func(t *plan.Task) bool { return t.Order != plan.After }) {
		t.Fatal("the After tasks are not the last ones")
	}
}

// checkCoverage compares the plan with the archive.
func checkCoverage(t *rapid.T, toc *archive.TOC, p *plan.Plan, choices plan.Choices) {
	tasks, analyzed := map[int]int{}, map[string]int{}
	for _, task := range p.Tasks {
		switch task.Desc {
		case plan.Analyze:
			analyzed[task.Name]++
		case task.Entry.Desc: // and not the other half of one
			tasks[task.Entry.DumpID]++
		}
	}
	for name, n := range analyzed {
		if n != 1 || choices.SchemaOnly {
			t.Fatalf("%s is analyzed %d times", name, n)
		}
	}
	for i := range toc.Entries {
		e := &toc.Entries[i]
		n := tasks[e.DumpID]
		switch {
		case e.Desc == "TABLE DATA" && choices.SchemaOnly && n != 0, e.Desc == "TABLE DATA" && !choices.SchemaOnly && n != 1:
			t.Fatalf("the rows of %s are copied %d times", e.Tag, n)
		case e.Desc == "TABLE" && choices.DataOnly && n != 0, e.Desc == "TABLE" && !choices.DataOnly && n != 1:
			t.Fatalf("table %s is made %d times", e.Tag, n)
		case e.Desc != "BLOBS" && n > 1 && e.Desc != "INDEX":
			t.Fatalf("%s %s is done %d times", e.Desc, e.Tag, n)
		}
	}
}
