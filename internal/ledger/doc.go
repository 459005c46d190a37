// Package ledger is what a target records about a transfer into it: the schema _pgsluice, with every planned entry and
// part, and which of them are done. A crash of either server or of pgsluice itself leaves there exactly what has arrived,
// so that any machine can go on.
//
// The protocol (FACTS.md 15, 17 and 18): whatever a task does on the target is one transaction, which first inserts the task's
// key, plainly, and checks the fence. A second attempt then waits for the first, and learns from 23505 that it is not needed;
// a run that another one has taken over from can't commit any more. What a crash empties, the rows of unlogged tables, is
// recorded in a table that a crash empties too. In that table there is also a mark: a session that does not find it knows that
// the server has crashed since, and may have lost its last commits, which were not waited for.
//
// The schema is no user data. It is dropped when all is done. No password is ever in it.
package ledger
