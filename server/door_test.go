package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestClientAddress(t *testing.T) {
	door := &Door{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}}
	for _, test := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:1", []string{"203.0.113.9"}, "192.0.2.1"}, // says so itself
		{"10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"203.0.113.9, 198.51.100.7, 10.1.1.1"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"203.0.113.9", "198.51.100.7 ,10.1.1.1"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"10.2.2.2"}, "10.2.2.2"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"203.0.113.9, unknown"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"203.0.113.9, unknown, 10.3.3.3"}, "10.3.3.3"},
		{"10.0.0.1:1", []string{"203.0.113.9\r\nX: y"}, "10.0.0.1"},
		{"[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"[2001:db8::1]:1", []string{"2001:db9::5"}, "2001:db9::5"},
		{"[2001:db9::1]:1", []string{"2001:db9::5"}, "2001:db9::1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.peer
		r.Header["X-Forwarded-For"] = test.forwarded
		if got := door.clientOf(r).String(); got != test.want {
			t.Errorf("%s %q: %s, want %s", test.peer, test.forwarded, got, test.want)
		}
	}
}

// Whoever is no proxy is not listened to. Proxies tell who is calling, for the log, and have no share that they could use up.
func TestProxiesAlone(t *testing.T) {
	log := &logBuffer{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	s, _ := newTestServer(t, nil, func(c *Config) {
		c.Log, c.Door = logger, &Door{Name: "SCIM", Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}, Log: logger}
	})
	address, stop := serve(t, s)
	defer stop()
	const request = "GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\nAuthorization: Bearer " + secret + "\r\n\r\n"
	for range 3 {
		if answer := askFrom(t, "127.0.0.1", address, request); answer != "" {
			t.Errorf("a stranger was told %q", answer)
		}
	}
	if answer := askFrom(t, "127.0.0.2", address, request); !strings.HasPrefix(answer, "HTTP/1.1 200") {
		t.Errorf("the proxy was told %q", answer)
	}
	if text := log.String(); strings.Count(text, "past the proxies") != 1 || !strings.Contains(text, "remote=203.0.113.9") {
		t.Errorf("log: %s", text)
	}
	if cuts := s.cfg.Door.Cuts(); cuts["peer"] != 3 {
		t.Errorf("%v", cuts)
	}
}

// askFrom sends a request from an address of loopback and returns the whole answer; "" if there is none.
func askFrom(t *testing.T, from, address, request string) string {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	conn, err := dialer.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, request) // it may be closed already
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

// visitor enters a crowd with one end of a pipe.
func visitor(t *testing.T, w *crowd, address string) (c *conn, refused cut) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	c = &conn{Conn: near, raw: near, door: &Door{}, crowd: w, address: netip.MustParseAddr(address), shares: true}
	return c, w.enter(c)
}

func gone(c *conn) bool {
	return errors.Is(c.raw.SetDeadline(time.Time{}), io.ErrClosedPipe)
}

// A crowd turns out strangers first, the oldest before the others, then whoever is idle, and nobody who is served.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCrowd(4, 3)
		welcome := func(c *conn, busy bool) { w.mark(c, func(s *standing) { s.welcome, s.busy = true, busy }) }
		enter := func(address string, want cut) *conn {
			t.Helper()
			time.Sleep(time.Second)
			c, refused := visitor(t, w, address)
			if refused != want {
				t.Fatalf("from %s: %v, want %v", address, refused, want)
			}
			return c
		}
		served := enter("10.0.0.1", notCut)
		welcome(served, true)
		idle := enter("10.0.0.1", notCut)
		welcome(idle, false)
		first, second := enter("10.0.0.2", notCut), enter("10.0.0.3", notCut)
		third := enter("10.0.0.4", notCut)
		if !gone(first) || gone(second) || gone(idle) || w.size() != 4 {
			t.Error("the oldest stranger did not go first")
		}
		welcome(second, true)
		welcome(third, true)
		fourth := enter("10.0.0.5", notCut)
		if !gone(idle) || gone(served) {
			t.Error("the idle one did not go before those who are served")
		}
		welcome(fourth, true)
		entered := make(chan cut)
		go func() { _, refused := visitor(t, w, "10.0.0.6"); entered <- refused }()
		synctest.Wait()
		select {
		case <-entered:
			t.Fatal("there was room although all are served")
		default:
		}
		third.Close()
		if <-entered != notCut || w.size() != 4 {
			t.Error("whoever left made no room")
		}
		// The share of an address.
		w = newCrowd(100, 3)
		var three []*conn
		for range 3 {
			three = append(three, enter("10.0.0.1", notCut))
		}
		welcome(three[0], true)
		enter("10.0.0.1", notCut)
		if gone(three[0]) || !gone(three[1]) || gone(three[2]) {
			t.Error("of one address not its oldest stranger went")
		}
		for c := range w.conns {
			welcome(c, true)
		}
		enter("10.0.0.1", cutAddress)
		enter("10.0.0.2", notCut)
		served.Close() // twice is once
		served.Close()
		go func() { _, refused := visitor(t, newClosedCrowd(), "10.0.0.1"); entered <- refused }()
		if <-entered != cutRoom {
			t.Error("a closed crowd lets in")
		}
	})
}

func newClosedCrowd() *crowd {
	w := newCrowd(0, 1)
	w.close()
	return w
}

