package api

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// crowd keeps the number of connections below a bound: it closes those that nobody needs.
type crowd struct {
	most int

	mu   sync.Mutex
	all  map[net.Conn]*list.Element // nil while a request is in work
	idle *list.List                 // of net.Conn, without a request, the oldest first
}

func newCrowd(most int) *crowd {
	return &crowd{most: most, all: map[net.Conn]*list.Element{}, idle: list.New()}
}

// state is an http.Server's ConnState.
func (c *crowd) state(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place := c.all[conn]; place != nil {
		c.idle.Remove(place)
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(c.all, conn)
		return
	case http.StateActive:
		c.all[conn] = nil
		return
	case http.StateNew, http.StateIdle:
		c.all[conn] = c.idle.PushBack(conn)
	}
	if len(c.all) <= c.most {
		return
	}
	oldest := c.idle.Front()
	if victim, ok := oldest.Value.(net.Conn); ok {
		c.idle.Remove(oldest)
		delete(c.all, victim)
		_ = victim.Close() // its goroutine finds out, and says StateClosed
	}
}
