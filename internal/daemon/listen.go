package daemon

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// DefaultListen is where a daemon listens that was not told: not PostgreSQL's port, nor one that much else wants.
const DefaultListen = "127.0.0.1:8432"

// listen opens the listener. Others than this machine's programs get in with TLS alone, because a token travels with each request.
func listen(address, certFile, keyFile string, insecure bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: it should be HOST:PORT: %w", address, err)
	}
	if (certFile == "") != (keyFile == "") {
		return nil, errors.New("a certificate needs its key, and a key its certificate")
	}
	if certFile == "" && !insecure && !isLoopback(host) {
		return nil, fmt.Errorf("listen on %s: others could read the tokens on their way: give a certificate and its key, or say that it may be insecure", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if certFile == "" {
		return l, nil
	}
	c := &certificate{certFile: certFile, keyFile: keyFile}
	if _, err := c.get(nil); err != nil {
		l.Close()
		return nil, err
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// isLoopback reports whether only programs on this machine can reach a host; "" is all addresses.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// certificate is that of the files, which are read again when they have changed: those that renew themselves need no restart.
type certificate struct {
	certFile, keyFile string

	mu     sync.Mutex
	read   time.Time // of the newer of both files
	parsed *tls.Certificate
}

// get is tls.Config's. A renewed pair that is not whole yet does not take the place of the old one.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed, err := newer(c.certFile, c.keyFile)
	if err == nil && (c.parsed == nil || !changed.Equal(c.read)) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.parsed, c.read = &pair, changed
		}
	}
	if c.parsed == nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return c.parsed, nil
}

func newer(files ...string) (time.Time, error) {
	var t time.Time
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return t, err
		}
		if info.ModTime().After(t) {
			t = info.ModTime()
		}
	}
	return t, nil
}
