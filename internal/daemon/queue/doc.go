// Package queue is the daemon's durable state: transfers, the queue of those that want a daemon, their logs and reports, schedules, and the
// guards of databases, on NATS JetStream. The server is embedded in the process, without a port, or an external cluster: but for Open
// nothing here knows which.
//
// What it promises: a transfer whose Create has returned is on disk, and it is handed out by Take until a Delivery's Done, however often
// processes die. Records change by compare-and-set only. A Delivery is a lease: who does not renew it for Options.AckWait loses it to
// another daemon, and from then on its Update, InProgress and Done are ErrLost. That guards the records, and not the databases: these
// are fenced by the ledger on the target.
//
// What readers follow (Watch, Live, Events) never waits for them: a slow one gets the latest state.
package queue
