package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// Door is how a listener is entered: by TLS or in the clear, by everybody or by proxies alone. It bounds how many are inside and what they
// may send. It is for one listener.
type Door struct {
	Name string // in the log and in metrics
	// Certificates make it speak TLS. nil: plain HTTP.
	Certificates *Certificates
	// Proxies end TLS for others. If there are any, nobody else may connect, and they tell the address of the client.
	Proxies []netip.Prefix
	Log     *slog.Logger

	crowd atomic.Pointer[crowd]
	cuts  [len(cutNames)]atomic.Int64
	told  atomic.Bool // that somebody who is no proxy was refused
}

// cut is why a connection was cut or not let in.
type cut int

const (
	notCut       cut = iota
	cutRoom          // others needed the room more, or there was none
	cutAddress       // its address had its share
	cutPeer          // it is none of the proxies
	cutHandshake     // no TLS, or not in time
	cutMalformed     // a request that is none, or several in one
)

var cutNames = [...]string{cutRoom: "room", cutAddress: "address", cutPeer: "peer", cutHandshake: "handshake", cutMalformed: "malformed"}

func (d *Door) count(why cut) { d.cuts[why].Add(1) }

// Scheme is that of the URLs by which the door is reached.
func (d *Door) Scheme() string {
	if d.Certificates != nil {
		return "https"
	}
	return "http"
}

// Guard makes hs and the listener ones that are entered through the door. hs serves the listener that is returned.
func (d *Door) Guard(hs *http.Server, listener net.Listener) net.Listener {
	g := &guarded{Listener: listener, door: d, crowd: newCrowd(maxConnections, maxPerAddress)}
	if d.Certificates != nil {
		g.tls = d.Certificates.config()
	}
	d.crowd.Store(g.crowd)
	hs.ReadHeaderTimeout, hs.IdleTimeout, hs.MaxHeaderBytes = readHeaderTimeout, idleTimeout, maxHeader
	hs.ErrorLog = slog.NewLogLogger(d.Log.Handler(), slog.LevelWarn)
	// HTTP/1.1 alone: provisioning clients do well without HTTP/2, whose streams and frames are another way to be flooded through each
	// connection (CVE-2023-44487, CVE-2026-27141). NextProtos of the TLS configuration says the same.
	hs.Protocols = new(http.Protocols)
	hs.Protocols.SetHTTP1(true)
	hs.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey, c) }
	hs.ConnState = func(c net.Conn, state http.ConnState) {
		if c, ok := c.(*conn); ok && (state == http.StateActive || state == http.StateIdle) {
			c.crowd.mark(c, func(s *standing) { s.busy, s.since = state == http.StateActive, time.Now() })
		}
	}
	next := hs.Handler
	hs.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey).(*conn); ok && c.state != nil {
			r.TLS = d.describe(c) // net/http does so for its own connections only
		}
		if len(d.Proxies) > 0 {
			r.RemoteAddr = netip.AddrPortFrom(d.clientOf(r), 0).String() // for logs, and for whoever counts what comes from an address
		}
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close") // where a chunked body ends is what smuggled requests lie about
		}
		next.ServeHTTP(w, r)
	})
	return g
}

// describe returns what is known of a TLS connection now. VerifiedChains are there if the client's certificate is good for the authorities that
// count at this moment.
func (d *Door) describe(c *conn) *tls.ConnectionState {
	state := *c.state
	chains, err := d.Certificates.ClientCAs().verify(state.PeerCertificates)
	if err != nil {
		d.Log.Debug("a client certificate is not good", "listener", d.Name, "remote", c.RemoteAddr().String(), "reason", err)
	}
	state.VerifiedChains = chains
	return &state
}

// Welcome says that the one who sent the request of ctx may stay while there is need of room for others.
func Welcome(ctx context.Context) {
	if c, ok := ctx.Value(connKey).(*conn); ok && !c.known.Swap(true) {
		c.crowd.mark(c, func(s *standing) { s.welcome = true })
	}
}

// Connections is how many are inside.
func (d *Door) Connections() int {
	if w := d.crowd.Load(); w != nil {
		return w.size()
	}
	return 0
}

// Cuts is how many connections were cut or not let in, by reason.
func (d *Door) Cuts() map[string]int64 {
	out := map[string]int64{}
	for why := cutRoom; int(why) < len(cutNames); why++ {
		out[cutNames[why]] = d.cuts[why].Load()
	}
	return out
}

// guarded is the listener behind a door.
type guarded struct {
	net.Listener
	door  *Door
	crowd *crowd
	tls   *tls.Config // nil: plain HTTP
}

// Accept returns the next connection that may come in.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		raw, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := g.receive(raw); c != nil {
			return c, nil
		}
		_ = raw.Close()
	}
}

// receive returns nil for a connection that is not let in.
func (g *guarded) receive(raw net.Conn) net.Conn {
	peer := addressOf(raw.RemoteAddr().String())
	proxy := g.door.isProxy(peer)
	if len(g.door.Proxies) > 0 && !proxy {
		g.door.refusePeer(peer)
		return nil
	}
	c := &conn{Conn: raw, raw: raw, door: g.door, crowd: g.crowd, address: originOf(peer), shares: !proxy}
	if why := g.crowd.enter(c); why != notCut {
		g.door.count(why)
		return nil
	}
	if g.tls != nil {
		c.secure = tls.Server(raw, g.tls)
		c.Conn = c.secure
	}
	return c
}

// Close also ends the wait for room.
func (g *guarded) Close() error {
	g.crowd.close()
	return g.Listener.Close()
}
