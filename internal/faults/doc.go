// Package faults holds the fault suite: tests that run the program as a process
// between two real servers, and break something at a counted byte or message.
//
// Between the program and each server stands a proxy that reads PostgreSQL's
// messages. So a case can say "the third COMMIT of the data phase has reached the
// target, but its answer has not come back", or "after 411,204 bytes of rows". The
// point is drawn by a seeded generator from what a run without a fault has shown.
// What then happens is one of the faults of the list: a backend killed, a
// connection reset, half a message, a stall, a server restart, the program killed
// or interrupted, a full disk, a lock, a deadlock, no connections.
//
// A case promises: its fault has fired; the exit code is one that the fault may
// lead to; what is said names the object and, where it applies, the way on; no
// backend of the program is left; and in the end, after --resume where one was
// due, the target equals the source. While the program runs, writers change the
// source in every second case that ends within one run; then the target must equal
// the source as of the snapshot, which a witness session has imported before the
// program itself knew its name.
//
// `make test` runs a few cases, `make faults` many, and writes RESULTS.md.
//
// It does not test what can be seen without a fault, and none of the program's
// packages is used here: what it does is judged from outside.
package faults
