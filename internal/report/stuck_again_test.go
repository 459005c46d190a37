package report

import (
	"strings"
	"testing"
	"time"

	"pgsluice/internal/progress"
)

// The end of a standstill is said, but not where the data phase has ended with it.
func TestBytesMoveAgain(t *testing.T) {
	t.Parallel()
	for state, want := range map[progress.State]bool{progress.StateRunning: true, progress.StateDone: false, progress.StateFailed: false} {
		var n narrator
		s := inTheMidst()
		s.Data.Idle = 31 * time.Second
		if text := n.news(s); !strings.Contains(text, "no bytes for 31 s") {
			t.Fatalf("the standstill: %s", text)
		}
		s.Data.Idle, s.Phases[progress.Data].State = 0, state
		if text := n.news(s); strings.Contains(text, "bytes move again") != want {
			t.Errorf("when the phase is %s: %s", state, text)
		}
	}
}
