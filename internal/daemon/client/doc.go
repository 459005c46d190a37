// Package client is the other side of the daemon's API: a Client is a work.Service that asks a daemon over HTTP. So what works with a service works
// with a daemon far away, and its errors are a service's own: work.ErrNotFound, *work.Invalid and *work.Conflict; beside them *Refused, and those
// of the network.
//
// A stream that breaks is opened again and goes on behind the last event. The token goes to the server that was named, and nowhere else: redirects
// are not followed.
package client
