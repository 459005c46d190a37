// Package durable holds the proof that a daemon may die at any moment: tests that run the program as a process, kill it again and again, or stop
// it and let another one take over, or end it in order, and then ask the databases, the store and the logs what has happened.
//
// `make test` kills a few times, `make durable` 30 times over 40 transfers. The moments are drawn by a seeded generator and counted: so many bytes
// to and from the databases, so many changes of transfers. What exactly the daemon is at then is up to the machine.
package durable
