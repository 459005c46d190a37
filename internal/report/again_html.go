package report

import (
	"strings"

	"pgsluice/internal/progress"
)

func mixedItem(m Mixture) htmlItem {
	const most = 40 // more are no reading
	return htmlItem{Object: takenText(m), Text: listed(printables(m.Tables), most)}
}

func retryItem(r progress.Retry) htmlItem {
	return htmlItem{
		Object: printable(r.Object), Text: formatClock(r.At) + ": " + printableLines(strings.TrimSpace(r.Cause)) + "; again after " + formatDuration(r.Wait),
	}
}

// earlierRow is a table that had arrived when this run began: no time is known of it.
func earlierRow(t table) htmlRow {
	return htmlRow{Cells: []htmlCell{
		{Text: printable(t.name), Mark: "arrived before", Quiet: true},
		numberCell(formatCount(t.earlier.rows), t.earlier.rows),
		numberCell(formatBytes(t.earlier.bytes), t.earlier.bytes),
		numberCell("", 0),
		numberCell("", 0),
		numberCell(formatCount(int64(t.earlier.parts)), int64(t.earlier.parts)),
	}}
}
