package report

import (
	"cmp"
	"context"
	"time"

	"pgsluice/internal/progress"
)

// Screen is a terminal with rows that stand below all lines, and are drawn over again.
type Screen interface {
	// Write adds lines above the rows. It may wait for the terminal.
	Write(lines []byte) (int, error)
	// Show replaces the rows; none removes them. It does not wait: only the latest rows are drawn.
	Show(rows []Row)
	// Size is the terminal's size at this moment, in character cells.
	Size() (columns, rows int)
}

// Row is one row of a Screen, without a line break.
type Row struct {
	Text    string // may hold colours
	Columns int    // that Text takes
}

// BarOptions say how bars look. The zero value is the default.
type BarOptions struct {
	Color bool          // see ColorFor
	Grace time.Duration // how long stop waits for a blocked screen; default 1 s
}

// FollowBars shows a transfer on a terminal while it runs: a bar for each phase, under it what is in work, and what
// holds the transfer up. What Follow says in lines of its own, such as warnings, scrolls away above.
//
// Like Follow it only reads the feed: a terminal that is stopped misses some pictures, and holds nobody up. Stop removes
// the rows and returns when the last lines are written, or after Grace.
func FollowBars(ctx context.Context, feed *progress.Feed, screen Screen, o BarOptions) (stop func()) {
	o.Grace = cmp.Or(o.Grace, defaultGrace)
	style := newBarStyle(o.Color)
	var n narrator
	return subscribe(ctx, feed, o.Grace, func(s progress.Snapshot, ended bool) error {
		columns, height := screen.Size()
		n.width = columns
		if text := n.news(s); text != "" {
			if _, err := screen.Write([]byte(text)); err != nil {
				return err
			}
		}
		if ended {
			screen.Show(nil)
		} else {
			screen.Show(style.rows(s, columns, height))
		}
		return nil
	})
}
