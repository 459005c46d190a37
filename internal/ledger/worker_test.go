package ledger

import (
	"testing"
	"time"
)

func TestWorkerGone(t *testing.T) {
	t.Parallel()
	for w, want := range map[Worker]bool{
		{PID: "1", Seen: true, Silent: Pulse}:     false,
		{PID: "1", Seen: true, Silent: 4 * Pulse}: true,
		{PID: "1", Silent: time.Hour}:             false, // nothing is known
		{PID: "1", Seen: true, Silent: 3 * Pulse}: false,
	} {
		if got := w.Gone(); got != want {
			t.Errorf("%+v: %v", w, got)
		}
	}
}
