package server

import (
	"net/netip"
	"sync"
	"time"
)

// crowd is who is connected. It has room for a number of connections, in all and from one address, and makes room for the next one at
// the cost of who has shown least: first whoever has not been welcomed yet, then whoever is idle. So strangers who are slow on purpose push
// out each other, and a source that is served is never cut off.
type crowd struct {
	mu     sync.Mutex
	freed  sync.Cond // somebody left, or might be turned out now
	conns  map[*conn]struct{}
	from   map[netip.Addr]int
	room   int // connections in all
	share  int // connections from one address
	closed bool
}

// standing is what a crowd knows of a connection.
type standing struct {
	welcome bool
	busy    bool
	since   time.Time // when it came, or was last served
}

func newCrowd(room, share int) *crowd {
	w := &crowd{conns: map[*conn]struct{}{}, from: map[netip.Addr]int{}, room: room, share: share}
	w.freed.L = &w.mu
	return w
}

// enter lets a connection in, and turns out another one if there is no room. If everybody inside is being served, it waits for room in all, but
// refuses whoever comes from an address that has its share. It returns why the connection is not in, or notCut.
func (w *crowd) enter(c *conn) (refused cut) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.shares && w.from[c.address] >= w.share &&
		!w.turnOut(func(other *conn) bool { return other.shares && other.address == c.address }, cutAddress) {
		return cutAddress
	}
	for len(w.conns) >= w.room && !w.closed {
		if !w.turnOut(func(*conn) bool { return true }, cutRoom) {
			w.freed.Wait()
		}
	}
	if w.closed {
		return cutRoom
	}
	c.since = time.Now()
	w.conns[c] = struct{}{}
	w.from[c.address]++
	return notCut
}

// turnOut closes the one of the candidates that has shown least, and reports whether there was one.
func (w *crowd) turnOut(candidate func(*conn) bool, why cut) bool {
	var last *conn
	for c := range w.conns {
		if (!c.welcome || !c.busy) && candidate(c) && (last == nil || c.before(last.standing)) {
			last = c
		}
	}
	if last == nil {
		return false
	}
	w.remove(last)
	last.door.count(why)
	_ = last.raw.Close() // without a farewell, which a slow reader could hold up
	return true
}

// before reports whether s has to go before other.
func (s standing) before(other standing) bool {
	if s.welcome != other.welcome {
		return !s.welcome
	}
	return s.since.Before(other.since)
}

// leave takes a connection out. It may have been turned out already.
func (w *crowd) leave(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(c)
}

func (w *crowd) remove(c *conn) {
	if _, in := w.conns[c]; !in {
		return
	}
	delete(w.conns, c)
	if w.from[c.address]--; w.from[c.address] == 0 {
		delete(w.from, c.address)
	}
	w.freed.Signal()
}

// mark changes what is known of a connection.
func (w *crowd) mark(c *conn, change func(*standing)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&c.standing)
	w.freed.Signal()
}

// close lets nobody in any more, nor wait.
func (w *crowd) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.freed.Broadcast()
}

func (w *crowd) size() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns)
}

// originOf is the address that a share of the connections belongs to: of IPv6 the network, for whoever has one address there has all of them.
func originOf(a netip.Addr) netip.Addr {
	if a = a.Unmap().WithZone(""); a.Is6() {
		network, _ := a.Prefix(64) // an address of 128 bits has that prefix
		return network.Addr()
	}
	return a
}
