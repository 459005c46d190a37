// Package gauge measures what two servers and the link between can do with the user's own data: it is
// `pgsluice bench`.
//
//	result, err := gauge.Run(ctx, gauge.Options{Source: "service=old", Target: "service=new", Confirm: "shop"})
//
// It uses the stages that a copy is made of, without a transfer: COPY out of the source's real tables into nothing,
// rows of theirs held in memory into tables of the target, and both joined. Each is tried with 1, 2, 4 … streams, as
// text and in binary. From the rates it says, in words, what a copy would be bound by ([Judge]).
//
// It promises three things. Of the source it only reads, in read-only sessions that wait two seconds for a lock at most. On the
// target it makes one schema, [Schema], after the target's name was confirmed, and drops it again however the run
// ends; if that can't be done, the error says which statement is left to the user. It puts no more load on either side
// than Options ask for, in streams, time and bytes.
//
// What it holds in memory is bounded: 32 MiB of sample rows, and a few times the largest row per stream; rows with a
// value above 16 MiB are left out where there may be some. It does not measure index builds, constraints or ANALYZE.
package gauge
