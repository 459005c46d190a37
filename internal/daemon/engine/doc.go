// Package engine runs transfers: it takes them from the queue, lets each begin when its databases' windows are open and they are free, moves the
// data with package transfer, and keeps the record up. It is the daemon's work.Service.
//
// What it promises: a transfer that was created ends in one final state, whatever dies meanwhile. One that is taken up again, because its daemon
// ended or was lost, goes on with what its ledger on the target says has arrived; nobody else's ledger, and nothing that was there before, is
// touched by that. What is asked of a transfer (pause, cancel, rate, streams) is read from its record, so that any daemon may be asked. Names go
// out, connection strings never: hosts, users' passwords and URLs in messages of servers are replaced by the database's name.
//
// Several engines may work on one queue. What fences them is the ledger on the target, not the queue.
package engine
