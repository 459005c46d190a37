// Package transfer runs a plan: it opens the source under one snapshot, asks pg_dump for the table of contents, makes
// the plan, and carries it out on the target. It is the one place where pipes are declared.
//
// The order of a copy is fixed by what may go wrong. First everything that can be refused: both logins, versions,
// the same database twice, a target with objects in it, roles that are missing. Then the snapshot, pg_dump and the
// locks, which only read. Only then the target changes: --clean, pre-data entries one by one, rows and large objects
// on Jobs streams while the indexes of loaded tables are built, then privileges, materialized views, event triggers
// and the database's own settings.
//
// Each part is one transaction on the target, and its rows are counted on both sides before COMMIT. An error that
// ends a COPY early is therefore never a short table. A cancelled context cancels what runs on both servers, closes
// every session and is returned as its cause; Copy returns only when all its goroutines have ended.
package transfer
