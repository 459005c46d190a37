// Package work has the words that the daemon's rooms share: transfers, what may be asked of them, schedules, and the errors of requests. It
// is types and rules without I/O: the same structs come from the API, lie in the store, and go to the page.
//
// Databases and stores are named; a connection string is never in one of these types.
package work
