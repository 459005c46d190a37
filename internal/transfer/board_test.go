package transfer

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"pgsluice/internal/plan"
)

// onBoard lays out tasks in order of their IDs, all of them parallel.
func onBoard(most int, tasks ...*plan.Task) *board {
	for i, t := range tasks {
		t.ID, t.Order = i, plan.Parallel
		if t.Kind == plan.Rows {
			t.Phase = plan.Data
		} else {
			t.Phase = plan.Indexes
		}
	}
	return newBoard(&plan.Plan{Tasks: tasks}, most, false, none)
}

// one takes where no tasks are done together.
func (b *board) one(p pool) *plan.Task {
	if tasks := b.take(p); tasks != nil {
		return tasks[0]
	}
	return nil
}

func rows(name string, cost float64) *plan.Task {
	return &plan.Task{Name: name, Kind: plan.Rows, Cost: cost}
}

func index(name string, cost float64, needs ...int) *plan.Task {
	return &plan.Task{Name: name, Kind: plan.SQL, Cost: cost, Needs: needs}
}

// The table that feeds the longest build is taken first, not the largest one.
func TestLongestPathFirst(t *testing.T) {
	b := onBoard(10, rows("large", 50), rows("small", 10), index("gin on small", 100, 1), index("btree on large", 5, 0))
	if first, second := b.one(copiers), b.one(copiers); first.Name != "small" || second.Name != "large" {
		t.Errorf("taken: %s, %s", first.Name, second.Name)
	}
	b = newBoard(&plan.Plan{Tasks: b.tasks}, 10, true, none)
	if first := b.one(copiers); first.Name != "large" {
		t.Errorf("in the archive's order: %s", first.Name)
	}
}

// With one place left it goes to the pool that has the longer path, whoever asks first.
func TestTotalJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := onBoard(2, rows("feeds", 10), rows("other", 20), rows("third", 20), index("gin", 100, 0))
		feeds, other := b.one(copiers), b.one(copiers)
		if feeds.Name != "feeds" || other.Name != "other" || b.active != 2 {
			t.Fatalf("taken: %s, %s, %d in work", feeds.Name, other.Name, b.active)
		}
		taken := make(chan string, 2)
		go func() { taken <- b.one(copiers).Name }()
		go func() { taken <- b.one(builders).Name }()
		synctest.Wait()
		if len(taken) != 0 {
			t.Fatal("a third task is in work")
		}
		b.end([]*plan.Task{feeds})
		synctest.Wait()
		if len(taken) != 1 || <-taken != "gin" {
			t.Error("the free place did not go to the longest path")
		}
		b.end([]*plan.Task{other})
		if next := <-taken; next != "third" {
			t.Errorf("then %s", next)
		}
	})
}

// A table that needs several connections takes the places of as many copiers, until it has ended, whatever it needs then.
func TestWideTasks(t *testing.T) {
	b := onBoard(3, rows("wide", 50), rows("other", 10), index("first", 1), index("second", 1))
	b.allow(2)
	width := 2
	b.width = func(t *plan.Task) int {
		if t.Name == "wide" {
			return width
		}
		return 1
	}
	wide := b.one(copiers)
	if wide.Name != "wide" || b.give(copiers) != nil {
		t.Fatalf("%s is in work, and another copier got a task", wide.Name)
	}
	if b.one(builders) == nil || b.give(builders) != nil {
		t.Error("of three places, two are taken: one builder has room")
	}
	width = 1 // no connections are free: it does with one
	b.end([]*plan.Task{wide})
	if b.copying != 0 || b.active != 1 {
		t.Errorf("%d copiers and %d tasks are in work", b.copying, b.active)
	}
	if next := b.one(copiers); next.Name != "other" {
		t.Errorf("then %s", next.Name)
	}
}

// Builds of one table run side by side; what excludes them waits, and does not hold up what it does not touch.
func TestBoardLocks(t *testing.T) {
	share, exclusive := []plan.Lock{{Relation: 7, Mode: plan.Share}}, []plan.Lock{{Relation: 7, Mode: plan.AccessExclusive}}
	a, b, attach, other := index("a", 9), index("b", 8), index("attach", 10, 0), index("other", 1)
	a.Locks, b.Locks, attach.Locks = share, share, exclusive
	board := onBoard(10, a, b, attach, other)
	var names []string
	for range 3 {
		names = append(names, board.one(builders).Name)
		if len(names) == 2 {
			board.end([]*plan.Task{a})
		}
	}
	if !slices.Equal(names, []string{"a", "b", "other"}) {
		t.Errorf("taken: %s", strings.Join(names, ", "))
	}
	board.end([]*plan.Task{b})
	if next := board.one(builders); next != attach {
		t.Errorf("when no build runs: %s", next.Name)
	}
}

// What only has to come after another does so when that has failed, too: ending is all that the board knows of.
func TestFollows(t *testing.T) {
	build, analyze := index("build", 1), index("analyze", 100)
	analyze.Follows = []int{0}
	b := onBoard(10, build, analyze)
	if first := b.one(builders); first != build {
		t.Fatalf("%s comes first", first.Name)
	}
	if b.next(builders) >= 0 {
		t.Fatal("what follows a task in work is given out")
	}
	b.end([]*plan.Task{build})
	if next := b.one(builders); next != analyze {
		t.Errorf("then %s", next.Name)
	}
	b.halt()
	if b.one(builders) != nil {
		t.Error("a task is given out after the end")
	}
}

// none is no task that is settled before.
func none(*plan.Task) bool { return false }
