package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pgsluice/internal/daemon/work"
)

// Options are the choices of a Client. The zero value is the documented default.
type Options struct {
	// Token is the secret that lets us in. Without one, every answer is a refusal.
	Token string
	// Patience is how long a stream that broke is tried again without anything coming. The default is 5 min: a daemon restarts in less.
	Patience time.Duration
	// Lost is told of a stream that broke and will be tried again. nil tells nobody.
	Lost func(err error)
	// Transport is for tests; nil is http.DefaultTransport's equal.
	Transport http.RoundTripper
}

// Client asks a daemon. Its methods may be called from several goroutines. It implements work.Service; who a request is by, its token says.
type Client struct {
	base     string // without a slash at the end
	o        Options
	http     *http.Client
	answerIn time.Duration
}

var _ work.Service = (*Client)(nil)

const (
	// answerIn is how long an answer may take. Plans are the longest.
	answerIn = 2 * time.Minute
	// most is the largest answer that is read: a report of a hundred thousand tables has less.
	most = 256 << 20
)

// New is a client of the daemon at server, such as https://db-tools.example:8432. Nothing is asked yet.
func New(server string, o Options) (*Client, error) {
	u, err := url.Parse(server)
	switch {
	case err != nil:
		return nil, errors.New("the server's URL can't be read: write it as https://HOST:PORT")
	case u.User != nil:
		return nil, errors.New("the server's URL must not have a user or password: a token lets in")
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s is not a server's URL: write it as https://HOST:PORT", server)
	}
	if o.Patience == 0 {
		o.Patience = 5 * time.Minute
	}
	if o.Lost == nil {
		o.Lost = func(error) {}
	}
	if o.Transport == nil {
		t := &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			TLSHandshakeTimeout:   15 * time.Second,
			ResponseHeaderTimeout: answerIn,
			IdleConnTimeout:       time.Minute,
		}
		o.Transport = t
	}
	c := &Client{base: strings.TrimSuffix(u.String(), "/"), o: o, answerIn: answerIn}
	c.http = &http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c, nil
}

// Clear reports whether the token travels in clear over a network.
func (c *Client) Clear() bool {
	u, err := url.Parse(c.base)
	if err != nil || u.Scheme == "https" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// Close ends connections that nothing uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request is one for path, with a body in JSON unless that is nil.
func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var r io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, r)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.o.Token)
	}
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// call asks, and reads what comes into answer, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, body, answer any) (http.Header, error) {
	ctx, stop := context.WithTimeoutCause(ctx, c.answerIn, fmt.Errorf("%s: no answer within %s", c.base, c.answerIn))
	defer stop()
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return nil, c.refused(resp)
	}
	if answer == nil {
		return resp.Header, nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, most)).Decode(answer); err != nil {
		return nil, fmt.Errorf("%s: answer: %w", c.base, err)
	}
	return resp.Header, nil
}
