package progress

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func parts(n int, bytes, rows int64) (tasks []Task) {
	for i := range n {
		tasks = append(tasks, Task{ID: i, Phase: Data, Kind: TableData, Name: string(rune('a' + i)), Bytes: bytes, Rows: rows})
	}
	return tasks
}

func near(t *testing.T, what string, got, want float64, share float64) {
	t.Helper()
	if math.Abs(got-want) > want*share {
		t.Errorf("%s: %.0f, want about %.0f", what, got, want)
	}
}

// TestExpectedLearnsFromWhatHasMoved copies ten parts that are twice as large as they were estimated.
func TestExpectedLearnsFromWhatHasMoved(t *testing.T) {
	tr := New()
	tr.Plan(parts(10, 1000, 10))
	if d := tr.Snapshot().Data; d.Expected != 10_000 || d.ExpectedRows != 100 || d.Remaining >= 0 {
		t.Errorf("planned: %+v", d)
	}
	move := func(id int) {
		r := tr.Start(id)
		for range 10 {
			r.AddBytes(200)
			r.AddRows(1)
			if d := tr.Snapshot().Data; d.Expected < d.Bytes || d.ExpectedRows != 100 {
				t.Errorf("part %d: %+v", id, d)
			}
		}
		r.Done(10, nil)
	}
	move(0)
	near(t, "after one part", float64(tr.Snapshot().Data.Expected), 17_000, 0.02)
	for i := 1; i < 5; i++ {
		move(i)
	}
	near(t, "after half of them", float64(tr.Snapshot().Data.Expected), 20_000, 0.05)
	for i := 5; i < 10; i++ {
		move(i)
	}
	if d := tr.Snapshot().Data; d.Expected != 20_000 || d.Bytes != 20_000 || d.Remaining != 0 || d.ExpectedRows != d.Rows {
		t.Errorf("done: %+v", d)
	}
}

// TestTheFirstRowsDoNotDecide: a part whose first row in a thousand is a giant.
func TestTheFirstRowsDoNotDecide(t *testing.T) {
	tr := New()
	tr.Plan(parts(1, 100_000, 1000))
	r := tr.Start(0)
	r.AddBytes(1_000)
	r.AddRows(1)
	near(t, "after one row of a thousand", float64(tr.Snapshot().Data.Expected), 100_900, 0.01)
	r.AddBytes(499_000)
	r.AddRows(499)
	near(t, "after half of the rows", float64(tr.Snapshot().Data.Expected), (100_000+1_000_000)/2, 0.01)
	r.AddBytes(450_000)
	r.AddRows(450)
	near(t, "towards the end", float64(tr.Snapshot().Data.Expected), 955_000, 0.01)
	r.AddBytes(450_000)
	r.AddRows(450)
	if d := tr.Snapshot().Data; d.Expected != d.Bytes || d.Remaining >= 0 {
		t.Errorf("more rows than estimated: %+v", d)
	}
}

func TestTheFactorIsBounded(t *testing.T) {
	for _, test := range []struct{ moved, want int64 }{{1_000_000, 1_000_000 + 5*9_000}, {0, 9 * 1000 / 3}} {
		tr := New()
		tr.Plan(parts(10, 1000, 0))
		r := tr.Start(0)
		r.AddBytes(test.moved)
		r.Done(0, nil)
		if d := tr.Snapshot().Data; d.Expected != test.want {
			t.Errorf("%d moved: expected %d, want %d", test.moved, d.Expected, test.want)
		}
	}
	e := estimate{planned: 1_000_000, done: 1_000_000}
	if f := e.factor(); f != leastFactor {
		t.Errorf("factor %v where nothing came", f)
	}
}

// TestFailedPartsTeachNothing: what they moved counts, but says nothing of the others.
func TestFailedPartsTeachNothing(t *testing.T) {
	tr := New()
	tr.Plan(parts(4, 1000, 10))
	for i, end := range []func(*Running){
		func(r *Running) { r.Fail(errors.New("no")) },
		func(r *Running) { r.Interrupt(nil) },
	} {
		r := tr.Start(i)
		r.AddBytes(100)
		r.AddRows(3)
		end(r)
	}
	d := tr.Snapshot().Data
	if d.Bytes != 200 || d.Rows != 6 || d.Expected != 2200 || d.ExpectedRows != 26 {
		t.Errorf("%+v", d)
	}
}

func TestWithoutEstimatesNothingIsExpected(t *testing.T) {
	tr := New()
	tr.Plan(parts(2, 0, 0))
	r := tr.Start(0)
	r.AddBytes(100)
	r.AddRows(1)
	if d := tr.Snapshot().Data; d.Expected != 0 || d.ExpectedRows != 0 || d.Remaining >= 0 {
		t.Errorf("%+v", d)
	}
	r.Done(1, nil)
	tr.Start(1).Done(0, nil)
	if d := tr.Snapshot().Data; d.Expected != 100 || d.ExpectedRows != 1 || d.Remaining != 0 {
		t.Errorf("%+v", d)
	}
}

// TestRowsOfAPartThatIsDoneAreWhatItsEndSaid, not what was counted on the way; large objects are no rows of tables.
func TestRowsOfAPartThatIsDoneAreWhatItsEndSaid(t *testing.T) {
	tr := New()
	tr.Plan([]Task{{ID: 1, Phase: Data, Kind: TableData, Name: "t"}, {ID: 2, Phase: Data, Kind: "BLOBS", Name: "large objects"}})
	part, objects := tr.Start(1), tr.Start(2)
	part.AddRows(5)
	objects.AddRows(70)
	if s := tr.Snapshot(); s.Data.Rows != 5 || s.Running[0].Rows != 5 || s.Running[1].Rows != 70 {
		t.Errorf("in work: %+v", s.Data)
	}
	part.Done(8, nil)
	objects.Done(70, nil)
	if s := tr.Snapshot(); s.Data.Rows != 8 || s.Finished[0].Rows != 8 || s.Finished[1].Rows != 70 {
		t.Errorf("done: %+v", s.Data)
	}
}

func TestRemaining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		// The second part, of which nothing is known yet, keeps the first from being the one that all wait for.
		tr.Plan(append(parts(1, 0, 0), Task{ID: 1, Phase: Data, Kind: TableData, Name: "z", Bytes: 100_000}))
		r := tr.Start(0)
		run := func(perTick int64, ticks int) (d DataStatus) {
			for range ticks {
				time.Sleep(Tick)
				r.AddBytes(perTick)
				d = tr.Snapshot().Data
			}
			return d
		}
		if d := run(200, 1); d.Remaining >= 0 {
			t.Errorf("foretold after one tick: %v", d.Remaining)
		}
		d := run(200, 49) // 10 s at 1000 bytes a second
		near(t, "steady", d.Remaining.Seconds(), 100, 0.02)
		d = run(20, 50) // then 100 a second
		near(t, "slower", d.Remaining.Seconds(), float64(100_000)/((100+550)/2), 0.05)
		tr.Finish()
		if d := tr.Snapshot().Data; d.Remaining != 0 {
			t.Errorf("over: %v", d.Remaining)
		}
	})
}

// TestRemainingKnowsTheLongestTask: a large table goes on alone, and the rate of all was ten times its own.
func TestRemainingKnowsTheLongestTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Plan(parts(2, 100_000, 0))
		slow, quick := tr.Start(0), tr.Start(1)
		for range 50 { // 10 s
			time.Sleep(Tick)
			slow.AddBytes(200)
			quick.AddBytes(1800)
			tr.Snapshot()
		}
		near(t, "remaining", tr.Snapshot().Data.Remaining.Seconds(), 90, 0.02)
	})
}
