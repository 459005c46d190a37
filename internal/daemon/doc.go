// Package daemon is pgsluice as a service: it puts the rooms below it together, the queue, the engine that runs transfers, the API, and the
// page, behind one listener, and starts and ends them in order.
//
// What it promises: what a transfer needs to be taken up again is on disk at every moment, so a daemon may be killed at any. Asked to end, it
// begins nothing more, stops what runs cleanly, and gives it back to the queue. It listens on loopback unless told otherwise, and to others with
// TLS alone unless told so by name.
package daemon
