package api

import (
	"net/http"
	"time"
)

// Limits are the bounds of a server. The zero value is the documented default.
type Limits struct {
	// Connections is how many there are at a time. The default is 4096: each that is idle costs about 10 KB. One more closes the one that has
	// been idle for the longest time; if none is idle, it is closed itself.
	Connections int
}

// Server is an http.Server for h whose slow or silent clients can't hold it up, and can't hold much of it. The caller serves and closes it.
func Server(h http.Handler, l Limits) *http.Server {
	if l.Connections == 0 {
		l.Connections = 4096
	}
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second, // also of a connection that never says anything
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute, // plans look at two databases; streams set their own
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ConnState:         newCrowd(l.Connections).state,
	}
}
