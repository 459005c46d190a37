package cron

import (
	"slices"
	"time"

	"pgsluice/internal/daemon/work"
)

// Keep parts dumps into those that a rule keeps and those that may be removed, both the newest first. made says when one was made; days, weeks
// (from Monday on) and months are those of zone. A rule of nothing keeps all; the newest is always kept.
func Keep[T any](dumps []T, made func(T) time.Time, rule work.Retention, now time.Time, zone *time.Location) (keep, remove []T) {
	sorted := slices.Clone(dumps)
	slices.SortStableFunc(sorted, func(a, b T) int { return made(b).Compare(made(a)) })
	if rule == (work.Retention{}) {
		return sorted, nil
	}
	since := now.In(zone).AddDate(0, 0, -rule.Days)
	weeks, months := newest{left: rule.Weekly}, newest{left: rule.Monthly}
	for i, dump := range sorted {
		at := made(dump).In(zone)
		year, week := at.ISOWeek()
		// Each rule must see each dump, whatever the others say.
		ofWeek, ofMonth := weeks.take(year*100+week), months.take(at.Year()*100+int(at.Month()))
		if i == 0 || i < rule.Last || rule.Days > 0 && at.After(since) || ofWeek || ofMonth {
			keep = append(keep, dump)
		} else {
			remove = append(remove, dump)
		}
	}
	return keep, remove
}

// newest takes the first of each period, newest first, as long as some are left.
type newest struct{ left, last int }

func (n *newest) take(period int) bool {
	if period == n.last || n.left == 0 {
		return false
	}
	n.last = period
	n.left--
	return true
}
