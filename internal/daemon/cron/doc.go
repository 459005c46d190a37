// Package cron says when schedules tick and which dumps retention keeps. It is pure: what time it is, is an argument.
//
// An expression is five fields of a zone's wall clock: minute, hour, day of the month, month, day of the week. As in cron, where both days are
// given, one of them is enough. On the days on which a zone's clocks are set:
//
//   - A tick in the hour that is passed over comes at the moment at which the clocks are set forward; several of them, once.
//   - A tick in the hour that comes twice comes in the first one.
//   - An hour of * means every hour that passes, so those schedules tick in both and know no hour that is passed over.
package cron
