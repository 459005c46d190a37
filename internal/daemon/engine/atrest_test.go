package engine

import (
	"testing"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// A transfer that was canceled at the moment in which it was delivered ends once: its end stays as it is.
func TestDeliveredWhenItIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.engine("idle")
	id := w.create(e, copyProd).ID
	d, err := w.queue.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	over := w.change(e, id, want(work.WantCancel))
	if err := e.handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if got, err := w.queue.Get(t.Context(), id); err != nil || !got.Ended.Equal(*over.Ended) {
		t.Errorf("%+v, and before %+v: %v", got, over, err)
	}
}

// One that had arrived, and whose ledger is still there, is tidied up and not compared: what it was equal to has moved on.
func TestArrivedAndNotTidiedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e, stop := w.start("one")
	id := w.halfway(e)
	stop()
	_, err := w.queue.Update(t.Context(), id, func(t *work.Transfer) error {
		t.Arrived, t.Spec.Options.Verify = true, true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.start("two")
	w.change(e, id, rate(0))
	if got := w.untilState(id, work.Completed); got.Equal != nil || got.Warnings == 0 {
		t.Errorf("%+v", got)
	}
	pgtest.DBDiff(t, w.src, w.dst)
}
