package progress

import (
	"errors"
	"testing"
)

func rowsTask(id int, table string, bytes, rows int64) Task {
	return Task{ID: id, Phase: Data, Kind: TableData, Name: table, Table: table, Bytes: bytes, Rows: rows}
}

// What an attempt that was lost had moved is not counted as arrived, and the next attempt counts from the start.
func TestAgain(t *testing.T) {
	tr := New()
	tr.Plan([]Task{rowsTask(1, "a", 100, 10), rowsTask(2, "b", 100, 10)})
	r := tr.Start(1)
	r.AddBytes(60)
	r.AddRows(6)
	r.Again()
	r.AddBytes(100)
	r.AddRows(10)
	r.Done(10, nil)
	r.Again() // too late
	s := tr.Snapshot()
	if s.Data.Bytes != 100 || s.Data.Rows != 10 || s.Data.Redone != 60 || s.Data.TablesDone != 1 || s.Data.Expected != 200 {
		t.Errorf("after a second attempt: %+v", s.Data)
	}
	tr.Retrying(Retry{Object: "table a", Cause: "lost"})
	if s := tr.Snapshot(); s.RetryCount != 1 || s.Retries[0].Object != "table a" {
		t.Errorf("retries: %+v", s.Retries)
	}
}

// A task that is put back may be started anew, and the totals are as if it had never been.
func TestPutBack(t *testing.T) {
	tr := New()
	tr.Plan([]Task{rowsTask(1, "a", 100, 10)})
	r := tr.Start(1)
	r.AddBytes(60)
	r.PutBack()
	r.Fail(errors.New("too late"))
	s := tr.Snapshot()
	if d := s.Data; d.Bytes != 0 || d.Redone != 60 || d.Expected != 100 || len(s.Running) != 0 || len(s.Finished) != 0 || s.Phases[Data].Running != 0 {
		t.Errorf("put back: %+v of %+v", d, s)
	}
	r = tr.Start(1)
	r.AddBytes(100)
	r.Done(10, nil)
	if s := tr.Snapshot(); s.Data.Bytes != 100 || s.Data.TablesDone != 1 || s.Phases[Data].State != StateDone {
		t.Errorf("then: %+v", s.Data)
	}
}

// What a crash has lost waits again; a snapshot taken before keeps what it showed.
func TestUndo(t *testing.T) {
	tr := New()
	tr.Plan([]Task{rowsTask(1, "a", 100, 10), {ID: 2, Phase: Constraints, Kind: Analyze, Name: "a", Table: "a"}})
	r := tr.Start(1)
	r.AddBytes(90)
	r.Done(10, nil)
	tr.Start(2).Done(0, nil)
	before := tr.Snapshot()
	tr.Undo(1)
	tr.Undo(2)
	s := tr.Snapshot()
	if d := s.Data; d.Bytes != 0 || d.Rows != 0 || d.Redone != 90 || d.TablesDone != 0 || d.Expected != 100 || s.Analyze.Done != 0 || len(s.Finished) != 0 {
		t.Errorf("undone: %+v of %+v", d, s)
	}
	if len(before.Finished) != 2 || before.Finished[0].Bytes != 90 || before.Data.TablesDone != 1 {
		t.Errorf("the snapshot before has changed: %+v", before)
	}
	r = tr.Start(1)
	r.AddBytes(100)
	r.Done(10, nil)
	tr.Start(2).Done(0, nil)
	if s := tr.Snapshot(); s.Data.Bytes != 100 || s.Data.TablesDone != 1 || s.Analyze.Done != 1 || s.Phases[Constraints].State != StateDone {
		t.Errorf("then: %+v", s.Data)
	}
}

// What an earlier run did is done, but counts for no total and no rate.
func TestEarlier(t *testing.T) {
	tr := New()
	tr.Plan([]Task{rowsTask(1, "a", 100, 10), rowsTask(2, "b", 50, 5), {ID: 3, Phase: Indexes, Kind: "INDEX", Name: "i"}})
	tr.Earlier(1, 10, 95)
	tr.Earlier(3, 0, 0)
	s := tr.Snapshot()
	if d := s.Data; d.Bytes != 0 || d.EarlierBytes != 95 || d.EarlierRows != 10 || d.TablesDone != 1 || d.Expected != 50 || s.Phases[Indexes].State != StateDone {
		t.Errorf("earlier: %+v of %+v", d, s)
	}
	if f := s.Finished[0]; !f.Earlier || f.Rows != 10 {
		t.Errorf("finished: %+v", f)
	}
	tr.Undo(1)
	if d := tr.Snapshot().Data; d.EarlierBytes != 0 || d.TablesDone != 0 || d.Redone != 0 {
		t.Errorf("earlier, and lost: %+v", d)
	}
}
