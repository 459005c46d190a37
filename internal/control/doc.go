// Package control lets other processes of the same user watch a transfer and change its rate limit, through a Unix
// socket.
//
// [Listen] makes the socket and serves it, [Dial] is the other end. What goes over it is HTTP:
//
//	GET /snapshot         one line of JSON: the present snapshot
//	GET /snapshot?follow  one such line at each tick of the feed, until the transfer is over
//	GET /rate-limit       {"bytes_per_second": 20000000}; 0 is no limit
//	PUT /rate-limit       the same as its body; answers {"old": 0, "new": 20000000}
//
// Both sides send the header Pgsluice-Control with the version of this protocol, which holds a sum over the fields of a
// snapshot: a program of another release is refused with an error that says so, and never half understood.
//
// The socket belongs to the user who runs the transfer (mode 0600), and who may connect to it may do all of the above.
// A client that does not read misses snapshots; it delays neither the transfer nor other clients. Snapshots travel
// without what would make them large: the tasks that have ended and the history.
//
// It does not start, stop or list transfers.
package control
