package faults

import (
	"bufio"
	"net"
	"slices"
	"sync"
	"testing"
)

type side string

const (
	source side = "source"
	target side = "target"
)

type direction int

const (
	toServer direction = iota
	toClient
)

// verdict is what becomes of a message.
type verdict int

const (
	pass verdict = iota
	drop
	cut  // the connection is reset on both sides, the message does not arrive
	half // its first half arrives, then the connection ends
)

// hook sees every message of every connection, each connection's in order, and may wait: nothing else of that connection
// passes in that direction meanwhile.
type hook func(l *link, d direction, f frame) verdict

// proxy stands between the program and one server. Its port stays the same.
type proxy struct {
	side   side
	server string // host:port
	port   int

	mu       sync.Mutex
	listener net.Listener // nil while the server is down: then connections are refused
	links    map[*link]bool
	hook     hook // may be nil
	pumps    sync.WaitGroup
}

func newProxy(t testing.TB, s side, server string) *proxy {
	t.Helper()
	p := &proxy{side: s, server: server, links: map[*link]bool{}}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.port = l.Addr().(*net.TCPAddr).Port
	p.serve(l)
	t.Cleanup(func() {
		p.down()
		p.cutAll()
		p.pumps.Wait()
	})
	return p
}

func (p *proxy) serve(l net.Listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = l
	p.pumps.Add(1)
	go func() {
		defer p.pumps.Done()
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.pumps.Add(1)
			go p.join(client)
		}
	}()
}

// down refuses connections from now on, as a host whose server is down does; up ends that.
func (p *proxy) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
}

func (p *proxy) up() error {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p.port})
	if err != nil {
		return err
	}
	p.serve(l)
	return nil
}

// watchWith puts h in the place of the hook.
func (p *proxy) watchWith(h hook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = h
}

func (p *proxy) ask(l *link, d direction, f frame) verdict {
	p.mu.Lock()
	h := p.hook
	p.mu.Unlock()
	if h == nil {
		return pass
	}
	return h(l, d, f)
}

// live are the connections that have a backend, the oldest first.
func (p *proxy) live() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*link
	for l := range p.links {
		if l.backend() != 0 {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b *link) int { return a.backend() - b.backend() })
	return all
}

func (p *proxy) cutAll() {
	p.mu.Lock()
	links := p.links
	p.links = map[*link]bool{}
	p.mu.Unlock()
	for l := range links {
		l.reset()
	}
}

// join connects a client with the server and carries their messages until one of them goes.
func (p *proxy) join(client net.Conn) {
	defer p.pumps.Done()
	server, err := net.Dial("tcp4", p.server)
	if err != nil {
		abort(client)
		return
	}
	l := &link{proxy: p, client: client, server: server, over: make(chan struct{})}
	p.mu.Lock()
	p.links[l] = true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.pump(toServer) })
	both.Go(func() { l.pump(toClient) })
	both.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// pump carries the messages of one direction.
func (l *link) pump(d direction) {
	defer l.close()
	from, to := l.client, l.server
	if d == toClient {
		from, to = to, from
	}
	r, w := bufio.NewReaderSize(from, 128<<10), bufio.NewWriterSize(to, 128<<10)
	if d == toServer {
		f, err := readStartup(r)
		if err != nil {
			return
		}
		l.begin(f)
		if _, err := to.Write(f.raw); err != nil {
			return
		}
	}
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		l.note(d, f)
		v := l.proxy.ask(l, d, f)
		switch v {
		case drop:
			continue
		case cut:
			_ = w.Flush()
			l.reset()
			return
		case half:
			f.raw = f.raw[:(len(f.raw)+1)/2]
		}
		if _, err := w.Write(f.raw); err != nil {
			return
		}
		if r.Buffered() == 0 || v == half {
			if err := w.Flush(); err != nil {
				return
			}
		}
		if v == half {
			return
		}
	}
}
