package progress

import (
	"errors"
	"testing"
)

// Of a key whose index can't be built one failure is told, and the phase comes to an end.
func TestForgo(t *testing.T) {
	tr := New()
	tr.Plan([]Task{{ID: 1, Phase: Indexes, Kind: "INDEX", Name: "k"}, {ID: 2, Phase: Indexes, Kind: "CONSTRAINT", Name: "k"}})
	tr.Start(1).Fail(errors.New("duplicate key"))
	tr.Forgo(2)
	s := tr.Snapshot()
	if p := s.Phases[Indexes]; p.Total != 1 || p.Failed != 1 || p.State != StateFailed || len(s.Failures) != 1 {
		t.Errorf("%+v, failures %+v", p, s.Failures)
	}
	defer func() {
		if recover() == nil {
			t.Error("a task was forgone twice")
		}
	}()
	tr.Forgo(2)
}
