package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"pgsluice/internal/progress"
)

// ErrGone is the end of a transfer that nobody saw: the process that ran it went away before it was over.
var ErrGone = errors.New("the copy's process went away before its end")

// patience is how long a copy may take to answer: it does so at once, unless its process is stopped.
const patience = 10 * time.Second

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Client talks to a Server. It may be used from several goroutines.
type Client struct {
	http    *http.Client
	version string // of this program
}

// Dial returns a client for the socket at path; an error says that there is none. It connects with each request. The
// caller calls Close.
func Dial(path, version string) (*Client, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such socket: is the copy over, or was it started without --control?")
	case err != nil:
		return nil, cause(err)
	case info.Mode().Type() != fs.ModeSocket:
		return nil, errors.New("not a socket")
	case len(path) > longestPath:
		return nil, fmt.Errorf("the path has %d bytes, and a socket's has at most %d", len(path), longestPath)
	}
	var d net.Dialer
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", path) }
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial, ResponseHeaderTimeout: patience}}, version: version}, nil
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Snapshot is the present state, without finished tasks and history.
func (c *Client) Snapshot(ctx context.Context) (progress.Snapshot, error) {
	var m message
	err := c.do(ctx, http.MethodGet, "/snapshot", nil, func(body io.Reader) error { return json.NewDecoder(body).Decode(&m) })
	return m.Snapshot, err
}

// Follow calls see with each snapshot that comes, until the transfer is over: its last call sees that. Then it returns
// nil; ErrGone says that the end did not come.
func (c *Client) Follow(ctx context.Context, see func(progress.Snapshot)) error {
	var last progress.Snapshot
	err := c.do(ctx, http.MethodGet, "/snapshot?follow", nil, func(body io.Reader) error {
		decoder := json.NewDecoder(body)
		for {
			var m message
			if err := decoder.Decode(&m); err != nil {
				return err
			}
			last = join(last, m.Snapshot)
			see(last)
		}
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case last.Over:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return ErrGone
	}
	return err
}

// SetRate changes the rate limit, in bytes per second; 0 is none. It returns the one before.
func (c *Client) SetRate(ctx context.Context, bytesPerSecond int64) (old int64, err error) {
	body, err := json.Marshal(rate{&bytesPerSecond})
	if err != nil {
		return 0, err
	}
	var change rateChange
	err = c.do(ctx, http.MethodPut, "/rate-limit", body, func(body io.Reader) error { return json.NewDecoder(body).Decode(&change) })
	return change.Old, err
}

func (c *Client) do(ctx context.Context, method, path string, body []byte, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://pgsluice"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set(headerProtocol, protocol())
	response, err := c.http.Do(request)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isTimeout(err):
		return fmt.Errorf("nobody answers there for %d s: is the copy stopped?", int(patience.Seconds()))
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nobody listens there: the copy is over, or was killed")
	case errors.Is(err, io.EOF), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET): // as far as the request got
		return errors.New("the connection was closed: too many watch that copy, or it has just ended")
	case err != nil:
		return cause(err)
	}
	defer response.Body.Close()
	theirs := response.Header.Get(headerProtocol)
	switch {
	case theirs == "":
		return errors.New("what listens there is not a copy of pgsluice's")
	case theirs != protocol():
		return fmt.Errorf("the copy is run by pgsluice %q, and this is %q, which differs from it: use the same program for both",
			response.Header.Get(headerProgram), c.version)
	case response.StatusCode != http.StatusOK:
		text, _ := io.ReadAll(io.LimitReader(response.Body, mostBody)) // the status alone says enough
		return fmt.Errorf("refused: %s: %s", response.Status, strings.TrimSpace(string(text)))
	}
	return read(response.Body)
}
