package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// isProxy reports whether the peer is one of the proxies that end TLS for others.
func (d *Door) isProxy(peer netip.Addr) bool {
	return slices.ContainsFunc(d.Proxies, func(p netip.Prefix) bool { return p.Contains(peer) })
}

// refusePeer takes note of somebody who connects past the proxies. The log names the first; the metric counts all, so that nobody fills the log.
func (d *Door) refusePeer(peer netip.Addr) {
	d.count(cutPeer)
	if !d.told.Swap(true) {
		d.Log.Warn("a connection past the proxies was refused; further ones are only counted: if it is a proxy, list it in tls.terminated",
			"listener", d.Name, "remote", peer.String())
	}
}

// clientOf is where a request comes from: the peer, or what a proxy says of it. The last entry of X-Forwarded-For that is no proxy of ours
// is what the outermost of them saw; everything before it is the client's own word.
func (d *Door) clientOf(r *http.Request) netip.Addr {
	client := addressOf(r.RemoteAddr)
	if !d.isProxy(client) {
		return client
	}
	entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, entry := range slices.Backward(entries) {
		before, err := netip.ParseAddr(strings.TrimSpace(entry))
		if err != nil {
			break // what a proxy of ours did not write says nothing, nor does what stands before it
		}
		if client = before.Unmap(); !d.isProxy(client) {
			break
		}
	}
	return client
}

// addressOf is the address of host:port, or the zero address.
func addressOf(hostPort string) netip.Addr {
	parsed, _ := netip.ParseAddrPort(hostPort) // the zero one is in no network
	return parsed.Addr().Unmap()
}