func TestOrigin(t *testing.T) {
	for text, want := range map[string]string{"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::", "fe80::1%eth0": "fe80::"} {
		if got := originOf(netip.MustParseAddr(text)).String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// Who shows a good credential may stay; who shows none is answered and has to go.
func TestStrangersGo(t *testing.T) {
	s, _ := newTestServer(t, nil)
	address, stop := serve(t, s)
	defer stop()
	for token, stays := range map[string]bool{secret: true, "of-nobody": false} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		reader := bufio.NewReader(conn)
		io.WriteString(conn, "GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\n\r\n")
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
		if answer.Close == stays {
			t.Errorf("%s: %s, Connection: close is %v", token, answer.Status, answer.Close)
		}
		if !stays {
			if _, err := reader.ReadByte(); err != io.EOF {
				t.Errorf("the connection of a stranger is open: %v", err)
			}
			continue
		}
		crowd := s.cfg.Door.crowd.Load()
		crowd.mu.Lock()
		for c := range crowd.conns {
			if c.LocalAddr().String() == address && c.RemoteAddr().String() == conn.LocalAddr().String() && !c.welcome {
				t.Error("the source is still a stranger")
			}
		}
		crowd.mu.Unlock()
	}
}

// pipes is a listener without a network.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.conns <- far
	return near
}

// TestSlowClients: whoever is slow is cut off in time, whatever it is slow in.
func TestSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := newTLSFiles(t)
		large := strings.Repeat("x", 1<<20)
		handler := func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			io.WriteString(w, large)
		}
		plain, _ := newTestServer(t, handler)
		secure, _, _ := newTLSServer(t, files, handler)
		const head = "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\n"
		drip := func(c net.Conn, text string) {
			go io.Copy(io.Discard, c) // a pipe has no buffer for the last word
			for i := 0; ; i = (i + 1) % len(text) {
				if _, err := c.Write([]byte{text[i]}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}
		for _, test := range []struct {
			name   string
			server *Server
			client func(net.Conn)
			within time.Duration
		}{
			{"silent", plain, func(net.Conn) {}, readHeaderTimeout},
			{"silent before the handshake", secure, func(net.Conn) {}, handshakeTimeout},
			{"slow in the handshake", secure, func(c net.Conn) { drip(c, "\x16\x03\x01\x00\xff\x01\x00\x00\xfb\x03\x03") }, handshakeTimeout},
			{"silent after the handshake", secure, func(c net.Conn) { io.Copy(io.Discard, tls.Client(c, files.clientConfig())) }, readHeaderTimeout},
			{"slow headers", plain, func(c net.Conn) { drip(c, "GET /scim/v2/Users HTTP/1.1\r\nX: "+strings.Repeat("x", 1000)) }, readHeaderTimeout},
			{"slow body", plain, func(c net.Conn) { io.WriteString(c, head+"Content-Length: 1000\r\n\r\n"); drip(c, "x") }, readTimeout},
			{"slow body in chunks", plain, func(c net.Conn) { io.WriteString(c, head+"Transfer-Encoding: chunked\r\n\r\n"); drip(c, "1\r\nx\r\n") }, readTimeout},
			{"reads slowly", plain, func(c net.Conn) {
				io.WriteString(c, head+"Content-Length: 0\r\n\r\n")
				for {
					if _, err := c.Read(make([]byte, 100)); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}, writeTimeout},
			{"idle", plain, func(c net.Conn) {
				io.WriteString(c, head+"Content-Length: 0\r\n\r\n")
				answer, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err == nil {
					io.Copy(io.Discard, answer.Body)
				}
			}, idleTimeout},
			{"a stranger with a body that does not come", plain, func(c net.Conn) {
				io.WriteString(c, "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
				io.Copy(io.Discard, c)
			}, readTimeout},
		} {
			p := pipes{make(chan net.Conn), make(chan struct{})}
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- test.server.Serve(ctx, p) }()
			client := p.dial()
			begin := time.Now()
			go test.client(client)
			for door := test.server.cfg.Door; ; time.Sleep(100 * time.Millisecond) {
				if synctest.Wait(); door.Connections() == 0 {
					break
				}
				if time.Since(begin) > time.Hour {
					t.Fatalf("%s: it is not cut off", test.name)
				}
			}
			if took := time.Since(begin); took > test.within+time.Second || took < test.within-time.Second {
				t.Errorf("%s: cut off after %v, want %v", test.name, took, test.within)
			}
			client.Close()
			cancel()
			if err := <-served; err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		}
	})
}

// The limits of the listener are in docs/limits.md.
func TestLimitsOfTheListenerAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for name, value := range map[string]int{"maxURL": maxURL, "maxHeader": maxHeader, "maxConnections": maxConnections, "maxPerAddress": maxPerAddress, "handshakeTimeout": int(handshakeTimeout.Seconds()), "readHeaderTimeout": int(readHeaderTimeout.Seconds()),
		"readTimeout": int(readTimeout.Seconds()), "writeTimeout": int(writeTimeout.Seconds()), "idleTimeout": int(idleTimeout.Seconds()), "drainTimeout": int(drainTimeout.Seconds()), "maxClientChain": maxClientChain, "maxClientCertificate": maxClientCertificate} {
		if row := fmt.Sprintf("| %d | `%s` |", value, name); !strings.Contains(text, row) {
			t.Errorf("docs/limits.md has no row with %q", row)
		}
	}
}
