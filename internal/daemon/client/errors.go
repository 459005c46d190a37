package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"pgsluice/internal/daemon/work"
)

// Refused is an answer that is neither what was asked for nor one of work's errors.
type Refused struct {
	Server string
	Status int
	Detail string // what the daemon says, or "" if it was no daemon that spoke
}

func (e *Refused) Error() string {
	switch {
	case e.Status == http.StatusUnauthorized && e.Detail != "":
		return e.Server + ": " + e.Detail
	case e.Detail != "":
		return e.Server + ": " + e.Detail
	}
	return fmt.Sprintf("%s: it answers %d %s: is that a pgsluice daemon?", e.Server, e.Status, http.StatusText(e.Status))
}

// passing reports whether the same request may be granted later.
func (e *Refused) passing() bool {
	return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// Reached reports whether err came from a daemon, and not from the way to it.
func Reached(err error) bool {
	var (
		refused  *Refused
		invalid  *work.Invalid
		conflict *work.Conflict
	)
	return errors.Is(err, work.ErrNotFound) || errors.As(err, &refused) || errors.As(err, &invalid) || errors.As(err, &conflict)
}

// Sent reports whether a request that ended with err may have come to a daemon.
func Sent(err error) bool {
	var op *net.OpError
	return !errors.As(err, &op) || op.Op != "dial"
}

// problem is an error as RFC 9457 has it.
type problem struct {
	Detail string `json:"detail"`
	Errors []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

// notFound is a service's ErrNotFound in the daemon's words.
type notFound struct{ detail string }

func (e *notFound) Error() string { return e.detail }
func (e *notFound) Unwrap() error { return work.ErrNotFound }

// refused reads an answer that is an error.
func (c *Client) refused(resp *http.Response) error {
	var p problem
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") {
		_ = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&p) // its status is enough
	}
	switch {
	case p.Detail == "":
	case resp.StatusCode == http.StatusNotFound:
		return &notFound{p.Detail}
	case resp.StatusCode == http.StatusConflict:
		return &work.Conflict{Message: p.Detail}
	case resp.StatusCode == http.StatusUnprocessableEntity && len(p.Errors) > 0:
		return &work.Invalid{Field: strings.TrimPrefix(p.Errors[0].Location, "body."), Message: p.Errors[0].Message}
	case resp.StatusCode == http.StatusUnprocessableEntity:
		return &work.Invalid{Message: p.Detail}
	}
	return &Refused{Server: c.base, Status: resp.StatusCode, Detail: p.Detail}
}

// unreachable is an error on the way to the daemon. The cause says it in a line: http puts method and URL before it.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var bare *url.Error
	if errors.As(err, &bare) {
		err = bare.Err
	}
	return fmt.Errorf("%s: %w", c.base, err)
}
