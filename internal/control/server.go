package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"pgsluice/internal/progress"
)

// Limiter is the rate limit of a transfer, in bytes per second; 0 is none.
type Limiter interface {
	Rate() int64
	SetRate(bytesPerSecond int64)
}

// Options say what is served.
type Options struct {
	Feed    *progress.Feed
	Limiter Limiter
	Version string // of this program, for the other's error messages
}

const (
	mostClients = 32      // a person has fewer terminals
	mostHeader  = 8 << 10 // a request of ours has some hundred bytes
	mostBody    = 1 << 10
	slowHeader  = 5 * time.Second
	// lastWords is how long Close waits for clients to take the last snapshot.
	lastWords = time.Second
)

// Server is a control socket that is served.
type Server struct {
	opt    Options
	path   string
	info   fs.FileInfo // of the socket
	http   http.Server
	served chan struct{}
	places chan struct{}
}

// Listen makes the socket at path and serves it until Close. It must not exist, unless as a socket of ours that
// nobody listens on.
func Listen(ctx context.Context, path string, opt Options) (*Server, error) {
	l, err := listen(ctx, path)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, errors.Join(cause(err), l.Close())
	}
	s := &Server{opt: opt, path: path, info: info, served: make(chan struct{}), places: make(chan struct{}, mostClients)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /snapshot", s.snapshot)
	mux.HandleFunc("GET /rate-limit", s.rate)
	mux.HandleFunc("PUT /rate-limit", s.setRate)
	s.http = http.Server{
		Handler: s.checked(mux), ReadHeaderTimeout: slowHeader, ReadTimeout: slowHeader, MaxHeaderBytes: mostHeader,
		ErrorLog: log.New(io.Discard, "", 0), // a hostile client's affair
	}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(places{l, s.places}) // Close ends it
	}()
	return s, nil
}

// Close ends the clients and removes the socket. If the feed is closed, those who follow it get the last snapshot first,
// if they take it at once.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close() // whoever is left does not read
	}
	<-s.served
	// Somebody may have put another file there.
	if info, err := os.Lstat(s.path); err == nil && os.SameFile(info, s.info) {
		_ = os.Remove(s.path) // a socket that stays is dead, and the next one to come replaces it
	}
}

// checked lets only clients through that speak the same protocol.
func (s *Server) checked(next http.Handler) http.Handler {
	ours := protocol()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(headerProtocol, ours)
		w.Header().Set(headerProgram, s.opt.Version)
		if r.Header.Get(headerProtocol) != ours {
			http.Error(w, "another version of the control protocol", http.StatusUpgradeRequired)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		next.ServeHTTP(w, r)
	})
}

func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	var have sent
	encoder := json.NewEncoder(w)
	if !r.URL.Query().Has("follow") {
		_ = encoder.Encode(message{have.cut(s.opt.Feed.Snapshot())}) // a client that is gone needs no answer
		return
	}
	snapshots, cancel := s.opt.Feed.Subscribe()
	defer cancel()
	flush := http.NewResponseController(w)
	_ = flush.SetReadDeadline(time.Time{}) // it was for the request; a connection that is gone shows in the next write
	for {
		select {
		case p, ok := <-snapshots:
			if !ok || encoder.Encode(message{have.cut(p)}) != nil || flush.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func (s *Server) rate(w http.ResponseWriter, _ *http.Request) {
	now := s.opt.Limiter.Rate()
	_ = json.NewEncoder(w).Encode(rate{&now}) // a client that is gone needs no answer
}

func (s *Server) setRate(w http.ResponseWriter, r *http.Request) {
	var to rate
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&to); err != nil {
		http.Error(w, fmt.Sprintf("not a rate limit: %v", err), http.StatusBadRequest)
		return
	}
	if to.BytesPerSecond == nil || *to.BytesPerSecond < 0 {
		http.Error(w, "bytes_per_second must be 0 or more", http.StatusBadRequest)
		return
	}
	change := rateChange{Old: s.opt.Limiter.Rate(), New: *to.BytesPerSecond}
	s.opt.Limiter.SetRate(change.New)
	_ = json.NewEncoder(w).Encode(change) // a client that is gone needs no answer
}

// places is a listener that takes a client only while there is a place for it.
type places struct {
	net.Listener
	free chan struct{}
}

func (l places) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	for err == nil {
		select {
		case l.free <- struct{}{}:
			return &placed{Conn: conn, free: l.free}, nil
		default:
			_ = conn.Close() // it reads that nobody answers
		}
		conn, err = l.Listener.Accept()
	}
	return nil, err
}

// placed gives its place back when it is closed.
type placed struct {
	net.Conn
	once sync.Once
	free chan struct{}
}

func (c *placed) Close() error {
	c.once.Do(func() { <-c.free })
	return c.Conn.Close()
}
