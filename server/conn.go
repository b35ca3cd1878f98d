package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// conn is a connection that came in through a Door.
type conn struct {
	net.Conn // what net/http speaks with: raw, or TLS on it
	raw      net.Conn
	door     *Door
	crowd    *crowd
	address  netip.Addr  // of whose share it is
	shares   bool        // it counts for the share of its address: it is no proxy, which brings those of many
	standing             // belongs to the crowd
	known    atomic.Bool // it is welcome, so that the crowd need not be told again

	secure   *tls.Conn // nil: in the clear
	shake    sync.Once
	shakeErr error
	state    *tls.ConnectionState // once the handshake is done

	wire      wire
	malformed error
}

// Read returns what the client sent, as long as it is a request that has one meaning. It begins with the handshake.
func (c *conn) Read(p []byte) (int, error) {
	if c.secure != nil {
		if c.shake.Do(c.handshake); c.shakeErr != nil {
			return 0, io.EOF // net/http says nothing then
		}
	}
	if c.malformed != nil {
		return 0, c.malformed
	}
	n, err := c.Conn.Read(p)
	good, fault := c.wire.scan(p[:n])
	if fault == nil {
		return n, err
	}
	c.malformed = fault
	c.door.count(cutMalformed)
	c.door.Log.Debug("malformed request", "listener", c.door.Name, "remote", c.RemoteAddr().String(), "reason", fault)
	if good == 0 {
		return 0, fault
	}
	return good, nil
}

// handshake has a deadline, as silent clients would otherwise stay for ever (CVE-2026-73500).
func (c *conn) handshake() {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	if c.shakeErr = c.secure.HandshakeContext(ctx); c.shakeErr == nil {
		state := c.secure.ConnectionState()
		c.state = &state
		return
	}
	c.door.count(cutHandshake)
	c.door.Log.Debug("TLS handshake failed", "listener", c.door.Name, "remote", c.RemoteAddr().String(), "reason", c.shakeErr)
	if e := (tls.RecordHeaderError{}); errors.As(c.shakeErr, &e) && e.Conn != nil && isTokenByte(e.RecordHeader[0]) {
		_, _ = io.WriteString(e.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nThis address speaks TLS: use https.\n") // the client may have gone
	}
}

// Close makes room for another one.
func (c *conn) Close() error {
	defer c.crowd.leave(c) // afterwards: the farewell of TLS may take its time
	return c.Conn.Close()
}

// CloseWrite lets net/http end its side first, so that the client reads the last answer.
func (c *conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return half.CloseWrite()
}
